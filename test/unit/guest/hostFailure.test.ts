import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, encodeJson, parseObject } from "../../../src/dap/messages.ts";
import { ChildAllowance } from "../../../src/guest/childAllowance.ts";
import { GuestSession } from "../../../src/guest/guestSession.ts";
import { FakePort, SessionEnd } from "./fakePort.ts";

/** A guest's editor that asks one thing of its host, which is the test. */
function scene() {
  const host = new FakePort();
  const port = new SessionEnd(new GuestSession(host, { children: new ChildAllowance(), prefetches: false }));
  const shown: JsonObject[] = [];
  port.onMessage(({ body }) => shown.push(parseObject(body)));
  port.start();
  /** The host's refusal, as the editor gets it. */
  const refused = (body: unknown, message?: unknown): JsonObject | undefined => {
    port.send([encodeJson({ seq: 1, type: "request", command: "attach", arguments: {} })]);
    host.come({ seq: 9, type: "response", request_seq: 1, command: "attach", success: false, message, body });
    return shown.pop();
  };
  return { host, port, shown, refused };
}

describe("a host's refusal, as its guests' editors get it", () => {
  test("says why, and has nothing to open, run or send, and no wish to be shown", () => {
    const { refused } = scene();
    const error = {
      id: 7,
      format: "No such file",
      url: "command:workbench.action.quit",
      urlLabel: "Retry",
      showUser: true,
      sendTelemetry: true,
      variables: {},
      more: { url: "command:workbench.action.quit" },
    };
    assert.deepEqual(refused({ error, url: error.url }, "failed"), {
      seq: 1,
      type: "response",
      request_seq: 1,
      command: "attach",
      success: false,
      message: "failed",
      body: { error: { id: 7, format: "No such file" } },
    });
  });

  test("variables are filled in, so that no editor puts a link together", () => {
    const { refused } = scene();
    const format = (error: object) =>
      (refused({ error })?.body as { error: { format: string } }).error.format;
    const variables = { a: "(command:workbench.action.quit)", _b: "{a}", "c d": "x" };
    assert.equal(
      format({ format: "[Retry]{a} {_b} {c d} {none} {__proto__}", variables }),
      "[Retry](command:workbench.action.quit) {a} x {none} {__proto__}",
    );
    assert.equal(format({ format: "{a}", variables: { a: 7 } }), "{a}");
    assert.ok(
      format({ format: "{a}".repeat(20_000), variables: { a: "x".repeat(1_000) } }).length <= 64 * 1024,
    );
    assert.ok(format({ format: "x".repeat(1_000_000) }).length <= 64 * 1024);
  });

  test("what is no message of DAP's leaves the code alone", () => {
    const { refused } = scene();
    for (const [index, body] of [
      undefined,
      null,
      7,
      [],
      { error: "x" },
      { error: { format: {} } },
      { error: { url: "x" } },
    ].entries())
      assert.deepEqual(refused(body, "notStopped"), {
        seq: index + 1,
        type: "response",
        request_seq: 1,
        command: "attach",
        success: false,
        message: "notStopped",
      });
    assert.deepEqual(refused({ error: { id: "7", format: "x" } })?.body, { error: { id: 0, format: "x" } });
  });

  test("a member that is there twice is no way around it", () => {
    const { host, port, shown } = scene();
    port.send([encodeJson({ seq: 1, type: "request", command: "attach", arguments: {} })]);
    const head = '"seq":9,"type":"response","request_seq":1,"command":"attach","success":false';
    host.comeText(
      `{${head},"body":{"error":{"format":"a"}},"body":{"error":{"format":"b","url":"command:x"}}}`,
    );
    assert.equal(shown.length, 1);
    assert.doesNotMatch(JSON.stringify(shown), /command:x/);
  });
});

test("telemetry of a host reaches no editor; other output does, as it is", () => {
  const { host, shown } = scene();
  const output = (category: unknown) => ({
    seq: 1,
    type: "event",
    event: "output",
    body: { category, output: "x" },
  });
  host.come(output("telemetry"));
  host.comeText(
    '{"seq":1,"type":"event","event":"output","body":{"category":"stdout","category":"telemetry","output":"x"}}',
  );
  assert.deepEqual(shown, []);
  for (const category of ["stdout", "important", undefined]) host.come(output(category));
  assert.equal(shown.length, 3);
});
