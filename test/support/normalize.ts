import { homedir, tmpdir } from "node:os";
import type { TranscriptEntry } from "./dapClient.ts";
import { ROOT } from "./fixtures.ts";

/** What a message looks like in a golden transcript. Keys are sorted: adapters' key order has no meaning. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface NormalizeOptions {
  /** Ports of this run, of the adapter or of what stands in front of it. */
  readonly ports?: readonly number[];
}

/**
 * Numbers that an adapter chooses, by the key that holds them: all keys of one kind share their placeholders, so
 * that a `frameId` in a request is seen to be the `id` of a frame in an answer.
 */
const HANDLES: Readonly<Record<string, string>> = {
  variablesReference: "ref",
  frameId: "frame",
  threadId: "thread",
  systemProcessId: "pid",
  processId: "pid",
  pid: "pid",
  sourceReference: "source",
  hitBreakpointIds: "breakpoint",
  breakpointId: "breakpoint",
  targetId: "target",
  moduleId: "module",
  valueLocationReference: "location",
  declarationLocationReference: "location",
  locationReference: "location",
};

/** What `id` means in the objects below these keys. */
const IDS: Readonly<Record<string, string>> = {
  stackFrames: "frame",
  threads: "thread",
  breakpoints: "breakpoint",
  breakpoint: "breakpoint",
  module: "module",
  modules: "module",
  targets: "target",
};

/** Numbers within texts, by the words around them. The first group stays, the second is the number. */
const TEXT_NUMBERS: readonly (readonly [RegExp, string])[] = [
  [/(\b[Pp]rocess )(\d+)\b/g, "pid"],
  [/((?<!<)\bpid[ =:]+)(\d+)\b/gi, "pid"],
  [/(\bThread 0x[0-9a-f]+ \(LWP )(\d+)(?=\))/g, "pid"],
  [/(\b(?:127\.0\.0\.1|localhost):)(\d+)\b/g, "port"],
  [/(\.js \[)(\d+)(?=\])/g, "pid"],
  [/(\b(?:variablesR|r)eference:? )(\d+)\b/g, "ref"],
];

const ADDRESS = /\b0x[0-9a-fA-F]{6,16}\b/g;
const HEX_ID = /\b[0-9a-f]{24,64}\b/g;

/** Replaces what differs from run to run by placeholders, numbered in the order of appearance. */
class Placeholders {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #literals: readonly (readonly [string, string])[];
  readonly #ports: ReadonlySet<number>;

  constructor(options: NormalizeOptions) {
    this.#ports = new Set(options.ports);
    this.#literals = [
      [ROOT, "<root>"],
      [process.execPath, "<node>"],
      [tmpdir(), "<tmp>"],
      [homedir(), "<home>"],
    ];
  }

  take(kind: string, value: string | number): string {
    const key = `${kind} ${value}`;
    let name = this.#known.get(key);
    if (name === undefined) {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      name = `<${kind} ${count}>`;
      this.#known.set(key, name);
    }
    return name;
  }

  number(value: number, kind: string | undefined): Json {
    if (this.#ports.has(value)) return this.take("port", value);
    // 0 is "no children", "no source reference": it must stay what it is.
    if (kind === undefined || ((kind === "ref" || kind === "source") && value === 0)) return value;
    return this.take(kind, value);
  }

  text(value: string): string {
    let text = value;
    for (const [literal, name] of this.#literals) {
      // A home directory of "/" is no landmark.
      if (literal.length > 1) text = text.replaceAll(literal, name);
    }
    for (const [pattern, kind] of TEXT_NUMBERS) {
      text = text.replace(pattern, (_, before: string, digits: string) => before + this.take(kind, digits));
    }
    text = text.replace(ADDRESS, (address) => this.take("address", address.toLowerCase()));
    return text.replace(HEX_ID, (id) => this.take("hex", id));
  }

  value(value: unknown, key: string, parent: string): Json {
    if (typeof value === "number") return this.number(value, key === "id" ? IDS[parent] : HANDLES[key]);
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.value(item, key, key));
    if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return Object.fromEntries(entries.map(([name, item]) => [name, this.value(item, name, key)]));
    }
    return typeof value === "boolean" ? value : null;
  }
}

/**
 * The transcript without what differs between two equal runs: `seq` is dropped, `request_seq` becomes the ordinal
 * of the request among those of its command and direction; process ids, ports, paths, addresses and handles become
 * placeholders. The order of messages stays. An empty body and an absent one are the same.
 */
export function normalize(transcript: readonly TranscriptEntry[], options: NormalizeOptions = {}): Json[] {
  const placeholders = new Placeholders(options);
  const ordinals = new Map<string, string>();
  const counts = new Map<string, number>();
  return transcript.map(({ direction, message }) => {
    const { seq, type, ...rest } = message as unknown as Record<string, unknown> & { seq: number };
    if (type === "request") {
      const count = (counts.get(`${direction} ${String(rest["command"])}`) ?? 0) + 1;
      counts.set(`${direction} ${String(rest["command"])}`, count);
      ordinals.set(`${direction} ${seq}`, `#${count}`);
      return { [direction]: { type, ordinal: `#${count}`, ...object(placeholders.value(rest, "", "")) } };
    }
    if (type === "response") {
      const { request_seq: requestSeq, ...answer } = rest;
      const ordinal = ordinals.get(`${direction === "in" ? "out" : "in"} ${String(requestSeq)}`) ?? "#?";
      return { [direction]: { type, ordinal, ...object(placeholders.value(answer, "", "")) } };
    }
    return { [direction]: { type: String(type), ...object(placeholders.value(rest, "", "")) } };
  });
}

function object(value: Json): { [key: string]: Json } {
  const result = { ...(value as { [key: string]: Json }) };
  const { body } = result;
  if (typeof body === "object" && body !== null && Object.keys(body).length === 0) delete result["body"];
  return result;
}
