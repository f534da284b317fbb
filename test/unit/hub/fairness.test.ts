import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { connect, enter, type Joined, MemoryClient, type Message, settle } from "./memoryClient.ts";

/** Two guests who may only look, at a stop, beside the one who started the session and has gone. */
async function scene(names: readonly string[] = ["Ana", "Bad"]) {
  const upstream = new FakeUpstream();
  const hub = new Hub(upstream);
  const driver = await enter(connect(hub, "driver").client);
  const guests: Joined[] = [];
  for (const name of names) {
    const joined = connect(hub, name, { access: "view" });
    await enter(joined.client);
    guests.push(joined);
  }
  driver.vanish();
  upstream.stop({ reason: "pause", threadId: 1, allThreadsStopped: true });
  await settle();
  upstream.received.length = 0;
  return { upstream, hub, guests };
}

/** Different ones: equal ones are one at the adapter. */
const flood = (client: MemoryClient, count: number): Promise<Message>[] =>
  Array.from({ length: count }, (_, i) =>
    client.request("stackTrace", { threadId: 1, startFrame: i, levels: 1 }),
  );

const startFrames = (upstream: FakeUpstream) => upstream.received.map(({ args }) => args.startFrame);

describe("queries of one client at the adapter", () => {
  test("are four while others take part; another's comes right after them; none is lost, in order", async () => {
    const { upstream, guests } = await scene();
    const [ana, bad] = guests.map(({ client }) => client);
    assert.ok(ana !== undefined && bad !== undefined);
    upstream.hold("stackTrace");
    const answers = flood(bad, 300);
    await settle();
    assert.deepEqual(startFrames(upstream), [0, 1, 2, 3]);
    void ana.request("stackTrace", { threadId: 1, startFrame: 1000, levels: 1 });
    await settle();
    assert.deepEqual(startFrames(upstream), [0, 1, 2, 3, 1000]);
    for (let i = 0; i < 10; i++) {
      upstream.release();
      await settle();
      const ofBad = upstream.received.filter(({ args, answered }) => args.startFrame !== 1000 && !answered);
      assert.equal(ofBad.length, LIMITS.queriesUnderWay);
    }
    while (upstream.release()) await settle();
    await Promise.all(answers);
    assert.deepEqual(
      startFrames(upstream).filter((frame) => frame !== 1000),
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  test("are as many as it likes while it is alone, and when the others have gone", async () => {
    const alone = await scene(["Bad"]);
    alone.upstream.hold("stackTrace");
    void flood(alone.guests[0]?.client ?? new MemoryClient("none"), 300);
    await settle();
    assert.equal(alone.upstream.received.length, 300);

    const { upstream, guests } = await scene();
    upstream.hold("stackTrace");
    void flood(guests[1]?.client ?? new MemoryClient("none"), 300);
    await settle();
    assert.equal(upstream.received.length, LIMITS.queriesUnderWay);
    guests[0]?.client.vanish();
    await settle();
    assert.equal(upstream.received.length, 300);
  });

  test("can be cancelled, also those that wait; who floods can leave", async () => {
    const { upstream, guests, hub } = await scene();
    const bad = guests[1]?.client;
    assert.ok(bad !== undefined);
    upstream.hold("stackTrace");
    const before = bad.messages.length;
    const answers = flood(bad, 50);
    await settle();
    const last = 50 + Math.max(...bad.messages.slice(0, before).map(({ request_seq: seq }) => seq ?? 0));
    const cancelled = await bad.request("cancel", { requestId: last });
    assert.equal(cancelled.success, true);
    assert.equal((await answers[49])?.message, "cancelled");
    assert.equal(upstream.received.length, LIMITS.queriesUnderWay);
    await bad.ok("disconnect");
    assert.equal(hub.clients.size, 1);
    upstream.releaseAll();
    await settle();
    assert.equal(upstream.received.length, LIMITS.queriesUnderWay, "what waited is not asked any more");
  });

  test("that waited are looked at when their turn comes: the stop may be over, and the right another", async () => {
    const { upstream, guests, hub } = await scene();
    const [ana, bad] = guests;
    assert.ok(ana !== undefined && bad !== undefined);
    const { stackFrames } = await bad.client.ok("stackTrace", { threadId: 1 });
    const frameId = (stackFrames as { id: number }[])[0]?.id;
    upstream.received.length = 0;
    upstream.hold("stackTrace");
    const answers = flood(bad.client, LIMITS.queriesUnderWay);
    const scopes = bad.client.request("scopes", { frameId });
    bad.participant.access = "control";
    const evaluated = bad.client.request("evaluate", { expression: "1", context: "repl" });
    await settle();
    assert.deepEqual(upstream.commands("scopes", "evaluate"), []);
    // Meanwhile the program goes on, and the host takes a right back.
    upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
    upstream.stop({ reason: "pause", threadId: 1, allThreadsStopped: true });
    bad.participant.access = "view";
    hub.accessChanged(bad.participant);
    upstream.releaseAll();
    await Promise.all(answers);
    assert.equal((await scopes).message, "staleHandle");
    assert.equal((await evaluated).message, "notAllowed");
    assert.deepEqual(upstream.commands("scopes", "evaluate"), []);
  });

  test("keep their place before what else the client does", async () => {
    const { upstream, guests } = await scene();
    const bad = guests[1];
    assert.ok(bad !== undefined);
    bad.participant.access = "full";
    upstream.hold("stackTrace");
    void flood(bad.client, 6);
    void bad.client.request("evaluate", { expression: "1", context: "repl" });
    void bad.client.request("pause", { threadId: 1 });
    await settle();
    assert.deepEqual(upstream.commands("evaluate", "pause"), ["pause"], "what helps is not kept waiting");
    while (upstream.release()) await settle();
    assert.deepEqual(upstream.commands().at(-1), "evaluate");
  });

  test("do not weigh more than 16 MiB: then their client goes, and is told why", async () => {
    const { upstream, guests } = await scene();
    const bad = guests[1];
    assert.ok(bad !== undefined);
    bad.participant.access = "control";
    upstream.hold("evaluate");
    const expression = "x".repeat(4 * 1024 * 1024 - 1024);
    for (let i = 0; i < 5; i++) void bad.client.request("evaluate", { expression, context: "watch" });
    await settle();
    assert.ok(bad.client.closed);
    assert.match(bad.client.lines().at(-1) ?? "", /were under way.*Wait/);
  });
});

describe("lines in the others' consoles", () => {
  async function room(t: { after(done: () => void): void }) {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.after(() => mock.timers.reset());
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const join = async (name: string, access: "view" | "control" = "view") => {
      const client = new MemoryClient(name);
      sessions.joinRoot(client.port, sessions.admit({ name, address: "memory", access }));
      return enter(client);
    };
    const driver = await join("Driver", "control");
    return { upstream, sessions, driver, ana: await join("Ana"), bad: await join("Bad") };
  }

  const echo = (client: MemoryClient, text: string) =>
    client.request("evaluate", { expression: `.echo ${text}`, context: "repl" });
  const said = (client: MemoryClient, by: string) =>
    client.lines().filter((line) => line.startsWith(`${by}`));

  test("said by one are 50 a second; the rest is refused, and he is told; others may speak", async (t) => {
    const { ana, bad, driver } = await room(t);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => echo(bad, `line ${i}`)));
    assert.equal(answers.filter(({ success }) => success).length, LIMITS.consoleLines);
    const refused = answers.at(-1);
    assert.equal(refused?.message, "busy");
    assert.match(refused.text, /50 lines .* in 1 s.*in a moment/);
    assert.equal(said(ana, "Bad:").length, LIMITS.consoleLines);
    assert.equal((await echo(driver, "hello")).success, true);
    mock.timers.tick(LIMITS.consoleMs);
    assert.equal((await echo(bad, "again")).success, true);
  });

  test("are 64 KiB a second, however few they are", async (t) => {
    const { ana, bad } = await room(t);
    const answers = await Promise.all(Array.from({ length: 40 }, () => echo(bad, "x".repeat(4090))));
    const heard = said(ana, "Bad:").join("").length;
    assert.ok(heard <= LIMITS.consoleLetters + 40 * 8, `${heard} letters`);
    assert.equal(answers.filter(({ success }) => success).length, 16);
  });

  test("about what one does are summed up when they are too many, and each is cut", async (t) => {
    const { ana, driver } = await room(t);
    for (let i = 0; i < 90; i++) await driver.ok("evaluate", { expression: `f(${i})`, context: "repl" });
    await settle();
    assert.equal(said(ana, "Driver evaluates").length, LIMITS.consoleLines);
    mock.timers.tick(LIMITS.consoleMs);
    assert.equal(said(ana, "Driver").at(-1), "Driver: … and 40 more.");
    assert.equal(said(driver, "Driver: …").length, 0);
    await driver.ok("evaluate", { expression: "y".repeat(100_000), context: "repl" });
    await settle();
    assert.ok((said(ana, "Driver").at(-1)?.length ?? 0) < LIMITS.echoLength + 100);
  });

  test("a list of breakpoints has its bound, and takes no more lines than anything else", async (t) => {
    const { ana, driver, upstream } = await room(t);
    const list = (count: number) => ({
      source: { path: "/app/a.js" },
      breakpoints: Array.from({ length: count }, (_, i) => ({ line: i + 1 })),
    });
    await driver.fails("tooLarge", "setBreakpoints", list(LIMITS.breakpoints + 1));
    assert.deepEqual(upstream.commands("setBreakpoints"), []);
    await driver.ok("setBreakpoints", list(LIMITS.breakpoints));
    await settle();
    assert.equal(said(ana, "Driver sets").length, LIMITS.consoleLines);
  });
});
