import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { type Outcome, errorOutcome, isObject } from "../dap/messages.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { HubContext } from "./context.ts";
import type { Epoch, Execution } from "./execution.ts";
import { HandleBag } from "./handles.ts";
import type { SelectedFrames } from "./selectedFrames.ts";
import { answerTooLarge } from "./upstream.ts";

interface Query {
  readonly waiters: Set<ClientRequest>;
  /** Who got this answer when they asked for it: somebody who asks again wants a fresh one. */
  readonly served: Set<Client>;
  /** For whom it was asked ahead. */
  readonly ahead: Set<Client>;
  upstreamSeq: number | undefined;
  outcome: Outcome | undefined;
  bag: HandleBag | undefined;
}

/**
 * Requests without effect. Equal ones under way are one at the adapter, and an answer is kept until the program
 * resumes or something alters it: fifty guests cost the adapter what one does. A client that asks the same again
 * is sent to the adapter again, so that a single client cannot tell the hub from the adapter.
 */
export class Queries {
  readonly #hub: HubContext;
  #kept = new Map<string, Query>();
  #keptBytes = 0;
  readonly #waiting = new Map<ClientRequest, Query>();
  readonly #execution: Execution;
  readonly #frames: SelectedFrames;

  constructor(hub: HubContext, execution: Execution, frames: SelectedFrames) {
    this.#hub = hub;
    this.#execution = execution;
    this.#frames = frames;
  }

  /**
   * Asks the adapter, or takes the answer that is known. The answer is kept only within the stop that the request is
   * `about` (`lasting`: it is about none, and neither is what is in the answer), and while no thread may run that could
   * make it untrue; `onAnswer` sees it once, whoever asked.
   */
  ask(
    request: ClientRequest,
    about: Epoch | "lasting" | undefined,
    onAnswer: (outcome: Outcome) => void,
  ): void {
    const epoch = about === "lasting" ? undefined : about;
    const { client, command, args, isAhead } = request;
    if (command === "scopes") this.#frames.select(client, args.frameId, epoch);
    const key = `${command} ${epoch?.id ?? ""} ${this.#frames.keyOf(request)} ${canonical(args)}`;
    const known = this.#kept.get(key);
    const shares = isAhead || known?.ahead.has(client) || this.#hub.rules.binds(client);
    const kept = shares ? known : undefined;
    if (isAhead) kept?.ahead.add(client);
    if (kept !== undefined && kept.outcome === undefined) {
      kept.waiters.add(request);
      this.#waiting.set(request, kept);
      if (kept.upstreamSeq !== undefined) this.#hub.numbers.shared(request, kept.upstreamSeq);
      return;
    }
    if (kept?.outcome !== undefined && !kept.served.has(request.client)) {
      this.#serve(kept, kept.outcome, request);
      return;
    }
    if (shares || known?.outcome !== undefined) this.#drop(key);
    const query: Query = {
      waiters: new Set([request]),
      served: new Set(),
      ahead: new Set(isAhead ? [client] : []),
      upstreamSeq: undefined,
      outcome: undefined,
      bag: undefined,
    };
    if (!this.#kept.has(key)) this.#kept.set(key, query);
    this.#waiting.set(request, query);
    const take = (answer: Outcome) => {
      // An answer that points into the adapter's read buffer would keep that buffer alive.
      const body = answer.body === undefined ? undefined : detached(answer.body);
      const outcome = { ...answer, body };
      query.outcome = outcome;
      if (outcome.success && body !== undefined)
        query.bag = new HandleBag(
          command,
          body,
          about === "lasting" ? undefined : (epoch ?? this.#epochNow(request)),
        );
      if (outcome.success) onAnswer(outcome);
      const waiters = [...query.waiters];
      query.waiters.clear();
      const isKept = epoch?.open === true && outcome.success && this.#execution.allStand;
      if (this.#kept.get(key) === query) {
        if (isKept) this.#keep(key, body?.length ?? 0);
        else this.#kept.delete(key);
      }
      for (const waiter of waiters) {
        // What was too large for the guest who asked first.
        if (outcome.message === "tooLarge" && waiter.client.isLocal && !isWhole)
          this.ask(waiter, epoch, onAnswer);
        else this.#serve(query, outcome, waiter);
      }
    };
    const isWhole = client.isLocal;
    this.#frames.send(request, take, (seq) => {
      query.upstreamSeq = seq;
      for (const waiter of query.waiters) this.#hub.numbers.shared(waiter, seq);
    });
  }

  /** Answers are no longer what the adapter would say. Those under way are still delivered. */
  invalidate(): void {
    this.#kept = new Map();
    this.#keptBytes = 0;
  }

  /**
   * Takes back a request (DAP: `cancel`). True if the client has its answer: the adapter is bothered (with the
   * request's `upstreamSeq`) only when nobody else waits for the same.
   */
  cancel(request: ClientRequest): boolean {
    const query = this.#waiting.get(request);
    if (query === undefined) return false;
    const isSent =
      this.#hub.capabilities.supportsCancelRequest === true || !this.#hub.rules.binds(request.client);
    if (query.waiters.size === 1 && isSent) {
      request.upstreamSeq = query.upstreamSeq;
      // Its answer may now be an error that nobody else has asked for.
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

  /** The stop that an answer is about which was asked for while its thread ran. */
  #epochNow({ args }: ClientRequest): Epoch | undefined {
    return this.#execution.epochOf(args.threadId) ?? this.#execution.latest();
  }

  #serve(query: Query, outcome: Outcome, request: ClientRequest): void {
    this.#waiting.delete(request);
    if (!request.isAhead) query.served.add(request.client);
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
