import { JsonValue, applyEdits } from "../dap/edits.ts";
import { encodeJson, isObject, objects, parseObject } from "../dap/messages.ts";
import type { AdapterStartup } from "./adapterStartup.ts";
import type { Breakpoints } from "./breakpoints.ts";
import type { Client } from "./client.ts";
import type { ClientStartup } from "./clientStartup.ts";
import type { Execution } from "./execution.ts";
import type { ExecutionControl } from "./executionControl.ts";
import { HandleBag } from "./handles.ts";
import type { Queries } from "./queries.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { ReverseRequests } from "./reverse.ts";
import type { Rules } from "./rules.ts";
import { type Snapshot, hasReferences, replayStops } from "./snapshot.ts";
import type { NamedSources } from "./sources.ts";
import type { AdapterEvent, Upstream } from "./upstream.ts";

interface AdapterEventsHub {
  readonly upstream: Upstream;
  readonly clients: ReadonlySet<Client>;
  readonly rules: Rules;
  readonly numbers: RequestNumbers;
  /**
   * Sends an event of the adapter to all live clients; the client that drives gets it whatever it is. `bodyFor`: a body
   * of their own.
   */
  passOn(event: AdapterEvent, bodyFor?: (client: Client) => Buffer | undefined): void;
}

/** The parts of the hub that an adapter's events concern. */
interface EventParts {
  readonly adapterStartup: AdapterStartup;
  readonly clientStartup: ClientStartup;
  readonly breakpoints: Breakpoints;
  readonly execution: Execution;
  readonly executionControl: ExecutionControl;
  readonly queries: Queries;
  readonly snapshot: Snapshot;
  readonly reverse: ReverseRequests;
  readonly sources: NamedSources;
}

/** Events of an adapter that no client has initialized are kept for the client that does, up to this many. */
const EARLY_EVENTS = 1_000;

/** From the adapter to the clients: every event goes to the part that it concerns, and to all clients. */
export class AdapterEvents {
  readonly #hub: AdapterEventsHub;
  readonly #parts: EventParts;
  #early: AdapterEvent[] = [];

  constructor(hub: AdapterEventsHub, parts: EventParts) {
    this.#hub = hub;
    this.#parts = parts;
  }

  handle(message: AdapterEvent): void {
    const { event, body, rest } = message;
    const { adapterStartup, clientStartup, executionControl, queries, reverse } = this.#parts;
    if (adapterStartup.phase !== "fresh") this.#early = [];
    else if (this.#early.length < EARLY_EVENTS) this.#early.push(message);
    switch (event) {
      case "initialized":
        clientStartup.adapterInitialized(message);
        return;
      case "stopped":
        executionControl.adapterStopped(body, (client, raw) => this.stoppedBody(client, raw), rest);
        return;
      case "continued":
        executionControl.adapterContinued(body, (client, raw) => this.stoppedBody(client, raw), rest);
        return;
      case "breakpoint":
        this.#breakpoint(message);
        return;
      case "invalidated":
        this.#invalidated(message);
        return;
      case "capabilities":
        adapterStartup.mergeCapabilities(body);
        break;
      case "thread":
        this.#thread(body);
        break;
      case "memory":
      case "module":
      case "loadedSource":
        queries.invalidate();
        break;
      case "output":
        this.#outputHandles(body);
        break;
      case "progressStart":
        this.#progressStarted(message);
        return;
      case "debugpyAttach":
        reverse.childOffered(event, body);
        return;
    }
    this.record(message);
    if (event === "terminated") executionControl.over();
  }

  /** Keeps an event for those who come later, and sends it to all who are here. */
  record(message: AdapterEvent): void {
    this.#parts.sources.note(message.event, message.body);
    this.#parts.snapshot.record(message.event, message.body);
    this.#hub.passOn(message);
  }

  /** What the adapter has said before a client has initialized it, for the client that is to drive it. */
  replayEarly(client: Client): void {
    for (const { event, body, rest } of this.#early) client.pass(event, body, rest);
  }

  /** Others show values that are no longer true: they are told to ask again (`body` as of DAP's `invalidated`). */
  altered(actor: Client | undefined, body: Buffer | undefined): void {
    this.#parts.queries.invalidate();
    this.#showAlteredValues(
      [...this.#hub.clients].filter((client) => client.live && client !== actor),
      body,
      undefined,
    );
  }

  /** The adapter's own word; nothing is translated for the client that drives. */
  #invalidated({ event, body, rest }: AdapterEvent): void {
    this.#parts.queries.invalidate();
    const others: Client[] = [];
    for (const client of this.#hub.clients) {
      if (!client.live) continue;
      if (this.#hub.rules.drives(client)) client.pass(event, body, rest);
      else others.push(client);
    }
    this.#showAlteredValues(others, body, rest);
  }

  #showAlteredValues(clients: readonly Client[], body: Buffer | undefined, rest: Buffer | undefined): void {
    const others: Client[] = [];
    for (const client of clients) {
      if (client.capabilities?.invalidated === true) client.event("invalidated", body, rest);
      else if (client.capabilities?.resumesFurtherStops === false) others.push(client);
    }
    if (others.length > 0) this.#whereOneStands(() => this.#stopAgain(others));
  }

  /** The body of a `stopped` event with the ids of the breakpoints as this client knows them. */
  stoppedBody(client: Client, raw: Buffer): Buffer {
    if (!raw.includes('"hitBreakpointIds"')) return raw;
    const body = parseObject(raw);
    const hit: unknown = body.hitBreakpointIds;
    if (!Array.isArray(hit)) return raw;
    const ids = this.#parts.breakpoints.hitIds(client, hit);
    const same = ids.length === hit.length && ids.every((id, i) => id === hit[i]);
    return same ? raw : encodeJson({ ...body, hitBreakpointIds: ids });
  }

  /** For clients that do not know `invalidated`: the stop once more, without taking the focus. */
  #stopAgain(clients: readonly Client[]): void {
    for (const client of clients) {
      if (client.gone) continue;
      replayStops(client, this.#parts.execution, (_client, raw) =>
        encodeJson({ ...parseObject(this.stoppedBody(client, raw)), preserveFocusHint: true }),
      );
    }
  }

