import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { openAdapter } from "../../src/host/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { begin } from "../support/scenario.ts";
import { type Served, serveUpstream } from "../support/served.ts";

/** An adapter whose answer to `evaluate` is as many MiB, and which writes what `source` names before its answer to it. */
const ADAPTER = `
let rest = Buffer.alloc(0);
const write = (message) => {
  const body = Buffer.from(JSON.stringify({ seq: 0, ...message }));
  process.stdout.write("Content-Length: " + body.length + "\\r\\n\\r\\n");
  process.stdout.write(body);
};
const answer = ({ seq, command, arguments: args = {} }) => {
  const body = command === "threads" ? { threads: [] }
    : command === "evaluate" ? { result: "x".repeat(Number(args.expression) * 1024 * 1024), variablesReference: 0 }
    : command === "initialize" ? { supportsConfigurationDoneRequest: true, supportsEvaluateForHovers: true } : {};
  if (command === "completions") process.stdout.write(args.text);
  if (command === "modules") { process.stdout.end(); setInterval(() => {}, 1000); return; }
  write({ type: "response", request_seq: seq, command, success: true, body: command === "completions" ? { targets: [] } : body });
  if (command === "launch") write({ type: "event", event: "initialized" });
};
process.stdin.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (;;) {
    const end = rest.indexOf("\\r\\n\\r\\n");
    if (end < 0) return;
    const length = Number(/\\d+/.exec(rest.toString("latin1", 0, end))[0]);
    if (rest.length < end + 4 + length) return;
    const body = rest.subarray(end + 4, end + 4 + length);
    rest = rest.subarray(end + 4 + length);
    answer(JSON.parse(body));
  }
});
process.stdin.on("end", () => process.exit());
`;

async function served(
  t: TestContext,
): Promise<{ served: Served; host: DapClient; guest: DapClient; logged: string[] }> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsb-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const program = path.join(directory, "adapter.cjs");
  writeFileSync(
    program,
    ADAPTER.replace(
      "supportsConfigurationDoneRequest: true",
      "supportsConfigurationDoneRequest: true, supportsCompletionsRequest: true, supportsModulesRequest: true",
    ),
  );
  const logged: string[] = [];
  const logger = { log: (level: string, line: string) => void (level === "warn" && logged.push(line)) };
  const upstream = await openAdapter(
    { kind: "process", command: process.execPath, args: [program] },
    { logger },
  );
  const all = await serveUpstream(upstream);
  t.after(() => all.close().catch(() => undefined));
  const host = await all.connect({ name: "host" });
  const { started } = await begin(host, "fake", "launch", {});
  await host.request("configurationDone");
  await started;
  const guest = await all.connect({ name: "guest" });
  await begin(guest, "fake", "attach", {});
  await guest.request("configurationDone");
  return { served: all, host, guest, logged };
}

describe("one bad message of an adapter is one failed request, never the session", () => {
  test("an answer of 70 MiB is refused to the guest with its size, and the others go on", async (t) => {
    const { host, guest } = await served(t);
    const refused = await guest.raw("evaluate", { expression: "70", context: "clipboard" });
    assert.equal(refused.success, false);
    assert.equal(refused.message, "tooLarge");
    assert.match(JSON.stringify(refused), /has 734\d{5} bytes/);
    await host.request("threads");
    assert.equal(
      (await guest.request("evaluate", { expression: "1", context: "clipboard" })).result.length,
      1024 * 1024,
    );
  });

  test("text between its messages is passed over, and said once, readably", async (t) => {
    const { host, guest, logged } = await served(t);
    for (const text of ["note: \u001b[1mready\n", "\r\n\r\n", "Log: hello\r\n\r\n", "glued"]) {
      await host.request("completions", { text, column: 1 });
      await guest.request("threads");
    }
    const lines = logged.filter((line) => line.includes("no message"));
    assert.equal(lines.length, 1, logged.join("\n"));
    assert.match(lines[0] ?? "", /"note: .\[1mready/);
    assert.ok(!lines[0]?.includes("\u001b"));
  });

  test("an adapter that closes its output is told of as that, not as the signal that we sent", async (t) => {
    const { host, guest } = await served(t);
    const failed = await host.raw("modules", {});
    assert.match(JSON.stringify(failed), /closed its output and went on running/);
    await guest.waitEvent("terminated");
    assert.doesNotMatch(JSON.stringify(failed), /SIGKILL/);
  });
});
