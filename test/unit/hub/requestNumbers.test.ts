import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

async function served() {
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const driver = await enter(connect(hub, "driver").client);
  const guest = await enter(connect(hub, "guest").client);
  // From now on nobody's numbers are those that the adapter knows.
  await guest.ok("evaluate", { expression: "1" });
  upstream.stop();
  const progress = (requestId: unknown, more: JsonObject = {}) =>
    upstream.emit("progressStart", { progressId: "p", title: "t", requestId, ...more });
  return { upstream, hub, driver, guest, progress };
}

/** Sends a request; returns its number, its answer and, once it has come, that. */
function ask(client: MemoryClient, command: string, args: JsonObject) {
  const answer = client.request(command, args);
  return { answer, seq: answer.then(({ request_seq }) => request_seq) };
}

const started = (client: MemoryClient) => client.events("progressStart").at(-1);

describe("requests that an adapter speaks of by their numbers", () => {
  for (const command of [
    "evaluate",
    "next",
    "setBreakpoints",
    "scopes",
    "setVariable",
    "pause",
    "aCustomRequest",
  ]) {
    test(`${command}: progress has the number of the client that has sent it, and none for others`, async () => {
      const { upstream, driver, guest, progress } = await served();
      await driver.ok("stackTrace", { threadId: 1 });
      await driver.ok("scopes", { frameId: 1 });
      upstream.hold(command);
      const args = {
        ...{ threadId: 1, frameId: 1, expression: "slow()", variablesReference: 1, name: "x", value: "2" },
        ...{ source: { path: "/p/a.c" }, breakpoints: [{ line: 1 }] },
      };
      const { answer, seq } = ask(driver, command, args);
      await settle();
      progress(upstream.last(command).seq, { own: 1 });
      upstream.releaseAll();
      await answer;
      assert.deepEqual(started(driver), { progressId: "p", title: "t", requestId: await seq, own: 1 });
      assert.deepEqual(started(guest), { progressId: "p", title: "t", own: 1 });
      // Also of one that has been answered.
      progress(upstream.last(command).seq);
      assert.equal(started(driver)?.requestId, await seq);
    });
  }

  test("one that two wait for has each one's own number", async () => {
    const { upstream, driver, guest, progress } = await served();
    upstream.hold("threads");
    const asked = [driver, guest].map((client) => ask(client, "threads", {}));
    await settle();
    assert.equal(upstream.holding.length, 1);
    progress(upstream.last("threads").seq);
    upstream.releaseAll();
    const numbers = await Promise.all(asked.map(({ seq }) => seq));
    assert.notEqual(numbers[0], numbers[1]);
    assert.deepEqual([started(driver)?.requestId, started(guest)?.requestId], numbers);
  });

  test("the start of a session, and its end", async () => {
    const upstream = new FakeUpstream();
    const hub = new Hub(upstream);
    const { client } = connect(hub, "driver");
    let seq = 1_000;
    for (const command of ["initialize", "launch", "configurationDone", "disconnect"]) {
      upstream.hold(command);
      const args = command === "initialize" ? VSCODE : { terminateDebuggee: true };
      const request = { seq: ++seq, type: "request", command, arguments: args };
      const answer = client.send(JSON.stringify(request), seq);
      await settle();
      upstream.emit("progressStart", {
        progressId: command,
        title: "t",
        requestId: upstream.last(command).seq,
      });
      upstream.release(command);
      await answer;
      assert.equal(started(client)?.progressId, command);
      assert.equal(started(client)?.requestId, seq, command);
    }
  });

  test("of nobody's request it has none, also for who comes later", async () => {
    const { upstream, hub, driver, guest, progress } = await served();
    for (const requestId of [9_999, 0, -1, "1", null, { line: 1 }]) {
      progress(requestId);
      for (const client of [driver, guest])
        assert.deepEqual(started(client), { progressId: "p", title: "t" }, JSON.stringify(requestId));
    }
    await driver.ok("evaluate", { expression: "x" });
    progress(upstream.last("evaluate").seq);
    assert.ok(started(driver)?.requestId !== undefined);
    const late = await enter(connect(hub, "late").client);
    assert.deepEqual(started(late), { progressId: "p", title: "t" });
  });

  test("without a request the event is the adapter's, byte for byte", async () => {
    const { upstream, driver } = await served();
    const body = '{ "progressId":"p", "title":"t", "more":12345678901234567890 }';
    upstream.emit("progressStart", body);
    const last = driver.messages.at(-1)?.text ?? "";
    assert.ok(last.includes(body), last);
    upstream.emit("progressStart", body.replace("{ ", '{ "requestId":77 ,'));
    assert.ok(driver.messages.at(-1)?.text.includes(body.replace("{ ", "{ ")), driver.messages.at(-1)?.text);
  });

  for (const command of ["setBreakpoints", "evaluate", "next", "pause", "threads"]) {
    test(`${command}: what takes it back names it as the adapter knows it`, async () => {
      const { upstream, driver } = await served();
      upstream.hold(command);
      const args = { threadId: 1, expression: "x", source: { path: "/p/a.c" }, breakpoints: [] };
      const { answer } = ask(driver, command, args);
      await settle();
      // The driver's numbers count from 1.
      await driver.ok("cancel", { requestId: driver.sent });
      assert.equal(upstream.last("cancel").args.requestId, upstream.last(command).seq);
      upstream.releaseAll();
      await answer;
    });
  }
});
