import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import { reasonToError } from "../../common/reason.ts";
import { shownText } from "../../common/sanitize.ts";
import type { WaitOptions } from "../../transport/channel.ts";
import { PASSWORD_MAGIC } from "../../transport/protocolDetection.ts";
import type { PeerGroup } from "../../transport/peerGroup.ts";
import { withDeadline } from "../../transport/deadline.ts";
import type { SecureChannel } from "../tls.ts";
import { readLine, writeLine } from "./lines.ts";
import { type PasswordRecord, type ServerLogin, startLogin } from "./opaque.ts";
import type { PasswordTurns } from "./passwordTurns.ts";

/**
 * docs/PROTOCOL.md, "The password". Inside TLS; the guest speaks first, one JSON object a line:
 *
 *   guest: magic, {"start","waitMs"}    host: {"answer"}    guest: {"finish","proof"}    host: {"proof"}
 *
 * The key that OPAQUE yields proves the password. The proofs bind it to this very TLS connection (RFC 9266): who sits in
 * between with a TLS connection to each side can pass on all of OPAQUE, but its two connections are not one.
 * Instead of any of its lines the host may send {"code","message","hint"} and close.
 */
type Side = "guest" | "host";

/** Letters of a refusal that are shown. */
const MESSAGE_LENGTH = 512;
/** How long a guest waits for the answer that does not say how long: it gives all of the exchange 10 s. */
const DEFAULT_PATIENCE_MS = 6_000;
/** Why a guest's proof did not come. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(["timeout", "aborted"]);
/** What of a guest's time is for the rest of the exchange. */
const REST_MS = 4_000;

function proof(side: Side, key: Buffer, binding: Buffer): Buffer {
  return createHmac("sha256", key).update(`debug-server password 1 ${side}\n`).update(binding).digest();
}

