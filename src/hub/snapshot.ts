import { LIMITS } from "../common/limits.ts";
import { type JsonObject, encodeJson, isObject, parseObject } from "../dap/messages.ts";
import type { Client } from "./client.ts";
import type { Execution } from "./execution.ts";
import { HandleBag } from "./handles.ts";
import { detached } from "./queries.ts";

/**
 * How a late client gets each event of the past. `last`: the last one; `byKey`: the last of each key, until one says
 * that the thing is gone; `ring`: the newest up to a number of bytes; `none`: of no interest afterwards, or kept by
 * another part of the hub (stops, breakpoints, capabilities).
 */
type Policy =
  | { readonly keep: "none" | "last" | "ring" }
  | { readonly keep: "byKey"; key(body: JsonObject): unknown; ends(body: JsonObject): boolean };

const idOf = (value: unknown): unknown =>
  isObject(value) ? (value.id ?? value.path ?? value.name) : undefined;

const POLICIES: Readonly<Record<string, Policy>> = {
  process: { keep: "last" },
  thread: { keep: "byKey", key: (body) => body.threadId, ends: (body) => body.reason === "exited" },
  module: { keep: "byKey", key: (body) => idOf(body.module), ends: (body) => body.reason === "removed" },
  loadedSource: {
    keep: "byKey",
    key: (body) => sourceKey(body.source),
    ends: (body) => body.reason === "removed",
  },
  output: { keep: "ring" },
  progressStart: { keep: "byKey", key: (body) => body.progressId, ends: () => false },
  exited: { keep: "last" },
  terminated: { keep: "last" },
};
const NOT_KEPT: Policy = { keep: "none" };

/** The order in which a late client gets what was kept; stops come last of all, from `Execution`. */
const ORDER = ["process", "thread", "module", "loadedSource"] as const;

interface Kept {
  readonly event: string;
  readonly body: Buffer | undefined;
}

/** The past of a session as a late client needs it: bounded, and cheap while no client asks. */
export class Snapshot {
  readonly #byKey = new Map<string, Map<unknown, Kept>>();
  readonly #last = new Map<string, Kept>();
  #ring: Buffer[] = [];
  #ringStart = 0;
  #ringBytes = 0;

  /** Takes in an event of the adapter. */
  record(event: string, body: Buffer | undefined): void {
    const policy = POLICIES[event] ?? NOT_KEPT;
    // A program that starts after one has ended, however it came to that: the end is of the past.
    if (event === "process" && this.#last.has("exited")) this.#forgetProgram();
    if (policy.keep === "last") this.#last.set(event, keep(event, body));
    else if (policy.keep === "ring" && body !== undefined) this.#recordOutput(body);
    else if (policy.keep === "byKey") this.#recordByKey(event, policy, body);
    else if (event === "progressEnd" || event === "progressUpdate") this.#recordProgress(event, body);
  }

  /** Whether there has been a process or a thread. */
  get sawProgram(): boolean {
    return this.#last.has("process") || this.#byKey.has("thread");
  }

  get terminated(): boolean {
    return this.#last.has("terminated");
  }

  /** A new start within the session: its end is of the past. */
  restarted(): void {
    this.#last.delete("exited");
    this.#last.delete("terminated");
  }

  /** What was the old program's own. */
  #forgetProgram(): void {
    this.#last.delete("exited");
    for (const event of ["thread", "module", "loadedSource"]) this.#byKey.delete(event);
  }

