import { findClearPassword } from "../../address/clearPassword.ts";
import type { Completion, Existing } from "../../address/complete.ts";
import type { Hover } from "../../address/hover.ts";
import type { Role } from "../../address/model.ts";
import { parseAddress } from "../../address/parse.ts";
import type { ParseFailure, Span } from "../../address/result.ts";

/** Something that a document is to be told about; `start` and `end` are offsets into the document. */
export interface TextFinding extends Span {
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** What an editor shows of one kind of document. All offsets are into the document's text. */
export interface LanguageFeatures {
  /** `existing`: the values that are there on this machine. */
  completionsAt(text: string, offset: number, existing?: Existing): Completion[];
  hoverAt(text: string, offset: number): Hover | undefined;
  findings(text: string): TextFinding[];
}

/** What is wrong with one connection string, in its own offsets: at most one error, at most one warning. */
export function findingsIn(text: string, role: Role): TextFinding[] {
  const parsed = parseAddress(text, role);
  const clear = findClearPassword(text, role);
  return [
    ...(parsed.ok ? [] : [finding("error", parsed)]),
    ...(clear === undefined ? [] : [finding("warning", clear)]),
  ];
}

export function finding(
  severity: TextFinding["severity"],
  { start, end, message, hint }: Omit<ParseFailure, "ok">,
): TextFinding {
  return { severity, start, end, message: hint === undefined ? message : `${message} ${hint}` };
}
