import { messageOf } from "./values.ts";
/** Stable codes: tests, the link protocol and documentation refer to errors by these, never by their words. */
export type ErrorCode =
  | "usage"
  | "address"
  | "notAvailable"
  | "addressInUse"
  | "connectFailed"
  | "timeout"
  | "aborted"
  | "closed"
  | "protocol"
  | "tooLarge"
  | "refused"
  | "passwordRequired"
  | "wrongPassword"
  | "notAllowed"
  | "notSupported"
  | "notStopped"
  | "staleHandle"
  | "badArguments"
  | "unknownCommand"
  | "cancelled"
  | "adapterFailed"
  | "busy"
  | "internal";

/**
 * The one error type that crosses our module borders. `message` says what is wrong, `hint` what to do next;
 * both are shown to people, so neither ever holds a secret.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.hint = options.hint;
  }

  /** Turns anything caught into an AppError; an AppError stays itself. */
  static from(thrown: unknown, code: ErrorCode = "internal"): AppError {
    if (thrown instanceof AppError) return thrown;
    const message = messageOf(thrown);
    return new AppError(code, message, { cause: thrown });
  }

  /** One line for people: what is wrong and what to do next. */
  toLine(): string {
    return this.hint === undefined ? this.message : `${this.message} ${this.hint}`;
  }
}
