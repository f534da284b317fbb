import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type CanonicalRules, type Loose, canonicalize } from "./canonical.ts";
import type { TranscriptEntry } from "./dapClient.ts";
import { ROOT } from "./fixtures.ts";
import { type NormalizeOptions, normalize } from "./normalize.ts";
import { TOOLS } from "./parts.ts";

const GOLDEN = `${ROOT}/test/golden`;

interface Source {
  readonly path?: string;
}

interface Frame {
  readonly source?: Source;
  readonly name: string;
}

/** What is nondeterministic in one adapter only, by the golden transcript's name. */
export const GOLDEN_RULES: Readonly<Record<string, CanonicalRules>> = {
  /** The Go runtime's goroutines differ in number and name; main's is named with its thread's id. */
  delve: { edit: onlyMain },
  /**
   * It aborts at its exit and sends a part of that text as output. Statistics count bytes of memory. Progress is
   * shown when something takes long, and at times only its end.
   */
  lldb: {
    dropAfterDisconnect: true,
    drop: ({ event }) => event?.startsWith("progress") ?? false,
    edit: withoutStatistics,
  },
  /** Node's own scripts and frames depend on Node's version. */
  "js-debug": { drop: isNodeInternal, edit: withoutNodeFrames },
};

export interface GoldenOptions extends NormalizeOptions {
  /** Write the golden transcript if UPDATE_GOLDEN is set: for sessions directly with the adapter only. */
  readonly record?: boolean;
  /** Leaves messages of this command out of both sides: the hub alters these on purpose. */
  readonly without?: string;
}

/** One compact message a line, as in the golden files. */
export function goldenLines(
  name: string,
  transcript: readonly TranscriptEntry[],
  options?: NormalizeOptions,
): string[] {
  return normalize(canonicalize(transcript, GOLDEN_RULES[name.replace(/-(root|stopped)$/, "")]), options).map(
    (message) => JSON.stringify(message),
  );
}

/** The part of a session in which the program is steered. What comes just before or just after the first stop is chance. */
export function fromFirstStop(transcript: readonly TranscriptEntry[]): TranscriptEntry[] {
  const isEvent = ({ message }: TranscriptEntry, name: string) =>
    message.type === "event" && "event" in message && message.event === name;
  const stop = transcript.findIndex((entry) => isEvent(entry, "stopped"));
  const chance = ["loadedSource", "breakpoint"];
  return transcript.slice(stop).filter((entry) => !chance.some((name) => isEvent(entry, name)));
}

/**
 * Throws unless the transcript equals test/golden/NAME.json, which was recorded directly with the adapter. What came
 * instead is left in .tools/golden/NAME.json.
 */
export function goldenCompare(
  name: string,
  transcript: readonly TranscriptEntry[],
  options: GoldenOptions = {},
): void {
  const compared = (line: string) =>
    options.without === undefined || !line.includes(`"command":"${options.without}"`);
  const actual = goldenLines(name, transcript, options).filter(compared);
  const file = `${GOLDEN}/${name}.json`;
  const text = `[\n${actual.join(",\n")}\n]\n`;
  if (options.record && process.env["UPDATE_GOLDEN"] === "1") {
    writeFileSync(file, text);
    return;
  }
  assert.ok(existsSync(file), `no ${file}: record it with UPDATE_GOLDEN=1`);
  const golden = (JSON.parse(readFileSync(file, "utf8")) as unknown[])
    .map((message) => JSON.stringify(message))
    .filter(compared);
  const index = golden.findIndex((line, i) => line !== actual[i]);
  if (index < 0 && golden.length === actual.length) return;
  mkdirSync(`${TOOLS}/golden`, { recursive: true });
  writeFileSync(`${TOOLS}/golden/${name}.json`, text);
  const at = index < 0 ? golden.length : index;
  assert.fail(
    `${name} differs from its golden transcript at message ${at + 1} of ${golden.length} (came: ${actual.length})\n` +
      `after    ${golden[at - 1] ?? "the start"}\nexpected ${golden[at] ?? "the end"}\n` +
      `came     ${actual[at] ?? "the end"}\ndiff ${file} .tools/golden/${name}.json`,
  );
}

function onlyMain(message: Loose): Loose {
  if (message.type !== "response" || message.command !== "threads" || !message.body) return message;
  const threads = (message.body["threads"] as readonly { id: number; name: string }[])
    .filter(({ name }) => name.includes("main.main"))
    .map(({ id, name }) => ({ id, name: name.replace(/\(Thread \d+\)/, "(Thread)") }));
  return { ...message, body: { threads } };
}

function withoutStatistics(message: Loose): Loose {
  return message.event === "terminated"
    ? { seq: message.seq, type: message.type, event: message.event }
    : message;
}

const isInternal = (source: Source | undefined) => source?.path?.startsWith("<node_internals>") ?? false;

function isNodeInternal(message: Loose): boolean {
  return message.event === "loadedSource" && isInternal(message.body?.["source"] as Source | undefined);
}

function withoutNodeFrames(message: Loose): Loose {
  if (message.type !== "response" || message.command !== "stackTrace" || !message.body) return message;
  const stackFrames = (message.body["stackFrames"] as readonly Frame[]).filter(
    ({ source }) => !isInternal(source),
  );
  return { ...message, body: { stackFrames } };
}
