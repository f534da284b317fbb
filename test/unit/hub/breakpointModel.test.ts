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
    assert.equal(new Set(there.map(({ id }) => id)).size, there.length, "no two breakpoints have one id");
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
    if (this.manner === "mirror")
      assert.ok(
        !this.own.some((own) => own.place === place),
        `${this.client.name}: told of a second at a place`,
      );
    if (this.manner === "mirror") this.own = [...this.own, mark];
    else this.others = [...this.others, mark];
  }

  /** What it shows as being there. */
  get shown(): number[] {
    return [...this.own, ...this.others].flatMap(({ place }) => place ?? []).sort((a, b) => a - b);
  }
}

// The model. A list is the difference to its client's last one: what is new in it is set for all, what is left out is removed for all.

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
  /** Its own, when the client sent this; or one of others' of which it had been told as being there. */
  readonly own: Shared | undefined;
  readonly told: Shared | undefined;
}
interface Listed {
  readonly line: number;
  readonly condition: string | undefined;
  readonly entry: Shared;
}
type Edit =
  | { readonly by: Editor; readonly list: readonly Wish[]; readonly unlisted: readonly Shared[] }
  | { readonly gone: Editor };
type Asked = Pick<Mark, "line" | "condition">;

/** For each wish the one of `known` at its line that asks for the same, else the first there that is nobody's yet. */
function pairs<T extends Asked>(wishes: readonly Asked[], known: readonly T[]): (T | undefined)[] {
  const rest = [...known];
  const take = (fits: (one: T) => boolean) => {
    const at = rest.findIndex(fits);
    return at < 0 ? undefined : rest.splice(at, 1)[0];
  };
  const exact = wishes.map((wish) =>
    take(({ line, condition }) => line === wish.line && condition === wish.condition),
  );
  return wishes.map((wish, i) => exact[i] ?? take(({ line }) => line === wish.line));
}

class Model {
  shared: Shared[] = [];
  readonly queue: Edit[] = [];
  readonly lists = new Map<Editor, readonly Listed[]>();
  readonly known = new Map<Editor, Set<Shared>>();
  /** Of these it learned by an event. */
  readonly announced = new Map<Editor, Set<Shared>>();
  readonly editors: Editor[] = [];

  /** What a client means by its list as it sends it. */
  wishes(editor: Editor, marks: readonly Asked[]): Wish[] {
    const listed = this.lists.get(editor) ?? [];
    const own = pairs(
      marks,
      listed.filter(({ entry }) => this.shared.includes(entry)),
    );
    const told = this.shared.filter(
      (entry) => this.known.get(editor)?.has(entry) && !listed.some((one) => one.entry === entry),
    );
    const rest = marks.filter((_mark, i) => own[i] === undefined);
    const there = pairs(rest, told);
    const free = told.filter((entry) => !there.includes(entry));
    rest.forEach(({ line }, i) => {
      const at = free.findIndex((entry) => moves(entry.line) === line);
      if (there[i] === undefined && at >= 0) there[i] = free.splice(at, 1)[0];
    });
    return marks.map((mark, i) => ({
      ...mark,
      own: own[i]?.entry,
      told: own[i] === undefined ? there[rest.indexOf(mark)] : undefined,
    }));
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
    for (const editor of this.editors) this.announce(editor);
    this.skipIdle();
  }

  /** What an editor shows in its list without ever having sent it, and does not send now either: taken away. */
  unlisted(editor: Editor, list: readonly Wish[]): Shared[] {
    if (editor.manner !== "mirror") return [];
    const listed = this.lists.get(editor) ?? [];
    return this.shared.filter(
      (entry) =>
        this.announced.get(editor)?.has(entry) &&
        !listed.some((one) => one.entry === entry) &&
        !list.some(({ own, told, line }) => own === entry || told === entry || line === entry.line),
    );
  }

