import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { type Outcome, errorOutcome, isObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { Epoch, Execution } from "./execution.ts";
import { HandleBag } from "./handles.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import type { SelectedFrames } from "./selectedFrames.ts";
import { answerTooLarge } from "./upstream.ts";

interface QueriesHub {
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly rules: Rules;
  readonly numbers: RequestNumbers;
}

interface Query {
  readonly key: string;
  /** The stop that it is about (`lasting`: about none, and neither is what is in the answer). */
  readonly about: Epoch | "lasting" | undefined;
  readonly onAnswer: (outcome: Outcome) => void;
  readonly waiters: Set<ClientRequest>;
  /** Those that have gone to the adapter, with the numbers by which it knows them; the first answer serves all. */
  readonly sent: Map<ClientRequest, number | undefined>;
  /** The clients that got this answer when they asked for it: a client that asks again wants a fresh one. */
  readonly served: Set<Client>;
  /** The clients for which it was prefetched. */
  readonly prefetchedFor: Set<Client>;
  outcome: Outcome | undefined;
  bag: HandleBag | undefined;
  /** Runs while a client waits for what others have asked. */
  patience: NodeJS.Timeout | undefined;
}

/**
 * Requests without effect. Equal ones under way are one at the adapter, and an answer is kept until the program
 * resumes or something alters it: fifty guests cost the adapter what one does. A client that asks the same again
 * is sent to the adapter again, so that a single client cannot tell the hub from the adapter. An answer that never comes is
 * waited for only by those whose request the adapter has: after a while it gets another's, too.
 */
export class Queries {
  readonly #hub: QueriesHub;
  #kept = new Map<string, Query>();
  #keptBytes = 0;
  readonly #waiting = new Map<ClientRequest, Query>();
  readonly #execution: Execution;
  readonly #frames: SelectedFrames;

  constructor(hub: QueriesHub, execution: Execution, frames: SelectedFrames) {
    this.#hub = hub;
    this.#execution = execution;
    this.#frames = frames;
  }

  /**
   * Asks the adapter, or takes the answer that is known. The answer is kept only within the stop that the request is
   * `about` (`lasting`: it is about none, and neither is what is in the answer), and while no thread may run that could
   * make it untrue; `onAnswer` sees it once, whichever client asked.
   */
  ask(
    request: ClientRequest,
    about: Epoch | "lasting" | undefined,
    onAnswer: (outcome: Outcome) => void,
  ): void {
    const epoch = about === "lasting" ? undefined : about;
    const { client, command, args, isPrefetch } = request;
    if (command === "scopes") this.#frames.select(client, args.frameId, epoch);
    const key = `${command} ${epoch?.id ?? ""} ${this.#frames.keyOf(request)} ${canonical(args)}`;
    const known = this.#kept.get(key);
    const shares = isPrefetch || known?.prefetchedFor.has(client) || this.#hub.rules.binds(client);
    const kept = shares ? known : undefined;
    if (isPrefetch) kept?.prefetchedFor.add(client);
    if (kept !== undefined && kept.outcome === undefined && !asksAgain(kept, request)) {
      this.#wait(kept, request);
      return;
    }
    if (kept?.outcome !== undefined && !kept.served.has(request.client)) {
      this.#serve(kept, kept.outcome, request);
      return;
    }
    if (shares || known?.outcome !== undefined) this.#drop(key);
    const query: Query = {
      key,
      about,
      onAnswer,
      waiters: new Set([request]),
      sent: new Map(),
      served: new Set(),
      prefetchedFor: new Set(isPrefetch ? [client] : []),
      outcome: undefined,
      bag: undefined,
      patience: undefined,
    };
    if (!this.#kept.has(key)) this.#kept.set(key, query);
    this.#waiting.set(request, query);
    this.#send(query, request);
  }

  #send(query: Query, request: ClientRequest): void {
    query.sent.set(request, undefined);
    const take = (answer: Outcome) => this.#answered(query, request, answer);
    this.#frames.send(request, take, (seq) => {
      query.sent.set(request, seq);
      for (const waiter of query.waiters) this.#hub.numbers.shared(waiter, seq);
    });
  }

  /** It is answered by what another has asked, if that is answered soon. */
  #wait(query: Query, request: ClientRequest): void {
    query.waiters.add(request);
    this.#waiting.set(request, query);
    for (const seq of query.sent.values()) if (seq !== undefined) this.#hub.numbers.shared(request, seq);
    query.patience ??= setTimeout(() => this.#sendNext(query), LIMITS.othersAnswerMs);
  }

  #sendNext(query: Query): void {
    query.patience = undefined;
    const unsent = [...query.waiters].filter((waiter) => !query.sent.has(waiter));
    const { about } = query;
    // What a handle was given for may have become something else.
    const isOver = about !== undefined && about !== "lasting" && !about.open && unsent.some(hasHandle);
    for (const waiter of isOver ? unsent : []) {
      query.waiters.delete(waiter);
      this.#serve(query, errorOutcome(overtaken(waiter.command)), waiter);
    }
    const [next] = unsent;
    if (isOver || next === undefined) return;
    query.patience = setTimeout(() => this.#sendNext(query), LIMITS.othersAnswerMs);
    this.#send(query, next);
  }

  #answered(query: Query, { client, command, args }: ClientRequest, answer: Outcome): void {
    if (query.outcome !== undefined) return;
    clearTimeout(query.patience);
    const { key, about, onAnswer } = query;
    // An answer that points into the adapter's read buffer would keep that buffer alive.
    const body = answer.body === undefined ? undefined : detached(answer.body);
    const outcome = { ...answer, body };
    query.outcome = outcome;
    const epoch = about === "lasting" ? undefined : about;
    if (outcome.success && body !== undefined) {
      const now = this.#execution.epochOf(args.threadId) ?? this.#execution.latest();
      query.bag = new HandleBag(command, body, about === "lasting" ? undefined : (epoch ?? now));
    }
    if (outcome.success) onAnswer(outcome);
    const waiters = [...query.waiters];
    query.waiters.clear();
    const isKept = epoch?.open === true && outcome.success && this.#execution.allStand;
    if (this.#kept.get(key) === query) {
      if (isKept) this.#keep(key, body?.length ?? 0);
      else this.#kept.delete(key);
    }
    for (const waiter of waiters) {
      // What was too large for the guest that asked first.
      if (outcome.message === "tooLarge" && waiter.client.isLocal && !client.isLocal)
        this.ask(waiter, about, onAnswer);
      else this.#serve(query, outcome, waiter);
    }
  }

  /** Answers are no longer what the adapter would say. Those under way are still delivered. */
  invalidate(): void {
    this.#kept = new Map();
    this.#keptBytes = 0;
  }

  /**
   * Takes back a request (DAP: `cancel`). True if the client has its answer: the adapter is bothered (with the
   * request's `upstreamSeq`) only when no other client waits for the same.
   */
  cancel(request: ClientRequest): boolean {
    const query = this.#waiting.get(request);
    if (query === undefined) return false;
    const isSent =
      this.#hub.capabilities.supportsCancelRequest === true || !this.#hub.rules.binds(request.client);
    const seqs = [...query.sent.values()];
    const seq = query.sent.get(request) ?? seqs.at(-1);
    if (query.waiters.size === 1 && isSent) {
      request.upstreamSeq = seq;
      // Its answer may now be an error that no other client has asked for.
      for (const [key, kept] of this.#kept) if (kept === query) this.#kept.delete(key);
      return false;
    }
    query.waiters.delete(request);
    this.#waiting.delete(request);
    request.answer(errorOutcome(new AppError("cancelled", "Cancelled.")));
    return true;
  }

  /** A client has gone: nothing is owed to it. */
  forget(client: Client): void {
    for (const [request, query] of this.#waiting) {
      if (request.client !== client) continue;
      query.waiters.delete(request);
      this.#waiting.delete(request);
    }
    for (const query of this.#kept.values()) query.served.delete(client);
  }

  #serve(query: Query, outcome: Outcome, request: ClientRequest): void {
    this.#waiting.delete(request);
    if (!request.isPrefetch) query.served.add(request.client);
    const bytes = outcome.body?.length ?? 0;
    if (bytes > LIMITS.messageBytes && !request.client.isLocal) {
      request.refuse(answerTooLarge(bytes));
      return;
    }
    if (query.bag !== undefined) request.client.handles.add(query.bag);
    request.answer(outcome);
  }

  #keep(key: string, bytes: number): void {
    this.#keptBytes += bytes;
    if (this.#keptBytes <= LIMITS.queryCacheBytes) return;
    // Too much to keep: start anew. What is under way stays, or its equals would be asked twice.
    this.#kept = new Map([...this.#kept].filter(([, query]) => query.outcome === undefined));
    this.#keptBytes = 0;
    this.#kept.delete(key);
  }

  #drop(key: string): void {
    this.#keptBytes -= this.#kept.get(key)?.outcome?.body?.length ?? 0;
    this.#kept.delete(key);
  }
}

/** Whether the client itself has asked the same and waits for it: what it asks again goes to the adapter again. */
function asksAgain({ waiters }: Query, { client, isPrefetch }: ClientRequest): boolean {
  return !isPrefetch && [...waiters].some((waiter) => waiter.client === client && !waiter.isPrefetch);
}

function hasHandle({ command, args }: ClientRequest): boolean {
  return Object.keys(REQUESTS.get(command)?.handles ?? {}).some((name) => args[name] !== undefined);
}

function overtaken(command: string): AppError {
  return new AppError("staleHandle", `${command}: The program has moved on before the adapter has answered.`);
}

/** JSON with members in one order: two clients need not write theirs alike. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join()}}`;
}

/** The same bytes, without keeping a much larger buffer alive. */
export function detached(body: Buffer): Buffer {
  return body.buffer.byteLength > body.length * 2 + 1024 ? Buffer.from(body) : body;
}
