import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type JsonObject, isObject, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { type FakeOptions, FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, type Message, VSCODE, enter, participant } from "./memoryClient.ts";

const PATH = "/p/a.c";
/** The adapter moves odd lines. */
const moves = (line: number) => (line % 2 === 1 ? line + 100 : line);

/** How a client treats what it is told of others' breakpoints. */
type Manner =
  | "plain" // takes its own away when told so, shows the others'
  | "mirror" // as VS Code: what others set is in its own list from then on, at the line it was told
  | "deaf"; // ignores all events
const MANNERS: readonly Manner[] = ["plain", "mirror", "deaf"];

interface Mark {
  /** The line that it asks for. */
  readonly line: number;
  readonly condition: string | undefined;
  id: unknown;
  /** Where the adapter has put it, by the last word; undefined: it is not there. */
  place: number | undefined;
}

/** A client with an editor: what it shows and asks for. */
class Editor {
  readonly client: MemoryClient;
  readonly manner: Manner;
  readonly who = participant("", {});
  own: Mark[] = [];
  others: Mark[] = [];
  readonly #sent = new Map<number, readonly Mark[]>();
  /** The ids that it was ever told. */
  readonly #met = new Set<unknown>();
  #read = 0;
  #seq = 1;

  constructor(name: string, manner: Manner) {
    this.client = new MemoryClient(name);
    this.manner = manner;
    this.who.name = name;
    // As over the link.
    this.client.seen = () => this.client.messages.length;
  }

  send(command: string, args: JsonObject = {}): void {
    const seq = this.#seq++;
    void this.client.send(JSON.stringify({ seq, type: "request", command, arguments: args }), seq);
  }

  setBreakpoints(): void {
    this.#sent.set(this.#seq, [...this.own]);
    const breakpoints = this.own.map(({ line, condition }) => ({
      line,
      ...(condition === undefined ? {} : { condition }),
    }));
    this.send("setBreakpoints", { source: { path: PATH }, breakpoints });
  }

  /** Takes in what has come. */
  read(): void {
    const fresh = this.client.messages.slice(this.#read);
    this.#read += fresh.length;
    for (const message of fresh) {
      if (message.command === "setBreakpoints") this.#answered(message);
      else if (message.event === "breakpoint" && this.manner !== "deaf") this.#told(message.body);
    }
  }

  #answered(message: Message): void {
    const sent = this.#sent.get(message.request_seq ?? -1) ?? [];
    const results = objects(message.body.breakpoints);
    assert.equal(results.length, sent.length, "the answer has the length of the list");
    // What it shows of another's at the same place is one and the same.
    this.others = this.others.filter((mark) => !results.some(({ id }) => id === mark.id));
    const there = results.filter(({ verified }) => verified === true);
    const count = (name: string) => new Set(there.map((result) => result[name])).size;
    assert.equal(count("id"), count("line"), "no two breakpoints have one id");
    sent.forEach((mark, i) => {
      const result = results[i] ?? {};
      mark.id = result.id;
      this.#met.add(result.id);
      mark.place = result.verified === true ? Number(result.line) : undefined;
      if (mark.place !== undefined)
        assert.ok([mark.line, moves(mark.line)].includes(mark.place), "in the order of the list");
    });
  }

  #told({ reason, breakpoint }: JsonObject): void {
    assert.ok(isObject(breakpoint));
    const { id } = breakpoint;
    const known = [...this.own, ...this.others].find((mark) => mark.id === id);
    if (reason === "removed") {
      assert.ok(this.#met.has(id), `${this.client.name}: removed what it was never told of`);
      if (known !== undefined) known.place = undefined;
      this.own = this.own.filter((mark) => mark !== known);
      this.others = this.others.filter((mark) => mark !== known);
      return;
    }
    const place = Number(breakpoint.line);
    if (reason === "changed") {
      // It may have taken it away meanwhile, which is under way.
      assert.ok(this.#met.has(id), `${this.client.name}: changed what it was never told of`);
      if (known !== undefined) known.place = place;
      return;
    }
    assert.equal(known, undefined, `${this.client.name}: twice new`);
    this.#met.add(id);
    const mark = { line: place, condition: undefined, id, place };
    if (this.manner === "mirror") this.own = [...this.own, mark];
    else this.others = [...this.others, mark];
  }

  /** What it shows as being there. */
  get shown(): number[] {
    return [...this.own, ...this.others].flatMap(({ place }) => place ?? []).sort((a, b) => a - b);
  }
}

// The model: DESIGN section 4 in other words. A list is the difference to its client's last one.

class Shared {
  readonly line: number;
  readonly owners: Set<Editor>;
  /** What each has asked for: the last word is in force, and goes with its author. */
  readonly #said: Map<Editor, string | undefined>;