  /** Shows a client the present up to the breakpoints; `replayOutput` and `replayEnd` follow after those. */
  replayState(client: Client): void {
    for (const event of ORDER) {
      const last = this.#last.get(event);
      if (last !== undefined) client.event(last.event, last.body);
      for (const kept of this.#byKey.get(event)?.values() ?? []) client.event(kept.event, kept.body);
    }
  }

  replayOutput(client: Client): void {
    for (const body of this.#ring.slice(this.#ringStart)) client.event("output", body);
    for (const kept of this.#byKey.get("progressStart")?.values() ?? []) client.event(kept.event, kept.body);
  }

  replayEnd(client: Client): void {
    for (const event of ["exited", "terminated"]) {
      const last = this.#last.get(event);
      if (last !== undefined) client.event(last.event, last.body);
    }
  }

  #recordByKey(event: string, policy: Extract<Policy, { keep: "byKey" }>, body: Buffer | undefined): void {
    const parsed = parseObject(body);
    const kept = this.#byKey.get(event) ?? new Map<unknown, Kept>();
    this.#byKey.set(event, kept);
    const key = policy.key(parsed);
    if (policy.ends(parsed)) kept.delete(key);
    // To a late client also what has changed since is new.
    else if (parsed.reason === "changed")
      kept.set(key, { event, body: encodeJson({ ...parsed, reason: "new" }) });
    else kept.set(key, keep(event, body));
  }

  #recordProgress(event: string, body: Buffer | undefined): void {
    const { progressId, ...rest } = parseObject(body);
    const open = this.#byKey.get("progressStart");
    const start = open?.get(progressId);
    if (open === undefined || start === undefined) return;
    // A late client gets one start that says what the updates have said since.
    if (event === "progressEnd") open.delete(progressId);
    else
      open.set(progressId, {
        event: "progressStart",
        body: encodeJson({ ...parseObject(start.body), ...rest }),
      });
  }

  #recordOutput(body: Buffer): void {
    // Telemetry is for the client that started the session, and not for people.
    if (body.includes('"telemetry"') && parseObject(body).category === "telemetry") return;
    const line = withoutHandles(detached(body));
    this.#ring.push(line);
    this.#ringBytes += line.length;
    while (this.#ringBytes > LIMITS.outputRingBytes && this.#ringStart < this.#ring.length) {
      this.#ringBytes -= this.#ring[this.#ringStart]?.length ?? 0;
      this.#ring[this.#ringStart] = EMPTY;
      this.#ringStart++;
    }
    // Compacted now and then, so that dropping the oldest costs nothing per message.
    if (this.#ringStart > 1024 && this.#ringStart * 2 > this.#ring.length) {
      this.#ring = this.#ring.slice(this.#ringStart);
      this.#ringStart = 0;
    }
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * Tells a client what stands, with the fewest events that say it: some resume the thread of each further `stopped`.
 * One for an all-stop, then which of its threads run; otherwise one for each thread, in the order in which they
 * stopped, so the last has the focus.
 */
export function replayStops(
  client: Client,
  execution: Execution,
  bodyFor: (client: Client, raw: Buffer) => Buffer,
): void {
  const { stops, events, running } = execution.present;
  const one = client.capabilities?.resumesFurtherStops === true;
  for (const { stop, raw } of one ? events.slice(-1) : events) {
    client.handles.add(new HandleBag("stopped", raw, execution.epochOf(stop.threadId) ?? execution.latest()));
    client.stopped(stop, bodyFor(client, raw));
  }
  for (const stop of stops) client.toldStops.add(stop);
  for (const threadId of running)
    client.event("continued", encodeJson({ threadId, allThreadsContinued: false }));
}

function keep(event: string, body: Buffer | undefined): Kept {
  return { event, body: body === undefined ? undefined : detached(body) };
}

function sourceKey(source: unknown): unknown {
  if (!isObject(source)) return undefined;
  return typeof source.sourceReference === "number" && source.sourceReference > 0
    ? source.sourceReference
    : idOf(source);
}

/** Whether an `output` may refer to something. */
export function hasReferences(body: Buffer): boolean {
  return body.includes('"variablesReference"') || body.includes('"locationReference"');
}

/** Past output without references: they meant something only while the program stood there. */
function withoutHandles(body: Buffer): Buffer {
  if (!hasReferences(body)) return body;
  return encodeJson({ ...parseObject(body), variablesReference: undefined, locationReference: undefined });
}
