import { encodeJson, isObject, objects, parseObject } from "../dap/messages.ts";
import type { Client } from "./client.ts";
import type { HubContext, Parts } from "./context.ts";
import { HandleBag } from "./handles.ts";
import { replayStops } from "./snapshot.ts";

/** Events of an adapter that nobody has initialized are kept for the one who does, up to this many. */
const EARLY_EVENTS = 1_000;

/** From the adapter to the clients: every event goes to the part that it concerns, and to everybody. */
export class AdapterEvents {
  readonly #hub: HubContext;
  readonly #parts: Parts;
  #early: { readonly event: string; readonly body: Buffer | undefined }[] = [];

  constructor(hub: HubContext, parts: Parts) {
    this.#hub = hub;
    this.#parts = parts;
  }

  handle(event: string, body: Buffer | undefined): void {
    const { lifecycle, steering, queries, reverse } = this.#parts;
    if (lifecycle.phase === "fresh" && this.#early.length < EARLY_EVENTS) this.#early.push({ event, body });
    switch (event) {
      case "initialized":
        lifecycle.adapterInitialized(body);
        return;
      case "stopped":
        steering.adapterStopped(body, (client, raw) => this.stoppedBody(client, raw));
        return;
      case "continued":
        steering.adapterContinued(body, (client, raw) => this.stoppedBody(client, raw));
        return;
      case "breakpoint":
        this.#breakpoint(body);
        return;
      case "invalidated":
        this.altered(undefined, body);
        return;
      case "capabilities":
        lifecycle.mergeCapabilities(body);
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
      case "debugpyAttach":
        reverse.childOffered(event, body);
        return;
    }
    this.record(event, body);
    if (event === "terminated") steering.over();
  }

  /** Keeps an event for those who come later, and sends it to all who are here. */
  record(event: string, body: Buffer | undefined): void {
    this.#parts.sources.note(event, body);
    this.#parts.snapshot.record(event, body);
    this.#hub.broadcast(event, body);
  }

  /** What the adapter said before anybody was there, for the client that initializes it. */
  replayEarly(client: Client): void {
    for (const { event, body } of this.#early.splice(0)) client.event(event, body);
  }

  /** Others show values that are no longer true: they are told to ask again (`body` as of DAP's `invalidated`). */
  altered(actor: Client | undefined, body: Buffer | undefined): void {
    this.#parts.queries.invalidate();
    const others: Client[] = [];
    for (const client of this.#hub.clients) {
      if (!client.live || client === actor) continue;
      if (client.profile?.invalidated === true) client.event("invalidated", body);
      else if (client.profile?.resumesFurtherStops === false) others.push(client);
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

  /** Calls back if exactly one thread stands. Where nobody has asked which threads there are, the adapter is asked. */
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

  #breakpoint(body: Buffer | undefined): void {
    this.#parts.sources.note("breakpoint", body);
    const original = parseObject(body);
    const perClient = this.#parts.breakpoints.adapterEvent(original);
    if (perClient === undefined) {
      this.#hub.broadcast("breakpoint", body);
      return;
    }
    const originalId = isObject(original.breakpoint) ? original.breakpoint.id : undefined;
    // Also to one who is still joining: what it has listed was answered, so what becomes of it is its business.
    for (const client of this.#hub.clients) {
      for (const own of perClient(client)) {
        const same = isObject(own.breakpoint) && own.breakpoint.id === originalId;
        client.event("breakpoint", same ? body : encodeJson(own));
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

  #outputHandles(body: Buffer | undefined): void {
    if (body === undefined || !body.includes('"variablesReference"')) return;
    const bag = new HandleBag("output", body, this.#parts.execution.latest());
    for (const client of this.#hub.clients) if (client.live) client.handles.add(bag);
  }
}

/** The threads in the answer to `threads`. */
export function threadIdsIn(body: Buffer | undefined): number[] {
  return objects(parseObject(body).threads).flatMap(({ id }) => (typeof id === "number" ? [id] : []));
}
