import { AppError, type ErrorCode } from "./errors.ts";

/** Letters of a message or a hint that is sent to a peer. */
const TEXT_LENGTH = 4096;
/** Letters of a code that we do not know. */
const CODE_LENGTH = 64;

/** Why a link, a stream or a request ended; `{}` is an orderly end without a reason. */
export interface Reason {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
}

// A record, so that the compiler sees to it that none of the codes is forgotten.
const CODES: Readonly<Record<ErrorCode, true>> = {
  usage: true,
  address: true,
  notAvailable: true,
  addressInUse: true,
  connectFailed: true,
  timeout: true,
  aborted: true,
  closed: true,
  protocol: true,
  tooLarge: true,
  refused: true,
  passwordRequired: true,
  wrongPassword: true,
  notAllowed: true,
  notSupported: true,
  notStopped: true,
  staleHandle: true,
  badArguments: true,
  unknownCommand: true,
  cancelled: true,
  adapterFailed: true,
  busy: true,
  internal: true,
};

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CODES, code);
}

/** The error that a peer gave as its reason, or undefined for an orderly end. Codes of newer peers become `closed`. */
export function reasonToError(from: Reason): AppError | undefined {
  if (from.code === undefined) return undefined;
  const code = isErrorCode(from.code) ? from.code : "closed";
  return new AppError(code, from.message ?? `The other side said "${word(from.code)}".`, { hint: from.hint });
}

/** A code as people may be shown it: the other side need not be well-behaved, and its codes are words. */
function word(code: string): string {
  return code.slice(0, CODE_LENGTH).replace(/[^\w-]/gu, "?");
}

export function errorToReason(error: AppError | undefined): Reason {
  if (error === undefined) return {};
  return { code: error.code, message: clipText(error.message), hint: error.hint && clipText(error.hint) };
}

/** Bounded here as well, so that a reason with a long adapter message in it still fits into a frame. */
function clipText(value: string): string {
  return value.length <= TEXT_LENGTH ? value : `${value.slice(0, TEXT_LENGTH - 1)}…`;
}
