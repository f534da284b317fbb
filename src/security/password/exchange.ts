import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import { reasonToError } from "../../common/reason.ts";
import { shownText } from "../../common/shown.ts";
import type { WaitOptions } from "../../transport/channel.ts";
import { PASSWORD_MAGIC } from "../../transport/firstBytes.ts";
import { abortable, withDeadline } from "../../transport/wait.ts";
import type { SecureChannel } from "../tls.ts";
import { type PasswordAttempts } from "./attempts.ts";
import { readLine, writeLine } from "./lines.ts";
import { type PasswordRecord, startLogin } from "./opaque.ts";

/**
 * docs/PROTOCOL.md, "The password". Inside TLS; the guest speaks first, one JSON object a line:
 *
 *   guest: magic, {"start"}    host: {"answer"}    guest: {"finish","proof"}    host: {"proof"}
 *
 * The key that OPAQUE yields proves the password. The proofs bind it to this very TLS connection (RFC 9266): who sits in
 * between with a TLS connection to each side can pass on all of OPAQUE, but its two connections are not one.
 * Instead of any of its lines the host may send {"code","message","hint"} and close.
 */
type Side = "guest" | "host";

/** Letters of a refusal that are shown. */
const MESSAGE_LENGTH = 512;

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
 * `busy` (too many wrong guesses), `refused` (somebody is in between), or the transport's. The channel is the caller's to
 * destroy.
 */
export function provePassword(
  { stream, binding }: SecureChannel,
  password: string,
  wait: WaitOptions = {},
): Promise<void> {
  return withDeadline(wait, LIMITS.admissionMs, "The password exchange", async (signal) => {
    const login = await startLogin(password);
    stream.write(PASSWORD_MAGIC);
    writeLine(stream, { start: login.startLoginRequest });
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
  readonly attempts: PasswordAttempts;
  /** By what guesses are counted: `limitKey`. */
  readonly address: string;
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
  const { attempts, address } = options;
  await telling(channel, options, async (signal) => {
    const start = text(await readStart(channel, signal), "start");
    const turn = attempts.begin(address);
    if (turn.kind === "refuse") throw paused(turn.forMs);
    await pause(turn.afterMs, signal);
    const login = attempt(() => record.start(start));
    writeLine(stream, { answer: login.loginResponse });
    try {
      const finish = await readLine(stream, signal);
      const key = attempt(() => login.finish(text(finish, "finish")));
      if (!proves(finish["proof"], "guest", key, binding)) throw intercepted();
      attempts.succeeded(address);
      writeLine(stream, { proof: proof("host", key, binding).toString("base64url") });
    } catch (thrown) {
      const error = AppError.from(thrown);
      throw error.code === "refused" ? error : wrongPassword(error);
    }
  });
}

/** The host's side where nobody is let in by a password: tells the guest why. Rejects with that reason. */
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
    await withDeadline(wait, LIMITS.admissionMs, "The password exchange", work);
  } catch (thrown) {
    const { code, message, hint } = AppError.from(thrown);
    writeLine(stream, { code, message, hint });
    throw thrown;
  }
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

function paused(forMs: number): AppError {
  const seconds = Math.ceil(forMs / 1000);
  const time = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return new AppError("busy", "There were too many wrong passwords from your address.", {
    hint: `Try again in ${time}.`,
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return abortable(new Promise((resolve) => setTimeout(resolve, ms)), signal);
}