  constructor(line: number, by: Editor, condition: string | undefined) {
    this.line = line;
    this.owners = new Set([by]);
    this.#said = new Map([[by, condition]]);
  }

  get condition(): string | undefined {
    return [...this.#said.values()].at(-1);
  }

  own(by: Editor): void {
    this.owners.add(by);
    this.#say(by, this.condition);
  }

  change(by: Editor, condition: string | undefined): void {
    if (condition !== this.condition) this.#say(by, condition);
  }

  #say(by: Editor, condition: string | undefined): void {
    this.#said.delete(by);
    this.#said.set(by, condition);
  }

  leave(gone: Editor): void {
    this.owners.delete(gone);
    this.#said.delete(gone);
  }

  /** Whether the adapter must be told that somebody leaves. */
  changesWithout(gone: Editor): boolean {
    if (this.owners.has(gone) && this.owners.size === 1) return true;
    const others = [...this.#said].filter(([by]) => by !== gone).map(([, condition]) => condition);
    return others.at(-1) !== this.condition;
  }
}
interface Wish {
  /** As the client asked: maybe the place to which the adapter had moved it. */
  readonly line: number;
  readonly condition: string | undefined;
  /** What was there when the client sent this, and what it meant by it. */
  readonly told: Shared | undefined;
}
type Edit =
  | { readonly by: Editor; readonly list: readonly Wish[]; readonly unlisted: readonly Shared[] }
  | { readonly gone: Editor };

class Model {
  shared: Shared[] = [];
  readonly queue: Edit[] = [];
  readonly lists = new Map<Editor, Map<number, Wish & { entry: Shared | undefined }>>();
  readonly known = new Map<Editor, Set<Shared>>();
  /** Of these it learned by an event. */
  readonly announced = new Map<Editor, Set<Shared>>();
  readonly editors: Editor[] = [];

  meantBy(editor: Editor, line: number): Shared | undefined {
    const own = this.lists.get(editor)?.get(line)?.entry;
    if (own !== undefined && this.shared.includes(own)) return own;
    if (editor.manner !== "mirror") return undefined;
    const listed = new Set([...(this.lists.get(editor)?.values() ?? [])].map(({ entry }) => entry));
    const told = this.shared.filter((entry) => this.known.get(editor)?.has(entry) && !listed.has(entry));
    return told.find((entry) => entry.line === line) ?? told.find((entry) => moves(entry.line) === line);
  }

  /** What of the queue needs the adapter is done one at a time; a leaving that takes nothing along needs it not. */
  skipIdle(): void {
    for (let head = this.queue[0]; head !== undefined && "gone" in head; head = this.queue[0]) {
      const { gone } = head;
      if (this.shared.some((entry) => entry.changesWithout(gone))) return;
      for (const entry of this.shared) entry.leave(gone);
      this.lists.delete(gone);
      this.queue.shift();
    }
  }

  release(): void {
    const edit = this.queue.shift();
    if (edit === undefined) return;
    if ("gone" in edit) {
      for (const entry of this.shared) entry.leave(edit.gone);
      this.shared = this.shared.filter(({ owners }) => owners.size > 0);
      this.lists.delete(edit.gone);
    } else {
      this.#apply(edit.by, edit.list, edit.unlisted);
    }
    this.skipIdle();
  }

  /** What an editor shows in its list without ever having sent it, and does not send now either: taken away. */
  unlisted(editor: Editor, list: readonly Wish[]): Shared[] {
    if (editor.manner !== "mirror") return [];
    const listed = new Set([...(this.lists.get(editor)?.values() ?? [])].map(({ entry }) => entry));
    return this.shared.filter(
      (entry) =>
        this.announced.get(editor)?.has(entry) &&
        !listed.has(entry) &&
        !list.some(({ told, line }) => told === entry || line === entry.line),
    );
  }

