import { isUtf8 } from "node:buffer";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { nesting, parseJson, scanMembers } from "../dap/envelope.ts";
import { type JsonObject, type Outcome, isObject } from "../dap/messages.ts";
import { asNumber } from "../common/values.ts";

/** What a host may send. The bodies are JSON text as it came. */
export type HostMessage =
  | {
      readonly type: "response";
      readonly seq: number;
      readonly requestSeq: number;
      readonly command: string;
      readonly outcome: Outcome;
    }
  | {
      readonly type: "event";
      readonly seq: number;
      readonly event: string;
      readonly body: Buffer | undefined;
    }
  | {
      readonly type: "request";
      readonly seq: number;
      readonly command: string;
      readonly args: JsonObject;
    };

/**
 * Reads a message of a host that is not trusted: strict JSON in UTF-8, parsed whole. `readAdapterMessage` skips what it
 * need not know, so what it takes for one message may be another to an editor. Returns an AppError if it is no DAP message.
 */
export function readHostMessage(received: Buffer): HostMessage | AppError {
  // An editor that decodes UTF-8 in another way would read another text.
  const json = isUtf8(received) ? received : Buffer.from(received.toString("utf8"));
  const message = parseJson(json);
  if (!isObject(message)) return malformed("is not a JSON object");
  if (nesting(json) > LIMITS.nesting) return malformed(`is nested deeper than ${LIMITS.nesting} levels`);
  const { type, seq, command, event, success } = message;
  if (!isNumber(seq)) return malformed("has no sequence number");
  const span = scanMembers(json)?.get("body");
  const body = span === undefined ? undefined : json.subarray(span.start, span.end);
  if (type === "event")
    return typeof event === "string" ? { type, seq, event, body } : malformed("is an event without a name");
  if (typeof command !== "string") return malformed("has no command");
  if (type === "request") return { type, seq, command, args: objectOf(message.arguments) };
  const requestSeq = message.request_seq;
  if (type !== "response" || !isNumber(requestSeq) || typeof success !== "boolean")
    return malformed("is neither a request, a response nor an event");
  const text = typeof message.message === "string" ? message.message : undefined;
  return { type, seq, requestSeq, command, outcome: { success, message: text, body } };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && asNumber(value) >= 0;
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function malformed(what: string): AppError {
  return new AppError("protocol", `The host has sent a message that ${what}.`, {
    hint: "The session has ended here; join again, or tell the host.",
  });
}
