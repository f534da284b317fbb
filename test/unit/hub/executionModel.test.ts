import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, type Message, connect, enter, settle } from "./memoryClient.ts";

/**
 * The hub against an adapter of several threads that uses each combination of the fields by which DAP says what stops
 * and what resumes. The model reads the same fields as the specification says; what clients are told, what they may
 * do and what their frames mean must agree with it.
 */

const THREADS = [1, 2, 3];
/** A field that may be absent. */
type Field = boolean | undefined;

type Step =
  | { readonly kind: "stop"; readonly threadId: number; readonly all: Field }
  | {
      readonly kind: "resume";
      readonly by: 0 | 1;
      readonly threadId: number;
      readonly command: "continue" | "next";
      readonly single: boolean;
      /** `allThreadsContinued` of the answer to `continue`. */
      readonly answer: Field;
      /** A `continued` event and its `allThreadsContinued`, before or after the answer. */
      readonly event: { readonly when: "before" | "after"; readonly all: Field } | undefined;
    }
  | { readonly kind: "self"; readonly threadId: number; readonly all: Field }
  | { readonly kind: "refused"; readonly by: 0 | 1; readonly threadId: number; readonly single: boolean };

const field = fc.constantFrom<Field>(true, false, undefined);
const threadId = fc.constantFrom(...THREADS);
const by = fc.constantFrom<0 | 1>(0, 1);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("stop" as const), threadId, all: field }),
  fc.record({
    kind: fc.constant("resume" as const),
    by,
    threadId,
    command: fc.constantFrom("continue" as const, "next" as const),
    single: fc.boolean(),
    answer: field,
    event: fc.option(fc.record({ when: fc.constantFrom("before" as const, "after" as const), all: field }), {
      nil: undefined,
    }),
  }),
  fc.record({ kind: fc.constant("self" as const), threadId, all: field }),
  fc.record({ kind: fc.constant("refused" as const), by, threadId, single: fc.boolean() }),
);

/** Which threads stand, read from the fields alone. */
class Model {
  standing = new Set<number>();
  /** Whether those that stand stopped together. */
  together = false;
  /** How often each thread has been set going. */
  readonly runs = new Map<number, number>(THREADS.map((thread) => [thread, 0]));

  stop(thread: number, all: Field): void {
    // Without a word in between it has run: where all stopped with it, all have.
    if (this.told.has(thread)) this.#count(all === true ? THREADS : [thread]);
    if (this.told.has(thread) && all === true) this.told.clear();
    if (all === true) {
      for (const each of THREADS) this.standing.add(each);
      this.together = true;
    } else {
      this.standing.add(thread);
    }
    this.told.add(thread);
  }
  /** Those of which an event has told since they ran. */
  told = new Set<number>();

  run(thread: number, all: boolean): void {
    const which = all ? THREADS : [thread];
    this.#count(which);
    for (const each of which) {
      this.standing.delete(each);
      this.told.delete(each);
    }
    if (this.standing.size === 0) this.together = false;
  }

  /** Whether that resume sets all threads going. */
  setsAll(step: Extract<Step, { kind: "resume" }>): boolean {
    const { command, single, answer, event } = step;
    // An answer that says nothing of it is no word against a request for one thread.
    const answered = command === "continue" && !(single && answer === undefined) ? [{ all: answer }] : [];
    const said = event?.when === "before" ? [event, ...answered] : [...answered, ...(event ? [event] : [])];
    const explicit = said.findLast(({ all }) => all !== undefined);
    if (explicit !== undefined) return explicit.all === true;
    return said.length > 0 || (!single && this.together);
  }

  #count(threads: readonly number[]): void {
    for (const each of threads) this.runs.set(each, (this.runs.get(each) ?? 0) + 1);
  }
}

/** An adapter that answers something else than it tells: no client could know what it means. */
function contradicts({ command, answer, event }: Extract<Step, { kind: "resume" }>): boolean {
  if (command !== "continue" || event === undefined) return false;
  return event.all === false ? answer === true : answer === false;
}

