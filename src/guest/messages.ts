import { isUtf8 } from "node:buffer";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { JsonValue } from "../dap/edits.ts";
import { nesting, parseJson, scanMembers } from "../dap/envelope.ts";
import {
  type JsonObject,
  type Outcome,
  eventParts,
  isObject,
  objectOf,
  requestParts,
  responseParts,
} from "../dap/messages.ts";
import { asNumber } from "../common/values.ts";

interface Response {
  readonly type: "response";
  readonly requestSeq: number;
  readonly command: string;
  readonly outcome: Outcome;
}

/** What a host may send. The bodies are JSON text as it came. */
export type HostMessage =
  | Response
  | {
      readonly type: "event";
      readonly event: string;
      readonly body: Buffer | undefined;
      /** The value of the body. */
      readonly content: unknown;
    }
  | {
      readonly type: "request";
      readonly seq: number;
      readonly command: string;
      readonly args: JsonObject;
    };

/** What an editor gets. It is written, and gets its number, when it leaves (editor.ts). */
export type MessageToEditor =
  | Response
  | { readonly type: "event"; readonly event: string; readonly body?: Buffer | undefined }
  | {
      readonly type: "request";
      readonly command: string;
      readonly args: Buffer;
      /** Called once, if the editor answers. */
      readonly answered: (answer: EditorMessage) => void;
    };

export function messageParts(seq: number, message: MessageToEditor): Buffer[] {
  switch (message.type) {
    case "response":
      return responseParts(seq, message.requestSeq, message.command, message.outcome);
    case "event":
      return eventParts(seq, message.event, message.body);
    case "request":
      return requestParts(seq, message.command, message.args);
  }
}

/**
 * A message of a guest's own editor, of which only the outer members are read: what is no message, the host refuses. It has
 * its own copy of the text, because it may wait.
 */
export class EditorMessage {
  readonly body: Buffer;
  readonly type: string | undefined;
  /** Undefined: it has none, or none that can be answered. */
  readonly seq: number | undefined;
  readonly command: string | undefined;
  readonly args: JsonValue | undefined;
  readonly #message: JsonValue;

  constructor(received: Uint8Array) {
    this.body = Buffer.from(received);
    this.#message = new JsonValue(this.body);
    const seq = this.#message.member("seq")?.number;
    this.type = this.#message.member("type")?.string;
    this.seq = Number.isSafeInteger(seq) ? seq : undefined;
    this.command = this.#message.member("command")?.string;
    this.args = this.#message.member("arguments");
  }

  isRequest(command: string): boolean {
    return this.type === "request" && this.command === command;
  }

  /** Of a response. */
  get requestSeq(): number | undefined {
    return this.#message.member("request_seq")?.number;
  }

  /** Of a response. */
  get success(): boolean {
    return this.#message.member("success")?.value === true;
  }
}

/**
 * Reads a message of a host that is not trusted: strict JSON in UTF-8, parsed whole. `readAdapterMessage` skips what it
 * need not know, so what it takes for one message may be another to an editor. Returns an AppError if it is no DAP message.
 */
export function readHostMessage(received: Buffer): HostMessage | AppError {
  // An editor that decodes UTF-8 in another way would read another text. A copy, because it may wait (sources/).
  const json = Buffer.from(isUtf8(received) ? received : received.toString("utf8"));
  const message = parseJson(json);
  if (!isObject(message)) return malformed("is not a JSON object");
  if (nesting(json) > LIMITS.nesting) return malformed(`is nested deeper than ${LIMITS.nesting} levels`);
  const { type, seq, command, event, success } = message;
  if (!isNumber(seq)) return malformed("has no sequence number");
  const span = scanMembers(json)?.get("body");
  const body = span === undefined ? undefined : json.subarray(span.start, span.end);
  if (type === "event")
    return typeof event === "string"
      ? { type, event, body, content: message.body }
      : malformed("is an event without a name");
  if (typeof command !== "string") return malformed("has no command");
  if (type === "request") return { type, seq, command, args: objectOf(message.arguments) };
  const requestSeq = message.request_seq;
  if (type !== "response" || !isNumber(requestSeq) || typeof success !== "boolean")
    return malformed("is neither a request, a response nor an event");
  const text = typeof message.message === "string" ? message.message : undefined;
  return { type, requestSeq, command, outcome: { success, message: text, body } };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && asNumber(value) >= 0;
}

function malformed(what: string): AppError {
  return new AppError("protocol", `The host has sent a message that ${what}.`, {
    hint: "The session has ended here; join again, or tell the host.",
  });
}