function proves(value: unknown, side: Side, key: Buffer, binding: Buffer): boolean {
  if (typeof value !== "string") return false;
  const expected = proof(side, key, binding);
  const given = Buffer.from(value, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A connection whose ends are not the same connection: TLS ends in between. */
function intercepted(): AppError {
  return new AppError("refused", "Somebody is between guest and host: their connections are not the same.", {
    hint: "Join over another network, or by ssl: with the server's certificate.",
  });
}

/**
 * The guest's side. Resolves when both know that the other knows the password. Rejects with an AppError: `wrongPassword`,
 * `busy` (too many wrong guesses), `refused` (another peer is in between), or the transport's. The channel is the caller's to
 * destroy.
 */
export function provePassword(
  { stream, binding }: SecureChannel,
  password: string,
  wait: WaitOptions = {},
): Promise<void> {
  const longestMs = LIMITS.passwordWaitMs + LIMITS.admissionMs;
  const waitMs = Math.max(0, Math.min(LIMITS.passwordWaitMs, (wait.timeoutMs ?? longestMs) - REST_MS));
  return withDeadline(wait, longestMs, "The password exchange", async (signal) => {
    const login = await startLogin(password);
    stream.write(PASSWORD_MAGIC);
    writeLine(stream, { start: login.startLoginRequest, waitMs });
    const answer = text(hostSaid(await readLine(stream, signal)), "answer");
    const done = attempt(() => login.finish(answer));
    if (done === undefined) throw wrongPassword();
    const { key, finishLoginRequest } = done;
    const ours = proof("guest", key, binding).toString("base64url");
    writeLine(stream, { finish: finishLoginRequest, proof: ours });
    const last = hostSaid(await readLine(stream, signal));
    if (!proves(last["proof"], "host", key, binding)) throw intercepted();
  });
}

export interface CheckOptions extends WaitOptions {
  readonly turns: PasswordTurns;
  /** By what guesses are counted. */
  readonly group: PeerGroup;
  readonly steps?: PasswordSteps | undefined;
}

/** For a server that divides its time among guests. */
export interface PasswordSteps {
  /** It is the host that lets the guest wait, until it may guess. */
  queued(): void;
  /** The guess is answered: the guest is waited for. */
  answered(): void;
}

/**
 * The host's side, on a channel whose first bytes are the magic, not yet consumed. Resolves when the guest knows the
 * password; else tells the guest why not, and rejects: `wrongPassword` for a guess that was wrong or was broken off once
 * it was answered.
 */
export async function checkPassword(
  channel: SecureChannel,
  record: PasswordRecord,
  options: CheckOptions,
): Promise<void> {
  const { stream, binding } = channel;
  const { turns, group, steps } = options;
  await telling(channel, options, async (signal) => {
    const first = await readStart(channel, signal);
    const start = text(first, "start");
    steps?.queued();
    await turns.next(group, patience(first["waitMs"]), signal);
    steps?.answered();
    let isProved = false;
    try {
      const login = attempt(() => record.start(start));
      writeLine(stream, { answer: login.loginResponse });
      const key = await provenKey(channel, login, signal);
      isProved = true;
      writeLine(stream, { proof: proof("host", key, binding).toString("base64url") });
    } finally {
      turns.settle(group, isProved);
    }
  });
}

/** The key that the guest has proved to have, too. Whatever else it does now that it has the answer is a wrong guess. */
async function provenKey(
  { stream, binding }: SecureChannel,
  login: ServerLogin,
  signal: AbortSignal,
): Promise<Buffer> {
  try {
    const finish = await readLine(stream, signal);
    const key = attempt(() => login.finish(text(finish, "finish")));
    if (!proves(finish["proof"], "guest", key, binding)) throw intercepted();
    return key;
  } catch (thrown) {
    const error = AppError.from(thrown);
    throw error.code === "refused" ? error : wrongPassword(error);
  }
}

/** The host's side where no password admits the guest: tells it why. Rejects with that reason. */
export function refusePassword(channel: SecureChannel, reason: AppError, wait: WaitOptions): Promise<void> {
  return telling(channel, wait, async (signal) => {
    await readStart(channel, signal);
    throw reason;
  });
}

async function telling(
  { stream }: SecureChannel,
  wait: WaitOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    const longestMs = LIMITS.passwordWaitMs + LIMITS.admissionMs;
    await withDeadline(wait, longestMs, "The password exchange", work);
  } catch (thrown) {
    const { code, message, hint } = toldReason(AppError.from(thrown));
    writeLine(stream, { code, message, hint });
    throw thrown;
  }
}

/** A guest that was too slow has made a guess, but may know the password all the same. */
function toldReason(reason: AppError): AppError {
  const { code, cause } = reason;
  const ranOut = code === "wrongPassword" && cause instanceof AppError && OUT_OF_TIME.has(cause.code);
  return ranOut
    ? new AppError("timeout", "The password exchange took too long.", { hint: "Try again." })
    : reason;
}

async function readStart(
  { stream }: SecureChannel,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  // The whole of it is there: it was looked at.
  stream.read(PASSWORD_MAGIC.length);
  return readLine(stream, signal);
}

/** A line of the host, unless it is its refusal: that is thrown. */
function hostSaid(line: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { code, message, hint } = line;
  if (code === undefined) return line;
  throw hostError(code, message, hint);
}

function text(line: Readonly<Record<string, unknown>>, field: string): string {
  const value = line[field];
  if (typeof value === "string" && /^[A-Za-z0-9_-]+$/.test(value)) return value;
  throw broken();
}

/** What the library throws says nothing to people, and is the other side's doing. */
function attempt<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw broken(cause);
  }
}

function hostError(code: unknown, message: unknown, hint: unknown): AppError {
  if (typeof code !== "string" || typeof message !== "string") return broken();
  const shown = (value: string) => shownText(value, MESSAGE_LENGTH);
  const reason = { code, message: shown(message), hint: typeof hint === "string" ? shown(hint) : undefined };
  return reasonToError(reason) ?? broken();
}

function broken(cause?: unknown): AppError {
  return new AppError("protocol", "The other side broke the rules of the password exchange.", { cause });
}

function wrongPassword(cause?: unknown): AppError {
  return new AppError("wrongPassword", "The password is wrong.", { hint: "Ask the host for it.", cause });
}

/** How long a guest says that it waits for the answer. */
function patience(waitMs: unknown): number {
  if (typeof waitMs !== "number" || !(waitMs >= 0)) return DEFAULT_PATIENCE_MS;
  return Math.min(waitMs, LIMITS.passwordWaitMs);
}