/** What stands by what a client was told, and by its own resumes, as DAP wants it read. */
function believes(messages: readonly Message[], own: ReadonlyMap<number, boolean | number>): number[] {
  const standing = new Set<number>();
  const run = (thread: unknown, all: boolean) => {
    if (all) standing.clear();
    else standing.delete(Number(thread));
  };
  for (const { type, event, body, request_seq } of messages) {
    if (event === "stopped") {
      if (body.allThreadsStopped === true) for (const each of THREADS) standing.add(each);
      else standing.add(Number(body.threadId));
    } else if (event === "continued") {
      run(body.threadId, body.allThreadsContinued !== false);
    } else if (type === "response") {
      const what = own.get(request_seq ?? 0);
      if (what !== undefined) run(what, what === true);
    }
  }
  return [...standing].sort();
}

interface Held {
  readonly frameId: number;
  readonly threadId: number;
  readonly runs: number;
}

class Bench {
  readonly upstream = new FakeUpstream({
    capabilities: { ...CAPABILITIES, supportsSingleThreadExecutionRequests: true },
  });
  readonly hub = new Hub(this.upstream);
  readonly model = new Model();
  readonly clients: MemoryClient[] = [];
  /** By client: what each of its own resumes did, by sequence number. */
  readonly own = [new Map<number, boolean | number>(), new Map<number, boolean | number>()];
  readonly held: Held[][] = [[], []];
  #lastFrame = 0;
  #listsThreads = false;