  #apply(by: Editor, list: readonly Wish[], unlisted: readonly Shared[]): void {
    const previous = this.lists.get(by) ?? new Map<number, Wish & { entry: Shared | undefined }>();
    const next = new Map<number, Wish & { entry: Shared | undefined }>();
    for (const wish of list) {
      const before = previous.get(wish.line);
      let entry =
        before?.entry !== undefined && this.shared.includes(before.entry) ? before.entry : undefined;
      const edited = before === undefined || before.condition !== wish.condition;
      if (entry !== undefined) {
        if (edited) entry.change(by, wish.condition);
      } else if (edited && (wish.told === undefined || this.shared.includes(wish.told))) {
        entry = wish.told ?? this.shared.find(({ line }) => line === wish.line);
        if (entry === undefined) {
          entry = new Shared(wish.line, by, wish.condition);
          this.shared.push(entry);
        } else if (wish.told === undefined) {
          entry.own(by);
          entry.change(by, wish.condition);
        } else {
          entry.change(by, wish.condition ?? entry.condition);
        }
      }
      next.set(wish.line, { ...wish, entry: entry ?? before?.entry ?? wish.told });
    }
    const kept = new Set([...next.values()].map(({ entry }) => entry));
    const dropped = [...previous.values()].flatMap(({ entry }) => (kept.has(entry) ? [] : (entry ?? [])));
    const listedNow = new Set([...next.values()].map(({ entry }) => entry));
    const taken = unlisted.filter((entry) => !listedNow.has(entry));
    this.shared = this.shared.filter((entry) => !dropped.includes(entry) && !taken.includes(entry));
    this.lists.set(by, next);
    for (const editor of this.editors) {
      // Of what it has just listed itself it will learn by its answer.
      const waiting = this.queue.flatMap((edit) => ("by" in edit && edit.by === editor ? edit.list : []));
      const told = this.shared.filter((entry) => !waiting.some(({ line }) => line === entry.line));
      const known = this.known.get(editor) ?? [];
      this.known.set(editor, new Set([...known, ...told]));
      const announced = this.announced.get(editor) ?? new Set();
      this.announced.set(editor, announced);
      for (const entry of told)
        if (![...next.values()].some((wish) => editor === by && wish.entry === entry)) announced.add(entry);
    }
    for (const { entry } of next.values()) if (entry !== undefined) this.known.get(by)?.add(entry);
  }
}

class World {
  readonly upstream: FakeUpstream;
  readonly hub: Hub;

  constructor(options: FakeOptions) {
    this.upstream = new FakeUpstream({ moves, ...options });
    this.hub = new Hub(this.upstream);
  }
}

function check(model: Model, world: World): void {
  for (const editor of model.editors) editor.read();
  const held = world.upstream.holding.filter(({ command }) => command === "setBreakpoints");
  assert.equal(held.length, Math.min(1, model.queue.length), "one request per source is under way at a time");
  const inForce = objects(world.upstream.breakpoints.get(PATH)).map(
    ({ line, condition }) => `${String(line)} ${String(condition)}`,
  );
  const wanted = model.shared.map(({ line, condition }) => `${line} ${String(condition)}`);
  // Twice what a client lists twice: at its line, and at the one to which the adapter has moved it.
  assert.deepEqual([...new Set(inForce)].sort(), wanted.sort(), "what is in force is what is wanted");
  if (model.queue.length > 0) return;
  const places = model.shared.map(({ line }) => moves(line)).sort((a, b) => a - b);
  for (const editor of model.editors) {
    if (editor.manner !== "deaf")
      assert.deepEqual(editor.shown, places, `${editor.client.name} shows what is in force`);
  }
}

type Command = fc.Command<Model, World>;

/** A client changes its list: takes a line away, puts one in, or gives it another condition. */
class Change implements Command {
  readonly which: number;
  readonly line: number;
  readonly condition: string | undefined;

  constructor(which: number, line: number, condition: string | undefined) {
    this.which = which;
    this.line = line;
    this.condition = condition;
  }

  check(model: Readonly<Model>): boolean {
    return this.which < model.editors.length;
  }

