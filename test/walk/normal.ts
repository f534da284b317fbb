import type { DebugProtocol } from "@vscode/debugprotocol";
import { type CanonicalRules, type Loose, canonicalize } from "../support/canonical.ts";
import type { TranscriptEntry } from "../support/dapClient.ts";
import { GOLDEN_RULES, fromFirstStop } from "../support/golden.ts";
import { normalize } from "../support/normalize.ts";
import type { Ground } from "./grounds.ts";
import type { Told, Walked } from "./walk.ts";

/** From there on the hub counts for an adapter that gives a breakpoint no id. */
const FIRST_ID_OF_HUB = 1_000_000_000;

/**
 * What makes two walks comparable; all else must be equal, message by message.
 *
 * - Ids and references become placeholders by order of first use, addresses and process ids likewise (normalize.ts).
 * - Output is joined by category, and events are a partial order: between two requests, answers stand before events, and
 *   events that come when they like stand behind all, by kind, in their order (canonical.ts).
 * - Before `initialize` is answered nothing has been set going, so there the order is kept, by name; but telemetry has none.
 * - What comes after `disconnect` is sent is chance, as a walk may leave a program that runs on.
 * - Variables are in the order of their names: objects of JavaScript have none of their own. Delve shows a function's result
 *   before there is one: its value is chance.
 * - Statistics, and the frames and scripts of runtimes, are there on both sides; what is in them is chance.
 * - A child session is always joined late, so there what comes before its first stop is not compared.
 */
export function alone(ground: Ground, { transcript }: Walked): string[] {
  const { golden, session } = ground.entry;
  const ending = transcript.findIndex(
    ({ message }) => "command" in message && message.command === "disconnect",
  );
  const begun = transcript.slice(0, ending < 0 ? undefined : ending);
  const lines = normalize(canonicalize(session.child ? fromFirstStop(begun) : begun, rulesOf(golden)));
  return [...(session.child ? [] : [opening(transcript)]), ...lines.map((line) => JSON.stringify(line))];
}

/**
 * The same for several people, of whom each sees the messages of others as little as if alone: answers and stops, each
 * person's numbered for themselves, and anew from each stop on: the adapter is asked less often through the hub, so that it
 * gives out fewer numbers. Ids of breakpoints in stops are left out, because each client has its own. So are those that the hub
 * gives to breakpoints without any, so that it can tell one person that another has taken one away.
 */
export function together({ entry: { golden } }: Ground, { told, ended, transcript }: Walked): string[] {
  const { drop, edit = (message: Loose) => message } = rulesOf(golden);
  const lines = told.flatMap((mine, person) =>
    byStop(mine).flatMap((stop) => {
      const kept = stop
        .map(({ at, entry }) => ({ at, entry: { ...entry, message: withoutIds(edit(entry.message)) } }))
        .filter(({ entry }) => drop?.(entry.message) !== true);
      return normalize(kept.map(({ entry }) => entry)).map((line, i) => ({
        at: (kept[i] as Told).at,
        text: `person ${person + 1} ${JSON.stringify(line)}`,
      }));
    }),
  );
  const texts = lines.sort((a, b) => a.at - b.at).map(({ text }) => text);
  return ended ? [...texts, `printed ${JSON.stringify(normalize([printed(transcript)]))}`] : texts;
}

function rulesOf(golden: string): CanonicalRules {
  const { edit = (message: Loose) => message, ...rules } = GOLDEN_RULES[golden] ?? {};
  return { ...rules, edit: (message) => sorted(withKeysOfStatistics(message) ?? edit(message)) };
}

/** What was told up to the answer to `initialize`, by name. */
function opening(transcript: readonly TranscriptEntry[]): string {
  const answer = transcript.findIndex(({ message }) => message.type === "response");
  const came = transcript.slice(0, answer + 1).filter(({ direction }) => direction === "in");
  const names = came
    .map(({ message }) => message as Loose)
    .filter(({ body }) => body?.["category"] !== "telemetry")
    .map(({ type, event, command = "" }) => `${type} ${event ?? command}`);
  return `opening: ${names.join(", ")}`;
}

function withKeysOfStatistics(message: Loose): Loose | undefined {
  const { statistics } = message as { statistics?: unknown };
  if (message.event !== "terminated" || typeof statistics !== "object" || statistics === null)
    return undefined;
  return { ...message, statistics: Object.keys(statistics).sort() } as Loose;
}

function sorted(message: Loose): Loose {
  if (message.command !== "variables" || message.body === undefined) return message;
  const variables = message.body["variables"] as readonly DebugProtocol.Variable[] | undefined;
  if (variables === undefined) return message;
  const alike = variables.map((one) => (UNSET.test(one.name) ? { ...one, value: "unset" } : one));
  return { ...message, body: { ...message.body, variables: alike.sort(byName) } };
}

/** A result of Go without a name, which before the function returns is whatever the stack held. */
const UNSET = /^~r\d+$/;

const byName = (a: DebugProtocol.Variable, b: DebugProtocol.Variable) => (a.name < b.name ? -1 : 1);

function byStop(told: readonly Told[]): Told[][] {
  const parts: Told[][] = [[]];
  for (const each of told) {
    if (each.entry.message.type === "event") parts.push([]);
    parts.at(-1)?.push(each);
  }
  return parts;
}

function withoutIds(message: Loose): Loose {
  if (message.event === "stopped") return { ...message, body: { ...message.body, hitBreakpointIds: [] } };
  const breakpoints = message.body?.["breakpoints"] as readonly DebugProtocol.Breakpoint[] | undefined;
  if (message.command !== "setBreakpoints" || breakpoints === undefined) return message;
  const adapters = breakpoints.map(({ id, ...rest }) =>
    id === undefined || id >= FIRST_ID_OF_HUB ? rest : { id, ...rest },
  );
  return { ...message, body: { ...message.body, breakpoints: adapters } };
}

/** What the program printed, as one event. */
function printed(transcript: readonly TranscriptEntry[]): TranscriptEntry {
  const category = "stdout";
  const output = transcript
    .map(({ message }) => message as DebugProtocol.OutputEvent)
    .filter(({ event, body }) => event === "output" && body.category === category)
    .map(({ body }) => body.output)
    .join("");
  const message = { seq: 0, type: "event", event: "output", body: { category, output } };
  return { direction: "in", message };
}
