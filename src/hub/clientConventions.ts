import { fileURLToPath, pathToFileURL } from "node:url";
import { type TextEdit, applyEdits, removal } from "../dap/edits.ts";
import { readScalar } from "../dap/envelope.ts";
import { type ConventionSpan, type ConventionKind, ConventionSpans } from "../dap/conventionSpans.ts";
import type { ClientCapabilities } from "./clientCapabilities.ts";

/**
 * Translates between what a client and what the adapter were told about lines, columns, paths and optional parts
 * of messages. The adapter knows only the conventions of the client that initialized it. What differs is changed in the text
 * of the message, where DAP has a place for it (dap/conventions.ts); all else passes as it came.
 */
export interface ClientConventions {
  /** A response's or event's body for the client; the same bytes if nothing in it differs. */
  toClient(name: string, body: Buffer): Buffer;
  /** Likewise a request's arguments for the adapter. */
  toAdapter(command: string, args: Buffer): Buffer;
}

const ESC = String.fromCharCode(0x1b);
// CSI sequences end with a byte from @ to ~.
const ANSI = new RegExp(`${ESC}\\[[0-?]*[ -/]*[@-~]`, "g");

/** The conversion between the two, or undefined if there is nothing to convert: then messages pass as bytes. */
export function conventionsBetween(
  client: ClientCapabilities,
  upstream: ClientCapabilities,
): ClientConventions | undefined {
  const lines = Number(client.linesStartAt1) - Number(upstream.linesStartAt1);
  const columns = Number(client.columnsStartAt1) - Number(upstream.columnsStartAt1);
  const paths = client.pathFormat !== upstream.pathFormat;
  const memory = upstream.memoryReferences && !client.memoryReferences;
  const ansi = upstream.ansi && !client.ansi;
  const moved = namesOf({ line: lines !== 0, column: columns !== 0, path: paths });
  const differing = [...moved, ...namesOf({ memory, styled: ansi })];
  if (differing.length === 0) return undefined;
  const toClient = new ConventionSpans(differing);
  const toAdapter = new ConventionSpans(moved);

  return {
    toClient(name, body) {
      return edited(body, toClient.inBody(name, body), { lines, columns, format: client.pathFormat });
    },
    toAdapter(command, args) {
      const difference = { lines: -lines, columns: -columns, format: upstream.pathFormat };
      return edited(args, toAdapter.inArguments(command, args), difference);
    },
  };
}

function namesOf(kinds: Readonly<Partial<Record<ConventionKind, boolean>>>): ConventionKind[] {
  return (Object.keys(kinds) as ConventionKind[]).filter((kind) => kinds[kind]);
}

interface Difference {
  readonly lines: number;
  readonly columns: number;
  readonly format: ClientCapabilities["pathFormat"];
}

/** The text with what stands at the spans in the other conventions; the rest of it is as it was. */
function edited(json: Buffer, spans: readonly ConventionSpan[], difference: Difference): Buffer {
  const edits = spans.flatMap((span) => editOf(json, span, difference) ?? []);
  return edits.length === 0 ? json : Buffer.concat(applyEdits(json, edits));
}

/** Undefined where nothing changes, or where what stands there is not what DAP says. */
function editOf(
  json: Buffer,
  span: ConventionSpan,
  { lines, columns, format }: Difference,
): TextEdit | undefined {
  const { kind, start, end } = span;
  if (kind === "memory") return removal(json, span.member, end);
  const value = readScalar(json, span);
  if (typeof value === "number" && (kind === "line" || kind === "column")) {
    // DAP: 0 where there is no source.
    return { start, end, text: String(Math.max(0, value + (kind === "line" ? lines : columns))) };
  }
  if (typeof value !== "string" || (kind !== "path" && kind !== "styled")) return undefined;
  const own = kind === "path" ? rewritePath(value, format) : value.replace(ANSI, "");
  return own === value ? undefined : { start, end, text: JSON.stringify(own) };
}

/** A path or URI in the other form; what is neither (`<eval>`, `webpack:///…`) stays as it is. */
function rewritePath(path: string, format: ClientCapabilities["pathFormat"]): string {
  try {
    if (format === "path") return path.startsWith("file:") ? fileURLToPath(path) : path;
    return /^([a-z][a-z0-9+.-]+:)/i.test(path) ? path : pathToFileURL(path).href;
  } catch {
    return path;
  }
}
