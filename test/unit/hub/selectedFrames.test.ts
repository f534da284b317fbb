import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type JsonObject, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, connect, enter, participant, settle } from "./memoryClient.ts";

/**
 * An adapter as lldb-dap: the scopes of each frame have the references 1, 2 and 3, which mean the frame of the last
 * `scopes` request; so do an evaluation without a frame and what is found in a scope. `isUnique`: as most others, whose
 * references tell the frame.
 */
class FrameAdapter extends FakeUpstream {
  /** What was changed: the frame, and the new value. */
  readonly changes: unknown[] = [];
  #frame: unknown;

  constructor(isUnique = false, names: readonly string[] = ["fake"]) {
    super({ names });
    const frameOf = (reference: unknown) => (isUnique ? Math.floor(Number(reference) / 10) : this.#frame);
    const reference = (frame: unknown, index: number) => (isUnique ? Number(frame) * 10 + index : index);
    this.handlers.stackTrace = () => ({
      stackFrames: [1, 2, 3].map((id) => ({ id, name: `f${id}`, line: 1, column: 1 })),
    });
    this.handlers.scopes = ({ frameId }) => {
      this.#frame = frameId;
      const scopes = ["Locals", "Globals", "Registers"].map((name, i) => ({
        name,
        variablesReference: reference(frameId, i + 1),
      }));
      return { scopes };
    };
    this.handlers.variables = ({ variablesReference }) => ({
      variables: [{ name: `of ${String(frameOf(variablesReference))}`, value: "", variablesReference: 7 }],
    });
    this.handlers.setVariable = ({ variablesReference, value }) => {
      this.changes.push([frameOf(variablesReference), value]);
      return { value: String(value) };
    };
    for (const command of ["evaluate", "dataBreakpointInfo", "own"])
      this.handlers[command] = () => ({ result: `of ${String(this.#frame)}`, description: "", dataId: null });
  }
}

async function served(upstream = new FrameAdapter()) {
  const hub = new Hub(upstream);
  const a = await enter(connect(hub, "a").client);
  const b = await enter(connect(hub, "b").client);
  upstream.stop();
  for (const client of [a, b]) await client.ok("stackTrace", { threadId: 1 });
  upstream.received.length = 0;
  return { upstream, hub, a, b };
}

const scopes = (client: MemoryClient, frameId: number) => client.ok("scopes", { frameId });
const nameOf = ({ variables }: JsonObject) => objects(variables)[0]?.name;
const look = async (client: MemoryClient, variablesReference = 1) =>
  nameOf(await client.ok("variables", { variablesReference }));
const set = { variablesReference: 1, name: "n", value: "77" };

describe("an adapter whose references mean the frame of the last scopes request", () => {
  test("each client's references mean the frame that it was given them for", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 2);
    for (const reference of [1, 2, 3]) assert.equal(await look(a, reference), "of 1");
    assert.equal(await look(a, 7), "of 1", "also what is found in a scope");
    assert.equal(await look(b), "of 2");
    await a.ok("setVariable", set);
    assert.deepEqual(upstream.changes, [[1, "77"]]);
    assert.equal((await b.ok("evaluate", { expression: "x", context: "watch" })).result, "of 2");
    assert.equal((await a.ok("evaluate", { expression: "x" })).result, "of 1");
    assert.equal((await b.ok("own", {})).result, "of 2");
    assert.ok(await a.ok("dataBreakpointInfo", { name: "n", variablesReference: 1 }));
    assert.deepEqual(upstream.received.at(-2)?.args, { frameId: 1 });
  });

