import { collectNumbers } from "../dap/envelope.ts";
import { objects, parseObject } from "../dap/messages.ts";
import type { HandleKind } from "../dap/requests.ts";
import type { Epoch } from "./execution.ts";

/** The numbers that one message gave out. Shared by all clients that got the message; read from it on demand. */
export class HandleBag {
  /** The stop that they belong to; undefined: given out while the program ran, so no resume ends them. */
  readonly epoch: Epoch | undefined;
  readonly #command: string;
  #body: Buffer | undefined;
  #numbers: ReadonlyMap<HandleKind, ReadonlySet<number>> | undefined;

  constructor(command: string, body: Buffer, epoch: Epoch | undefined) {
    this.#command = command;
    this.#body = body;
    this.epoch = epoch;
  }

  has(kind: HandleKind, handle: number): boolean {
    return this.numbers().get(kind)?.has(handle) ?? false;
  }

  numbers(): ReadonlyMap<HandleKind, ReadonlySet<number>> {
    if (this.#numbers === undefined) {
      this.#numbers = readHandles(this.#command, this.#body ?? Buffer.alloc(0));
      this.#body = undefined;
    }
    return this.#numbers;
  }
}

/** Names under which DAP's messages hold references; the rest is by command. */
const VARIABLE_MEMBERS = ["variablesReference"];
const LOCATION_MEMBERS = ["valueLocationReference", "declarationLocationReference", "locationReference"];

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

/** Handles that outlive a resume are kept up to this many; the oldest go first. */
const LASTING_HANDLES = 10_000;

/**
 * What one client has been given. A client may use a number only if it got that number in a stop that is not over:
 * adapters count anew at each stop, so an old number may by now name another object.
 */
export class IssuedHandles {
  #bags: HandleBag[] = [];
  /** Where a handle was found last: clients ask about the same few again and again. */
  readonly #found = new Map<HandleKind, Map<number, HandleBag>>();
  readonly #lasting = new Set<string>();

  add(bag: HandleBag): void {
    if (bag.epoch !== undefined) {
      this.#bags.push(bag);
      return;
    }
    for (const [kind, numbers] of bag.numbers())
      for (const handle of numbers) this.#lasting.add(`${kind}:${handle}`);
    for (const oldest of this.#lasting) {
      if (this.#lasting.size <= LASTING_HANDLES) break;
      this.#lasting.delete(oldest);
    }
  }

  /** The program has stopped: forgets what belongs to stops that are over. Frames are of no other time than a stop. */
  prune(): void {
    for (const lasting of this.#lasting) if (/^(frame|target):/.test(lasting)) this.#lasting.delete(lasting);
    this.#bags = this.#bags.filter((bag) => bag.epoch?.open === true);
    this.#found.clear();
  }

  /** Whether the client may use the handle now, and the stop that it belongs to. */
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
    return { valid: this.#lasting.has(`${kind}:${handle}`), epoch: undefined };
  }
}
