import { LIMITS } from "../common/limits.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";

/** What does not wait behind a client's own queries: it ends them, or takes back one of them. */
const URGENT = new Set(["cancel", "pause", "disconnect", "terminate"]);

interface Turn {
  /** Queries that the adapter may be busy with. */
  readonly asked: Set<ClientRequest>;
  /** What the client has sent since, in order. */
  readonly waiting: ClientRequest[];
  /** Runs while something waits. */
  patience: NodeJS.Timeout | undefined;
}

/**
 * One client's hundreds of queries must not stand before another's at the adapter, which takes them one after the other:
 * while others take part, a client has a few under way there, and what it sends after them waits here, in order. A
 * client that is alone never waits. One that the adapter does not answer counts no more after a while: others go on in its place.
 */
export class QueryTurns {
  readonly #turns = new Map<Client, Turn>();
  readonly #isAlone: (client: Client) => boolean;
  readonly #pass: (request: ClientRequest) => void;

  /** `pass` deals with a request: what stands against it is looked at then, not when it came. */
  constructor(isAlone: (client: Client) => boolean, pass: (request: ClientRequest) => void) {
    this.#isAlone = isAlone;
    this.#pass = pass;
  }

  take(request: ClientRequest): void {
    const turn = this.#turnOf(request.client);
    if (isUrgent(request)) this.#pass(request);
    else if (turn.waiting.length > 0 || this.#isFull(turn, request)) {
      turn.waiting.push(request);
      turn.patience ??= this.#awaitAnswer(turn);
    } else this.#ask(turn, request);
  }

  /** A request of that client has its answer. */
  answered(request: ClientRequest): void {
    const turn = this.#turns.get(request.client);
    if (turn?.asked.delete(request) !== true || turn.waiting.length === 0) return;
    clearTimeout(turn.patience);
    turn.patience = this.#awaitAnswer(turn);
    // Not within the delivery of the answer.
    queueMicrotask(() => this.#goOn(turn));
  }

  /** A client has come or gone: one that is alone now does not wait any more. */
  othersChanged(): void {
    for (const turn of this.#turns.values()) this.#goOn(turn);
  }

  /** Takes back a request that still waits. False if it does not. */
  withdraw(request: ClientRequest): boolean {
    const waiting = this.#turns.get(request.client)?.waiting ?? [];
    const index = waiting.indexOf(request);
    if (index >= 0) waiting.splice(index, 1);
    return index >= 0;
  }

  /** The client has gone, or belongs to another session. Returns what it has not been answered. */
  forget(client: Client): readonly ClientRequest[] {
    const turn = this.#turns.get(client);
    clearTimeout(turn?.patience);
    const waiting = turn?.waiting.splice(0) ?? [];
    this.#turns.delete(client);
    return waiting;
  }

  #goOn(turn: Turn): void {
    for (let next = turn.waiting[0]; next !== undefined; next = turn.waiting[0]) {
      if (this.#isFull(turn, next)) return;
      turn.waiting.shift();
      this.#ask(turn, next);
    }
    clearTimeout(turn.patience);
    turn.patience = undefined;
  }

  #awaitAnswer(turn: Turn): NodeJS.Timeout {
    return setTimeout(() => {
      const [oldest] = turn.asked;
      if (oldest !== undefined) turn.asked.delete(oldest);
      turn.patience = this.#awaitAnswer(turn);
      this.#goOn(turn);
    }, LIMITS.othersAnswerMs);
  }

  #ask(turn: Turn, request: ClientRequest): void {
    if (isQuery(request)) turn.asked.add(request);
    this.#pass(request);
  }

  #isFull({ asked }: Turn, request: ClientRequest): boolean {
    return asked.size >= LIMITS.queriesUnderWay && isQuery(request) && !this.#isAlone(request.client);
  }

  #turnOf(client: Client): Turn {
    let turn = this.#turns.get(client);
    if (turn === undefined)
      this.#turns.set(client, (turn = { asked: new Set(), waiting: [], patience: undefined }));
    return turn;
  }
}

/** What neither waits behind others nor makes them wait. */
export function isUrgent({ command }: ClientRequest): boolean {
  return URGENT.has(command) || REQUESTS.get(command)?.kind === "lifecycle";
}

/** What has no effect. What has one is the business of those who may have it: they can keep the adapter busy anyway. */
function isQuery({ command, args }: ClientRequest): boolean {
  const kind = REQUESTS.get(command)?.kind;
  return kind === "query" || (kind === "evaluate" && (args.context ?? "repl") !== "repl");
}