  test("what somebody's command may have selected is not the other's frame any more", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 1);
    upstream.received.length = 0;
    await a.ok("evaluate", { expression: "`frame select 2", frameId: 1 });
    await a.ok("evaluate", { expression: "`bt" });
    await b.ok("evaluate", { expression: "`bt" });
    assert.deepEqual(upstream.commands(), ["evaluate", "evaluate", "scopes", "evaluate"]);
  });

  test("nothing comes between what selects the frame and what is asked in it", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 2);
    upstream.received.length = 0;
    upstream.hold("scopes", "setVariable");
    const changed = a.ok("setVariable", set);
    const others = [scopes(b, 3), b.ok("next", { threadId: 1 })];
    const paused = b.ok("pause", { threadId: 1 });
    assert.deepEqual(upstream.commands(), ["scopes", "pause"], "what halts the program waits for nobody");
    upstream.release();
    await settle();
    assert.deepEqual(upstream.commands(), ["scopes", "pause", "setVariable"]);
    upstream.releaseAll();
    await Promise.all([changed, paused, ...others]);
    assert.deepEqual(upstream.commands(), ["scopes", "pause", "setVariable", "scopes", "next"]);
    assert.deepEqual(upstream.changes, [[1, "77"]]);
  });

  test("a request that waits can be taken back, and one whose client has gone is not sent", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 2);
    upstream.received.length = 0;
    upstream.hold("scopes");
    const first = look(a);
    const next = '{"seq":90,"type":"request","command":"next","arguments":{"threadId":1}}';
    const cancelled = b.send(next, 90);
    await b.ok("cancel", { requestId: 90 });
    assert.equal((await cancelled).message, "cancelled");
    void b.request("next", { threadId: 1 });
    b.vanish();
    upstream.releaseAll();
    await first;
    await settle();
    assert.deepEqual(upstream.commands("next"), []);
  });

  test("where the frame cannot be selected again, nothing is changed", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 2);
    upstream.handlers.scopes = () => new Error("no such frame");
    await a.fails("staleHandle", "setVariable", set);
    assert.deepEqual(upstream.changes, []);
    await b.ok("threads");
  });

  test("nor after the program has run", async () => {
    const { upstream, a, b } = await served();
    await scopes(a, 1);
    await scopes(b, 2);
    upstream.hold("scopes");
    const changed = a.fails("staleHandle", "setVariable", set);
    upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
    upstream.stop();
    upstream.releaseAll();
    await changed;
    assert.deepEqual(upstream.changes, []);
  });

  test("answers are shared within a frame, never with another", async () => {
    const { upstream, hub, a, b } = await served();
    const c = await enter(connect(hub, "c").client);
    await c.ok("stackTrace", { threadId: 1 });
    await scopes(a, 1);
    assert.equal(await look(a), "of 1");
    await scopes(b, 2);
    await scopes(c, 1);
    upstream.received.length = 0;
    assert.equal(await look(c), "of 1");
    assert.deepEqual(upstream.commands(), [], "a has asked that");
    assert.equal(await look(b), "of 2");
    assert.deepEqual(upstream.commands(), ["variables"]);
  });

  test("a client that is alone, and those who look at one frame, add nothing", async () => {
    const { upstream, a, b } = await served();
    for (const frameId of [1, 2, 1]) {
      await scopes(a, frameId);
      assert.equal(await look(a), `of ${frameId}`);
    }
    await scopes(b, 1);
    await b.ok("setVariable", set);
    await a.ok("setVariable", set);
    assert.deepEqual(upstream.commands("scopes").length, 3);
  });

  test("an adapter whose references tell the frame is asked nothing more", async () => {
    const { upstream, a, b } = await served(new FrameAdapter(true));
    await scopes(a, 1);
    await scopes(b, 2);
    assert.deepEqual([await look(a, 11), await look(b, 21), await look(a, 12)], ["of 1", "of 2", "of 1"]);
    assert.deepEqual(upstream.commands(), ["scopes", "scopes", "variables", "variables", "variables"]);
  });

  test("which kind it is, is known before the answer: a client waits for the other's scopes", async () => {
    for (const isUnique of [true, false]) {
      const { upstream, a, b } = await served(new FrameAdapter(isUnique));
      await scopes(a, 1);
      upstream.hold("scopes");
      const other = scopes(b, 2);
      const name = look(a, isUnique ? 11 : 1);
      assert.deepEqual(upstream.commands("variables"), []);
      upstream.releaseAll();
      assert.equal(await name, "of 1");
      await other;
      assert.equal(upstream.commands("scopes").length, isUnique ? 2 : 3);
    }
  });

  test("the host's window, which speaks to the adapter itself, finds its own frame again", async () => {
    const upstream = new FrameAdapter(false, ["lldb-dap"]);
    const hub = new Hub(upstream, { windowOf: participant("host") });
    const asks = (command: string, args: JsonObject) => {
      const answered = hub.window?.sent({ command, args });
      upstream.request(command, Buffer.from(JSON.stringify(args)), (outcome) => answered?.(outcome));
    };
    asks("initialize", {});
    await settle();
    asks("launch", {});
    await settle();
    upstream.stop();
    asks("scopes", { frameId: 3 });
    await settle();
    const guest = await enter(connect(hub, "guest").client);
    await guest.ok("stackTrace", { threadId: 1 });
    upstream.received.length = 0;
    await scopes(guest, 1);
    assert.equal(await look(guest), "of 1");
    const sent = upstream.received.map(({ command, args }) => [command, args.frameId]);
    assert.deepEqual(sent, [
      ["scopes", 1],
      ["scopes", 3],
      ["scopes", 1],
      ["variables", undefined],
      ["scopes", 3],
    ]);
  });

  test("whatever the order, each client is answered as if it were alone", async () => {
    const act = fc.record({
      who: fc.constantFrom(0, 1, 2),
      what: fc.constantFrom("scopes", "variables", "setVariable", "evaluate", "repl", "release"),
      frameId: fc.constantFrom(1, 2, 3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), fc.boolean(), async (acts, isUnique) => {
        const { upstream, hub, a, b } = await served(new FrameAdapter(isUnique));
        const c = await enter(connect(hub, "c").client);
        await c.ok("stackTrace", { threadId: 1 });
        const clients = [a, b, c];
        const own: (number | undefined)[] = [undefined, undefined, undefined];
        const answers: Promise<void>[] = [];
        const expected: unknown[] = [];
        upstream.hold("scopes", "variables", "setVariable");
        for (const { who, what, frameId } of acts) {
          const client = clients[who] ?? a;
          const frame = own[who];
          const variablesReference = isUnique ? Number(frame) * 10 + 1 : 1;
          if (what === "release") {
            await settle();
            upstream.release();
            await settle();
          } else if (what === "scopes") {
            own[who] = frameId;
            answers.push(client.request("scopes", { frameId }).then(() => {}));
            // A client asks by what it was answered.
            while (client.pending > 0) {
              await settle();
              upstream.release();
              await settle();
            }
          } else if (frame !== undefined && what === "setVariable") {
            expected.push(`${frame} ${who}`);
            const args = { variablesReference, name: "n", value: `${frame} ${who}` };
            answers.push(client.ok("setVariable", args).then(() => {}));
          } else if (frame !== undefined && what === "variables") {
            answers.push(look(client, variablesReference).then((name) => assert.equal(name, `of ${frame}`)));
          } else if (frame !== undefined && !isUnique) {
            const args = { expression: "x", context: what === "repl" ? "repl" : "watch" };
            answers.push(
              client.ok("evaluate", args).then(({ result }) => assert.equal(result, `of ${frame}`)),
            );
          }
        }
        while (clients.some(({ pending }) => pending > 0)) {
          await settle();
          upstream.release();
          await settle();
        }
        await Promise.all(answers);
        for (const change of upstream.changes)
          if (Array.isArray(change)) assert.equal(String(change[1]).split(" ")[0], String(change[0]));
        assert.equal(upstream.changes.length, expected.length);
      }),
      { numRuns: 80 },
    );
  });
});
