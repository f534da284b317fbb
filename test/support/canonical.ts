import type { DebugProtocol } from "@vscode/debugprotocol";
import type { TranscriptEntry } from "./dapClient.ts";

/**
 * Real adapters are not deterministic. What is set right here, each with its reason, is all that golden
 * transcripts forgive; everything else must be equal, message by message.
 *
 * For every adapter:
 * - Events race with responses: adapters send them from different threads. Between two requests of ours, responses
 *   come first; events keep their order among themselves.
 * - Some events come when they like (FLOATING) and are moved behind the session, by kind, in their order.
 * - The response to launch or attach likewise: before, between or after the configuration.
 * - `initialized` comes after the answer to `initialize` already, or after launch: always shown after launch.
 * - Output is cut into events wherever a pipe's buffer ended: it is joined by category. Telemetry is dropped.
 */
export interface CanonicalRules {
  /** Everything after the response to disconnect is chance. */
  readonly dropAfterDisconnect?: true;
  /** Incoming messages of which it depends on chance, or on what is installed, whether they come. */
  readonly drop?: (message: Loose) => boolean;
  /** Replaces parts of a message that depend on chance or on what is installed. */
  readonly edit?: (message: Loose) => Loose;
}

/** Any message, with the fields that rules look at. */
export interface Loose extends DebugProtocol.ProtocolMessage {
  readonly event?: string;
  readonly command?: string;
  readonly request_seq?: number;
  readonly body?: { readonly [key: string]: unknown };
}

const FLOATING: readonly string[] = ["process", "thread", "module", "loadedSource", "breakpoint", "output"];

export function canonicalize(
  transcript: readonly TranscriptEntry[],
  rules: CanonicalRules = {},
): TranscriptEntry[] {
  const all: readonly Entry[] = transcript;
  const end = all.findIndex(({ message }) => message.type === "response" && message.command === "disconnect");
  const kept = (rules.dropAfterDisconnect && end >= 0 ? all.slice(0, end + 1) : all)
    .filter(({ direction, message }) => direction === "out" || !isDropped(message, rules))
    .map((entry) => (rules.edit ? { ...entry, message: rules.edit(entry.message) } : entry));

  const session: Entry[] = [];
  const floating: Entry[] = [];
  let responses: Entry[] = [];
  let events: Entry[] = [];
  const endSegment = () => {
    responses.sort((a, b) => (a.message.request_seq ?? 0) - (b.message.request_seq ?? 0));
    session.push(...responses, ...events);
    responses = [];
    events = [];
  };
  for (const entry of kept) {
    if (rank(entry) !== undefined) floating.push(entry);
    else if (entry.direction === "out") {
      const early = isStart(entry.message)
        ? events.filter(({ message }) => message.event === "initialized")
        : [];
      events = events.filter((event) => !early.includes(event));
      endSegment();
      session.push(entry);
      events = early;
    } else (entry.message.type === "response" ? responses : events).push(entry);
  }
  endSegment();
  // Stable: within a kind, the order stays.
  floating.sort((a, b) => (rank(a) ?? 0) - (rank(b) ?? 0));
  return joinOutput([...session, ...floating]);
}

interface Entry {
  readonly direction: "in" | "out";
  readonly message: Loose;
}

/** Where among the floating messages one has its place; undefined for those that stay in the session. */
function rank({ direction, message }: Entry): number | undefined {
  const { type, event = "" } = message;
  if (type === "response" && isStart(message)) return 0;
  // A reverse request and our answer to it.
  if ((type === "request") === (direction === "in") && type !== "event") return 1;
  const index = type === "event" ? FLOATING.indexOf(event) : -1;
  return index < 0 ? undefined : 2 + index;
}

const isStart = ({ command }: Loose) => command === "launch" || command === "attach";

function isDropped(message: Loose, rules: CanonicalRules): boolean {
  if (message.event === "output" && message.body?.["category"] === "telemetry") return true;
  return rules.drop?.(message) ?? false;
}

/** One output event for each category, in the order in which they first appear by name. */
function joinOutput(entries: readonly Entry[]): Entry[] {
  const others = entries.filter(({ message }) => message.event !== "output");
  const texts = new Map<string, string>();
  for (const { message } of entries) {
    if (message.event !== "output") continue;
    const { category = "console", output = "" } = (message as DebugProtocol.OutputEvent).body;
    texts.set(category, (texts.get(category) ?? "") + output);
  }
  const joined = [...texts].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...others,
    ...joined.map(([category, output]): Entry => {
      return {
        direction: "in",
        message: { seq: 0, type: "event", event: "output", body: { category, output } },
      };
    }),
  ];
}