  /** Calls back if exactly one thread stands. Where no client has asked which threads there are, the adapter is asked. */
  #whereOneStands(then: () => void): void {
    const { execution } = this.#parts;
    if (!execution.stopped) return;
    const count = execution.standingCount;
    if (count === 1) then();
    if (count !== undefined) return;
    const { version } = execution;
    this.#hub.upstream.request("threads", undefined, ({ success, body }) => {
      if (!success) return;
      execution.listed(threadIdsIn(body), version);
      if (execution.version === version && execution.standingCount === 1) then();
    });
  }

  #breakpoint(message: AdapterEvent): void {
    const { body, rest } = message;
    this.#parts.sources.note("breakpoint", body);
    const original = parseObject(body);
    const perClient = this.#parts.breakpoints.adapterEvent(original);
    if (perClient === undefined) {
      this.#hub.passOn(message);
      return;
    }
    const originalId = isObject(original.breakpoint) ? original.breakpoint.id : undefined;
    // Also to a client that is still joining: what it has listed was answered, so what becomes of it is its business.
    for (const client of this.#hub.clients) {
      for (const own of perClient(client)) {
        const same = isObject(own.breakpoint) && own.breakpoint.id === originalId;
        client.event("breakpoint", same ? body : encodeJson(own), rest);
      }
    }
  }

  #thread(body: Buffer | undefined): void {
    const { reason, threadId } = parseObject(body);
    this.#parts.queries.invalidate();
    if (typeof threadId !== "number") return;
    if (reason === "exited") this.#parts.execution.forget(threadId);
    else this.#parts.execution.add(threadId);
  }

  /** The request that it belongs to is told to those who have sent it, by their own numbers; to others it belongs to none. */
  #progressStarted(message: AdapterEvent): void {
    const { event, body } = message;
    const whole = body && new JsonValue(body);
    const requestId = whole?.member("requestId");
    if (body === undefined || whole === undefined || requestId === undefined) {
      this.record(message);
      return;
    }
    const id = requestId.number;
    const without = Buffer.concat(applyEdits(body, [whole.without("requestId")]));
    this.#parts.snapshot.record(event, without);
    this.#hub.passOn(message, (client) => {
      const own = this.#hub.numbers.of(id, client);
      return own === undefined ? without : Buffer.concat(applyEdits(body, [requestId.replacedBy(own)]));
    });
  }

  #outputHandles(body: Buffer | undefined): void {
    if (body === undefined || !hasReferences(body)) return;
    // DAP (Lifetime of Object References): what is printed belongs to no stop, also if it is printed at one.
    const bag = new HandleBag("output", body, undefined);
    for (const client of this.#hub.clients) if (client.live) client.handles.add(bag);
  }
}

/** The threads in the answer to `threads`. */
export function threadIdsIn(body: Buffer | undefined): number[] {
  return objects(parseObject(body).threads).flatMap(({ id }) => (typeof id === "number" ? [id] : []));
}