  #apply(by: Editor, list: readonly Wish[], unlisted: readonly Shared[]): void {
    const previous = this.lists.get(by) ?? [];
    const before = pairs(list, previous);
    const isMirror = by.manner === "mirror";
    const taken = new Set<Shared>(before.flatMap((last) => last?.entry ?? []));
    const told = list.map((wish, i) =>
      wish.told !== undefined && (wish.told === before[i]?.entry || !taken.has(wish.told))
        ? wish.told
        : undefined,
    );
    for (const entry of told) if (entry !== undefined) taken.add(entry);
    const free = this.shared.filter((entry) => !taken.has(entry));
    const next: Listed[] = [];
    list.forEach((wish, i) => {
      const { line, condition } = wish;
      const last = before[i];
      const meant = told[i];
      const isThere = meant !== undefined && this.shared.includes(meant);
      let entry = last !== undefined && this.shared.includes(last.entry) ? last.entry : undefined;
      const isEdited = last === undefined || last.condition !== condition;
      if (entry !== undefined) {
        if (isEdited) entry.change(by, condition);
      } else if (
        isEdited &&
        !(isMirror && meant !== undefined && !isThere) &&
        !(last !== undefined && wish.own)
      ) {
        if (isMirror && meant !== undefined) {
          entry = meant;
          entry.change(by, condition ?? entry.condition);
        } else {
          const same = free.findIndex((other) => other.line === line && other.condition === condition);
          entry = isThere ? meant : same < 0 ? undefined : free.splice(same, 1)[0];
          if (entry === undefined) {
            entry = new Shared(line, by, condition);
            this.shared.push(entry);
          } else {
            entry.own(by);
            entry.change(by, condition);
          }
        }
      }
      const stands = entry ?? last?.entry ?? (isMirror ? meant : undefined);
      if (stands !== undefined) next.push({ line, condition, entry: stands });
    });
    const kept = new Set(next.map(({ entry }) => entry));
    const gone = new Set(
      [...previous.map(({ entry }) => entry), ...unlisted].filter((entry) => !kept.has(entry)),
    );
    this.shared = this.shared.filter((entry) => !gone.has(entry));
    this.lists.set(by, next);
    for (const { entry } of next) this.known.get(by)?.add(entry);
  }

  /** Tells an editor of what it does not know; of what it has just listed itself it will learn by its answer. */
  announce(editor: Editor): void {
    const known = this.known.get(editor) ?? new Set();
    const announced = this.announced.get(editor) ?? new Set();
    this.known.set(editor, known);
    this.announced.set(editor, announced);
    const waiting = this.queue.flatMap((edit) => ("by" in edit && edit.by === editor ? edit.list : []));
    for (const entry of this.shared) {
      const isFull = this.shared.some((other) => known.has(other) && moves(other.line) === moves(entry.line));
      if (known.has(entry) || (editor.manner === "mirror" && isFull)) continue;
      if (waiting.some(({ line }) => line === entry.line)) continue;
      known.add(entry);
      announced.add(entry);
    }
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

function isBySame(one: Edit, other: Edit): boolean {
  return "by" in one && "by" in other && one.by === other.by;
}

function check(model: Model, world: World): void {
  for (const editor of model.editors) editor.read();
  const held = world.upstream.holding.filter(({ command }) => command === "setBreakpoints");
  const [head] = model.queue;
  const others = model.queue.findIndex((edit) => edit !== head && !(head && isBySame(edit, head)));
  assert.ok(held.length >= Math.min(1, model.queue.length), "somebody's is under way");
  assert.ok(held.length <= (others < 0 ? model.queue.length : others), "one client's at a time");
  const inForce = objects(world.upstream.breakpoints.get(PATH)).map(
    ({ line, condition }) => `${String(line)} ${String(condition)}`,
  );
  const wanted = model.shared.map(({ line, condition }) => `${line} ${String(condition)}`);
  assert.deepEqual(inForce.sort(), wanted.sort(), "what is in force is what is wanted");
  if (model.queue.length > 0) return;
  const places = model.shared.map(({ line }) => moves(line)).sort((a, b) => a - b);
  for (const editor of model.editors) {
    // An editor as VS Code keeps one for each place.
    const all = editor.manner === "mirror" ? [...new Set(places)] : places;
    if (editor.manner !== "deaf")
      assert.deepEqual(editor.shown, all, `${editor.client.name} shows what is in force`);
  }
}

type Command = fc.Command<Model, World>;

/**
 * A client changes its list: takes a breakpoint away, puts one in, or gives it another condition. `more`: beside what it has
 * in that line.
 */
class Change implements Command {
  readonly which: number;
  readonly line: number;
  readonly condition: string | undefined;
  readonly more: boolean;

  constructor(which: number, line: number, condition: string | undefined, more: boolean) {
    this.which = which;
    this.line = line;
    this.condition = condition;
    this.more = more;
  }

  check(model: Readonly<Model>): boolean {
    return this.which < model.editors.length;
  }

  run(model: Model, world: World): void {
    const editor = model.editors[this.which];
    assert.ok(editor);
    const { line, condition } = this;
    // A person sees a mark at its place and clicks there.
    const isMirror = editor.manner === "mirror";
    const here = editor.own.filter((mark) => mark.line === line || (isMirror && mark.place === moves(line)));
    const old =
      this.more && !isMirror ? undefined : (here.find((mark) => mark.condition === condition) ?? here.at(0));
    const rest = editor.own.filter((mark) => mark !== old);
    const mark = { line: old?.line ?? line, condition, id: old?.id, place: old?.place };
    editor.own = old !== undefined && old.condition === condition ? rest : [...rest, mark];
    const list = model.wishes(
      editor,
      editor.own.map((own) => ({ line: own.line, condition: own.condition })),
    );
    const unlisted = model.unlisted(editor, list);
    editor.setBreakpoints();
    model.queue.push({ by: editor, list, unlisted });
    check(model, world);
  }

  toString(): string {
    return `${this.more ? "add" : "change"}(${this.which}, ${this.line}, ${String(this.condition)})`;
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
    model.announce(editor);
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
      fc.boolean(),
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