  run(model: Model, world: World): void {
    const editor = model.editors[this.which];
    assert.ok(editor);
    const { line, condition } = this;
    // A person sees a mark at its place and clicks there.
    const old = editor.own.find(
      (mark) => mark.line === line || (editor.manner === "mirror" && mark.place === moves(line)),
    );
    const rest = editor.own.filter((mark) => mark !== old);
    const mark = { line: old?.line ?? line, condition, id: old?.id, place: old?.place };
    editor.own = old !== undefined && old.condition === condition ? rest : [...rest, mark];
    const list = editor.own.map((wish) => ({ ...wish, told: model.meantBy(editor, wish.line) }));
    const unlisted = model.unlisted(editor, list);
    editor.setBreakpoints();
    model.queue.push({ by: editor, list, unlisted });
    check(model, world);
  }

  toString(): string {
    return `change(${this.which}, ${this.line}, ${String(this.condition)})`;
  }
}

class Release implements Command {
  check(model: Readonly<Model>): boolean {
    return model.queue.length > 0;
  }

  run(model: Model, world: World): void {
    assert.ok(world.upstream.release("setBreakpoints"));
    model.release();
    check(model, world);
  }

  toString(): string {
    return "release";
  }
}

class Join implements Command {
  readonly manner: Manner;

  constructor(manner: Manner) {
    this.manner = manner;
  }

  check(model: Readonly<Model>): boolean {
    return model.editors.length < 4;
  }

  run(model: Model, world: World): void {
    const editor = new Editor(`late-${model.lists.size}-${this.manner}`, this.manner);
    world.hub.join(editor.client.port, editor.who);
    const profile = { adapterID: "fake", clientID: this.manner === "mirror" ? "vscode" : "other" };
    for (const command of ["initialize", "attach", "configurationDone"]) editor.send(command, profile);
    model.editors.push(editor);
    model.known.set(editor, new Set(model.shared));
    model.announced.set(editor, new Set(model.shared));
    check(model, world);
  }

  toString(): string {
    return `join(${this.manner})`;
  }
}

class Leave implements Command {
  readonly which: number;

  constructor(which: number) {
    this.which = which;
  }

  check(model: Readonly<Model>): boolean {
    return this.which < model.editors.length;
  }

  run(model: Model, world: World): void {
    const [editor] = model.editors.splice(this.which, 1);
    assert.ok(editor);
    editor.client.vanish();
    model.queue.push({ gone: editor });
    if (model.queue.length === 1) model.skipIdle();
    check(model, world);
  }

  toString(): string {
    return `leave(${this.which})`;
  }
}

async function begin(
  options: FakeOptions,
  manners: readonly Manner[],
): Promise<{ model: Model; real: World }> {
  const real = new World(options);
  const host = new MemoryClient("host");
  real.hub.join(host.port, participant("host"));
  await enter(host, VSCODE);
  real.upstream.hold("setBreakpoints");
  const model = new Model();
  for (const manner of manners) new Join(manner).run(model, real);
  return { model, real };
}

describe("clients add, change and drop breakpoints in one file at the same time", () => {
  const manner = fc.constantFrom(...MANNERS);
  const change = fc
    .tuple(
      fc.nat({ max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(undefined, undefined, "x", "y"),
    )
    .map((args) => new Change(...args));
  const commands = fc.commands(
    [
      change,
      change,
      fc.constant(new Release()),
      fc.constant(new Release()),
      manner.map((how) => new Join(how)),
      fc.nat({ max: 3 }).map((which) => new Leave(which)),
    ],
    { maxCommands: 40 },
  );

  for (const ids of ["stable", "zero", "none", "fresh"] as const) {
    for (const [a, b] of [
      ["plain", "plain"],
      ["plain", "mirror"],
      ["mirror", "mirror"],
      ["deaf", "mirror"],
    ] as const) {
      test(`every interleaving agrees with the model (ids ${ids}, ${a} and ${b})`, async () => {
        await fc.assert(
          fc.asyncProperty(commands, async (all) => {
            const start = await begin({ ids }, [a, b]);
            fc.modelRun(() => start, [...all]);
            // At last everything is answered.
            while (new Release().check(start.model)) new Release().run(start.model, start.real);
          }),
          // To shrink these takes for ever; the failing commands are short enough.
          { numRuns: 100, endOnFailure: true },
        );
      });
    }
  }
});
