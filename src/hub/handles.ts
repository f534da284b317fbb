import { collectNumbers, collectStrings } from "../dap/envelope.ts";
import { objects, parseObject } from "../dap/messages.ts";
import type { HandleKind } from "../dap/requests.ts";
import type { Epoch } from "./execution.ts";

/** The numbers that one message gave out. Shared by all clients that got the message; read from it on demand. */
export class HandleBag {
  /** The stop that they belong to; undefined: typed, printed or given out while the program ran: no resume ends them. */
  readonly epoch: Epoch | undefined;
  readonly #command: string;
  #body: Buffer | undefined;
  #numbers: ReadonlyMap<HandleKind, ReadonlySet<number>> = new Map();
  #memory: ReadonlySet<string> = new Set();

  constructor(command: string, body: Buffer, epoch: Epoch | undefined) {
    this.#command = command;
    this.#body = body;
    this.epoch = epoch;
  }

  has(kind: HandleKind, handle: number): boolean {
    return this.numbers().get(kind)?.has(handle) ?? false;
  }

  numbers(): ReadonlyMap<HandleKind, ReadonlySet<number>> {
    this.#read();
    return this.#numbers;
  }

  /** The references to memory in it that are the adapter's own. */
  memoryReferences(): ReadonlySet<string> {
    if (GIVING_MEMORY.has(this.#command)) this.#read();
    return this.#memory;
  }

  #read(): void {
    if (this.#body === undefined) return;
    this.#numbers = readHandles(this.#command, this.#body);
    if (GIVING_MEMORY.has(this.#command)) this.#memory = readMemoryReferences(this.#body);
    this.#body = undefined;
  }
}

/** Names under which DAP's messages hold references; the rest is by command. */
const VARIABLE_MEMBERS = ["variablesReference"];
const LOCATION_MEMBERS = ["valueLocationReference", "declarationLocationReference", "locationReference"];
/** Not `evaluate` and the like: their references may repeat an expression of the client's. */
const GIVING_MEMORY = new Set(["stackTrace", "variables", "gotoTargets"]);
const MEMORY_MEMBERS = ["memoryReference", "instructionPointerReference"];

function readMemoryReferences(body: Buffer): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of MEMORY_MEMBERS) collectStrings(body, name, found);
  return found;
}

function readHandles(command: string, body: Buffer): ReadonlyMap<HandleKind, ReadonlySet<number>> {
  const found = new Map<HandleKind, Set<number>>();
  const into = (kind: HandleKind): Set<number> => {
    const set = found.get(kind) ?? new Set<number>();
    found.set(kind, set);
    return set;
  };
  for (const name of VARIABLE_MEMBERS) collectNumbers(body, name, into("variables"));
  for (const name of LOCATION_MEMBERS) collectNumbers(body, name, into("location"));
  // Ids without a telling name are read from the responses that hold them; those are small.
  if (command === "stackTrace") addIds(parseObject(body).stackFrames, into("frame"));
  if (command === "stepInTargets" || command === "gotoTargets")
    addIds(parseObject(body).targets, into("target"));
  return found;
}

function addIds(items: unknown, into: Set<number>): void {
  for (const item of objects(items)) if (typeof item.id === "number") into.add(item.id);
}

/** So many answers of stops that another client has ended are remembered, for the client that drives. */
const OVERTAKEN_ANSWERS = 50;

/** Handles that outlive a resume are kept up to this many of a kind; the oldest go first. */
const LASTING_HANDLES = 10_000;

/**
 * What one client has been given. A client may use a number only if it got that number in a stop that is not over:
 * adapters count anew at each stop, so an old number may by now name another object.
 */
export class IssuedHandles {
  #bags: HandleBag[] = [];
  /** Of stops that are over, and that another client has ended. */
  #overtaken: HandleBag[] = [];
  /** Where a handle was found last: clients ask about the same few again and again. */
  readonly #found = new Map<HandleKind, Map<number, HandleBag>>();
  readonly #lasting = new Set<string>();
  /** References to memory, of stops that are over, too: DAP does not end them. */
  readonly #memory = new Set<string>();

  add(bag: HandleBag): void {
    if (bag.epoch !== undefined) {
      this.#bags.push(bag);
      return;
    }
    for (const [kind, numbers] of bag.numbers())
      for (const handle of numbers) this.#lasting.add(`${kind}:${handle}`);
    forgetOldest(this.#lasting);
    this.#keepMemory(bag);
  }

  /**
   * The program has stopped: forgets what belongs to stops that are over. Frames are of no other time than a stop.
   * `driver`: of the client that drives, it is remembered what others have taken from it.
   */
  prune(driver?: object): void {
    for (const lasting of this.#lasting) if (/^(frame|target):/.test(lasting)) this.#lasting.delete(lasting);
    const isOpen = (bag: HandleBag) => bag.epoch?.open === true;
    for (const bag of this.#bags) {
      if (isOpen(bag)) continue;
      this.#keepMemory(bag);
      const mover = bag.epoch?.endedBy;
      if (driver === undefined || mover === undefined || mover === driver) continue;
      // Its numbers are read now: they are less to keep than the answer.
      if (bag.numbers().size > 0) this.#overtaken.push(bag);
    }
    this.#overtaken = this.#overtaken.slice(-OVERTAKEN_ANSWERS);
    this.#bags = this.#bags.filter(isOpen);
    this.#found.clear();
  }

  /** Whether the client may use the handle now, and the stop that it belongs to, or did. */
  find(kind: HandleKind, handle: number): { valid: boolean; epoch: Epoch | undefined } {
    const known = this.#found.get(kind) ?? new Map<number, HandleBag>();
    this.#found.set(kind, known);
    const isOpen = (candidate: HandleBag) => candidate.epoch?.open === true;
    const last = known.get(handle);
    const bag =
      last !== undefined && isOpen(last)
        ? last
        : this.#bags.findLast((candidate) => isOpen(candidate) && candidate.has(kind, handle));
    if (bag !== undefined) {
      known.set(handle, bag);
      return { valid: true, epoch: bag.epoch };
    }
    if (this.#lasting.has(`${kind}:${handle}`)) return { valid: true, epoch: undefined };
    const over = [...this.#overtaken, ...this.#bags].findLast((candidate) => candidate.has(kind, handle));
    return { valid: false, epoch: over?.epoch };
  }

  /** Whether the client was given that reference to memory, at any time. */
  hasMemoryReference(reference: string): boolean {
    return this.#memory.has(reference) || this.#bags.some((bag) => bag.memoryReferences().has(reference));
  }

  #keepMemory(bag: HandleBag): void {
    for (const reference of bag.memoryReferences()) this.#memory.add(reference);
    forgetOldest(this.#memory);
  }
}

function forgetOldest(lasting: Set<string>): void {
  for (const oldest of lasting) {
    if (lasting.size <= LASTING_HANDLES) break;
    lasting.delete(oldest);
  }
}