  async start(listsThreads: boolean): Promise<void> {
    const { upstream } = this;
    upstream.handlers.threads = () => ({ threads: THREADS.map((id) => ({ id, name: `${id}` })) });
    upstream.handlers.stackTrace = ({ threadId: thread }) => ({
      stackFrames: [{ id: ++this.#lastFrame, name: `of ${String(thread)}`, line: 1, column: 1 }],
    });
    // What binds those who join is tried: whoever drives may ask what it likes, and this one does nothing.
    await enter(connect(this.hub, "driver").client);
    for (const name of ["a", "b"]) this.clients.push(await enter(connect(this.hub, name).client));
    this.#listsThreads = listsThreads;
  }

  client(index: 0 | 1): MemoryClient {
    const client = this.clients[index];
    assert.ok(client);
    return client;
  }

  async apply(step: Step): Promise<void> {
    const { model, upstream } = this;
    const continued = (thread: number, all: Field) =>
      upstream.emit("continued", {
        threadId: thread,
        ...(all === undefined ? {} : { allThreadsContinued: all }),
      });
    if (step.kind === "stop") {
      model.stop(step.threadId, step.all);
      upstream.emit("stopped", {
        reason: "breakpoint",
        threadId: step.threadId,
        ...(step.all === undefined ? {} : { allThreadsStopped: step.all }),
      });
      await this.look();
      return;
    }
    if (!model.standing.has(step.threadId)) return;
    if (step.kind === "self") {
      model.run(step.threadId, step.all !== false);
      continued(step.threadId, step.all);
      return;
    }
    if (step.kind === "resume" && contradicts(step)) return;
    const client = this.client(step.by);
    const args = { threadId: step.threadId, ...(step.single ? { singleThread: true } : {}) };
    if (step.kind === "refused") {
      upstream.handlers.next = () => new Error("not now");
      await client.fails("adapterFailed", "next", args);
      delete upstream.handlers.next;
      return;
    }
    const { command, event, answer } = step;
    const all = model.setsAll(step);
    upstream.handlers[command] = () =>
      command === "next" || answer === undefined ? {} : { allThreadsContinued: answer };
    upstream.hold(command);
    const response = client.request(command, args);
    if (event?.when === "before") continued(step.threadId, event.all);
    upstream.releaseAll();
    const message = await response;
    assert.equal(message.success, true, message.text);
    if (event?.when === "after") continued(step.threadId, event.all);
    model.run(step.threadId, all);
    this.own[step.by]?.set(message.request_seq ?? 0, all || step.threadId);
  }

  /** Each client takes a frame of each thread that stands. */
  async look(): Promise<void> {
    if (this.#listsThreads) await this.client(1).ok("threads");
    for (const [index, client] of this.clients.entries()) {
      for (const thread of this.model.standing) {
        const { stackFrames } = await client.ok("stackTrace", { threadId: thread });
        const frameId = Number(objects(stackFrames)[0]?.id);
        this.held[index]?.push({ frameId, threadId: thread, runs: this.model.runs.get(thread) ?? 0 });
      }
    }
  }

  /** What the clients believe, what a late one is told, whose frames are good and who may step. */
  async check(): Promise<void> {
    const { model } = this;
    const standing = [...model.standing].sort();
    for (const [index, client] of this.clients.entries()) {
      assert.deepEqual(believes(client.messages, this.own[index] ?? new Map()), standing, client.name);
      for (const { frameId, threadId: thread, runs } of this.held[index] ?? []) {
        const isGood = model.standing.has(thread) && model.runs.get(thread) === runs;
        if (isGood) await client.ok("scopes", { frameId });
        else await client.fails("staleHandle", "scopes", { frameId });
      }
    }
    const late = await enter(connect(this.hub, "late").client);
    assert.deepEqual(believes(late.messages, new Map()), standing, "late");
    const stops = late.events("stopped");
    if (model.together) assert.equal(stops.length, 1, "an all-stop is one");
    // That nothing of an all-stop stands any more is known of an adapter that has named its threads.
    else if (standing.length > 0 || this.#listsThreads)
      assert.deepEqual(stops.map((body) => body.threadId).sort(), standing);
    for (const thread of THREADS) {
      if (model.standing.has(thread)) await late.ok("stackTrace", { threadId: thread });
      else if (standing.length === 0 && this.#listsThreads) assert.equal(this.hub.stopped, false);
    }
    // Two people step at the same moment: those that run by the first one's step are no other's to step.
    const [first] = standing;
    if (first === undefined) return;
    this.upstream.hold("next");
    const together = model.together;
    const step = this.client(0).ok("next", { threadId: first });
    for (const thread of standing) {
      const second = this.client(1).request("next", { threadId: thread });
      if (together || thread === first) assert.equal((await second).message, "notStopped");
      else void second;
    }
    this.upstream.releaseAll();
    await step;
    await settle();
  }
}

async function play(steps: readonly Step[], listsThreads: boolean): Promise<void> {
  const bench = new Bench();
  await bench.start(listsThreads);
  for (const step of steps) await bench.apply(step);
  await bench.check();
}

describe("which threads stand, against a model of an adapter of several threads", () => {
  test("each combination of the fields, after an all-stop and after single stops", async () => {
    const FIELDS: Field[] = [true, false, undefined];
    const starts: Step[][] = [
      [{ kind: "stop", threadId: 1, all: true }],
      [
        { kind: "stop", threadId: 1, all: true },
        { kind: "stop", threadId: 2, all: undefined },
      ],
      [
        { kind: "stop", threadId: 1, all: undefined },
        { kind: "stop", threadId: 2, all: false },
      ],
      [
        { kind: "stop", threadId: 1, all: false },
        { kind: "stop", threadId: 2, all: true },
      ],
    ];
    const events = [
      undefined,
      ...(["before", "after"] as const).flatMap((when) => FIELDS.map((all) => ({ when, all }))),
    ];
    for (const start of starts)
      for (const command of ["continue", "next"] as const)
        for (const single of [false, true])
          for (const answer of command === "next" ? [undefined] : FIELDS)
            for (const event of events)
              for (const thread of [1, 2])
                await play(
                  [...start, { kind: "resume", by: 0, threadId: thread, command, single, answer, event }],
                  false,
                );
  });

  test("any sequence of stops, resumes and refusals", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 12 }), fc.boolean(), async (steps, listsThreads) => {
        await play(steps, listsThreads);
      }),
      { numRuns: 150 },
    );
  });
});
