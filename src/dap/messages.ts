import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { ownLine } from "../common/sanitize.ts";
import { nesting, otherResponseMembers, parseJson, scanMembers } from "./envelope.ts";
import { asNumber } from "../common/values.ts";

export type JsonObject = Record<string, unknown>;

/** The outcome of a request. The body is JSON text, passed on as it came. */
export interface Outcome {
  readonly success: boolean;
  readonly message?: string | undefined;
  readonly body?: Buffer | undefined;
  /** Its members besides those that DAP names, as JSON text to append (dap/envelope.ts). */
  readonly rest?: Buffer | undefined;
}

/** What a client may send: a request, or the answer to a reverse request. */
export type ClientMessage =
  | {
      readonly type: "request";
      readonly seq: number;
      readonly command: string;
      readonly args: JsonObject;
      readonly rawArgs: Buffer | undefined;
    }
  | { readonly type: "response"; readonly requestSeq: number; readonly outcome: Outcome };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value, if it is an object; else one without members. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The elements of `value` that are objects, none if it is no array. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** An object from JSON text; an empty one if the text is absent or no object. */
export function parseObject(json: Buffer | undefined): JsonObject {
  return objectOf(parseJson(json));
}

export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), "utf8");
}

/**
 * Reads a client's message. Unlike an adapter's it is parsed whole, because nothing in it is trusted; the text of
 * `arguments` is kept beside, so that what goes on to the adapter is what the client wrote.
 * Returns an AppError if it is no DAP message.
 */
export function readClientMessage(json: Buffer): ClientMessage | AppError {
  const message = parseJson(json);
  if (!isObject(message)) return new AppError("protocol", "A message is not a JSON object.");
  if (nesting(json) > LIMITS.nesting) {
    return new AppError("protocol", `A message is nested deeper than ${LIMITS.nesting} levels.`);
  }
  if (message.type === "request") {
    const { seq, command } = message;
    if (typeof command !== "string" || !Number.isSafeInteger(seq)) {
      return new AppError("protocol", "A request has no command or no sequence number.");
    }
    const span = scanMembers(json)?.get("arguments");
    // DAP: arguments are an object, or there are none.
    const hasArgs = span !== undefined && isObject(message.arguments);
    return {
      type: "request",
      seq: asNumber(seq),
      command,
      args: objectOf(message.arguments),
      rawArgs: hasArgs ? json.subarray(span.start, span.end) : undefined,
    };
  }
  if (message.type === "response") {
    if (!Number.isSafeInteger(message.request_seq))
      return new AppError("protocol", "A response names no request.");
    const members = scanMembers(json);
    const span = members?.get("body");
    const hasText = typeof message.message === "string";
    return {
      type: "response",
      requestSeq: asNumber(message.request_seq),
      outcome: {
        success: message.success === true,
        message: typeof message.message === "string" ? message.message : undefined,
        body: span === undefined ? undefined : json.subarray(span.start, span.end),
        ...(members === undefined ? {} : otherResponseMembers(json, members, hasText)),
      },
    };
  }
  return new AppError("protocol", "A message is neither a request nor a response.");
}

const CLOSE = Buffer.from("}");

/** The parts of a response; its body is not copied. */
export function responseParts(seq: number, requestSeq: number, command: string, outcome: Outcome): Buffer[] {
  const message = outcome.message === undefined ? "" : `,"message":${JSON.stringify(outcome.message)}`;
  const head = `{"seq":${seq},"type":"response","request_seq":${requestSeq},"success":${outcome.success},"command":${JSON.stringify(command)}${message}`;
  return withValue(head, "body", outcome.body, outcome.rest);
}

/** The parts of an event; the same body serves for all clients. */
export function eventParts(seq: number, event: string, body: Buffer | undefined, rest?: Buffer): Buffer[] {
  return withValue(`{"seq":${seq},"type":"event","event":${JSON.stringify(event)}`, "body", body, rest);
}

export function requestParts(
  seq: number,
  command: string,
  args: Buffer | undefined,
  rest?: Buffer,
): Buffer[] {
  const head = `{"seq":${seq},"type":"request","command":${JSON.stringify(command)}`;
  return withValue(head, "arguments", args, rest);
}

function withValue(
  head: string,
  name: string,
  value: Buffer | undefined,
  rest: Buffer | undefined,
): Buffer[] {
  const end = rest === undefined ? [CLOSE] : [rest, CLOSE];
  if (value === undefined)
    return rest === undefined ? [Buffer.from(`${head}}`)] : [Buffer.from(head), ...end];
  return [Buffer.from(`${head},"${name}":`), value, ...end];
}

/** The body of an `output` event with a line of ours: what others wrote in it begins no line of its own. */
export function ownOutput(category: "console" | "important", line: string): Buffer {
  return encodeJson({ category, output: `${ownLine(line)}\n` });
}

/** The error outcome of DAP (`ErrorResponse`): a code for programs in `message`, a sentence for people in `body.error`. */
export function errorOutcome(error: AppError, showUser = false): Outcome {
  return {
    success: false,
    message: error.code,
    body: encodeJson({
      error: { id: ERROR_IDS[error.code] ?? ERROR_ID_BASE, format: error.toLine(), showUser },
    }),
  };
}

/** A refusal in the adapter's own words: DAP's `Message` for people if there is one, with its variables filled in. */
export function failureText(outcome: Outcome): string {
  return messageText(parseObject(outcome.body).error) || (outcome.message ?? "no reason given");
}

/** Letters of a message; variables could make a short one endless. */
const MESSAGE_LENGTH = 64 * 1024;

/** DAP's `Message` as people read it: its format with the variables filled in. Undefined if it is none. */
export function messageText(message: unknown): string | undefined {
  if (!isObject(message) || typeof message.format !== "string") return undefined;
  const values = objectOf(message.variables);
  let left = MESSAGE_LENGTH;
  const text = message.format.slice(0, MESSAGE_LENGTH).replace(/\{([^{}]+)\}/g, (place, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== "string" || value.length > left) return place;
    left -= value.length;
    return value;
  });
  return text.slice(0, MESSAGE_LENGTH);
}

const ERROR_ID_BASE = 9000;

/** Numbers for DAP's `Message.id`, which wants a unique one for each error. */
const ERROR_IDS: Partial<Record<AppError["code"], number>> = {
  notAllowed: 9001,
  notSupported: 9002,
  notStopped: 9003,
  staleHandle: 9004,
  badArguments: 9005,
  unknownCommand: 9006,
  cancelled: 9007,
  adapterFailed: 9008,
  busy: 9009,
  protocol: 9010,
  closed: 9011,
  refused: 9012,
};
