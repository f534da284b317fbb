import { requiresAuthentication } from "../address/authentication.ts";
import type { ServerAddress } from "../address/model.ts";
import { type Access, lesser } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import type { Disposable } from "../common/disposable.ts";
import type { Logger } from "../common/logger.ts";
import { guestName, shownName } from "../common/names.ts";
import { LINK_LIMITS } from "../link/limits.ts";
import { realClock, type Clock } from "../transport/clock.ts";
import { abortable } from "../transport/deadline.ts";
import { JoinRequestPacing } from "./joinRequestPacing.ts";
import { messageOf } from "../common/values.ts";

/** Who wants to join, as the host is shown it. None of it is proved. */
export interface ClaimedIdentity {
  /** As the guest names itself; over plain DAP the name of its program. */
  readonly name: string;
  /** `tcp 192.0.2.7:53211` */
  readonly address: string;
  /** Over the link, or over plain DAP. */
  readonly kind: "guest" | "dap";
  /** What the guest runs, where it says so besides its name. */
  readonly program?: string | undefined;
}

/** What the host is asked about. */
export interface JoinRequest extends ClaimedIdentity {
  /** What limits per peer count by. */
  readonly peer: string;
  /** The most that the server gives. */
  readonly most: Access;
}

export interface AdmissionWait {
  /** Aborted when there is nothing to decide any more: the client has gone, the time is over, the server has ended. */
  readonly signal: AbortSignal;
  /** The decision may take `ms` from now, 10 minutes at most; a guest of the link is told, with `message`. */
  extend(ms: number, message?: string): void;
}

/**
 * Asks the host whether to admit a guest. Resolves with what the guest may do, which never is more than the server
 * allows; rejects with an AppError, which the guest is told, to refuse it.
 */
export type DecideAdmission = (request: JoinRequest, wait: AdmissionWait) => Promise<Access>;

/** Whether any client that reaches the server would be admitted unasked, without the word insecure that says so. */
export function needsAdmissionPrompt(address: ServerAddress): boolean {
  return !address.insecure && !requiresAuthentication(address);
}

/** How much longer than the question a client is kept, so that it learns the outcome. */
const GRACE_MS = 2_000;

/** Asks the host of one server about each guest: how long, how many at a time, how soon again. */
export class AdmissionPrompt {
  readonly #admit: DecideAdmission;
  readonly #access: Access;
  readonly #logger: Logger;
  readonly #questionMs: number;
  readonly #clock: Clock;
  /** The requests that wait, with the peers that they are from. */
  readonly #open = new Map<AbortController, string>();
  readonly #pacing = new JoinRequestPacing();
  #closed: AppError | undefined;

  /** `access`: the most that a guest gets. `questionMs`: how long the host has, and `clock`: for tests. */
  constructor(
    admit: DecideAdmission,
    access: Access,
    logger: Logger,
    questionMs: number = LIMITS.questionMs,
    clock: Clock = realClock,
  ) {
    this.#admit = admit;
    this.#access = access;
    this.#logger = logger;
    this.#questionMs = questionMs;
    this.#clock = clock;
  }

  /**
   * Resolves with what the guest may do. Rejects with an AppError that it may be told: the host's refusal, no answer in
   * time, too many questions, or that the server has ended. `signal`: the guest has gone; `extend`: it takes so long from
   * now on.
   */
  async ask(
    from: Omit<JoinRequest, "most">,
    signal: AbortSignal,
    extend: (ms: number, message?: string) => void = () => {},
  ): Promise<Access> {
    if (this.#closed !== undefined) throw this.#closed;
    const { peer } = from;
    this.#makeRoom(peer);
    const question = new AbortController();
    const leave = () => question.abort(signal.reason instanceof AppError ? signal.reason : left());
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave);
    this.#open.set(question, peer);
    let timer: Disposable | undefined;
    const wait = (wanted: number, message?: string) => {
      if (!this.#open.has(question)) return;
      timer?.dispose();
      const ms = Math.min(wanted, LINK_LIMITS.admissionWaitMs - GRACE_MS);
      timer = this.#clock.schedule(ms, () => question.abort(noAnswer()));
      extend(ms + GRACE_MS, message);
    };
    try {
      question.signal.throwIfAborted();
      const pause = this.#pacing.pauseOf(peer, this.#clock.now());
      wait(pause + this.#questionMs, "The host is being asked.");
      if (pause > 0) await this.#pause(pause, question.signal);
      const request = { ...shown(from), peer, most: this.#access };
      return await this.#decision(request, { signal: question.signal, extend: wait });
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      this.#logger.log("error", `The host could not be asked: ${messageOf(thrown)}`);
      throw new AppError("refused", "The host could not be asked.", { cause: thrown });
    } finally {
      timer?.dispose();
      signal.removeEventListener("abort", leave);
      this.#open.delete(question);
    }
  }

  async #decision(request: JoinRequest, wait: AdmissionWait): Promise<Access> {
    try {
      const access = await abortable(this.#admit(request, wait), wait.signal);
      this.#pacing.admitted(request.peer);
      return lesser(access, this.#access);
    } catch (thrown) {
      this.#pacing.failed(request.peer, this.#clock.now());
      throw thrown;
    }
  }

  /** The host is not asked yet. Rejects when the peer does not wait for that. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    let timer: Disposable | undefined;
    try {
      await abortable(new Promise<void>((resolve) => (timer = this.#clock.schedule(ms, resolve))), signal);
    } finally {
      timer?.dispose();
    }
  }

  /** If too many wait, the last one of the peer with the most of them goes, so that one peer keeps out no others. */
  #makeRoom(peer: string): void {
    if (this.#open.size < LIMITS.questions) return;
    const counts = new Map<string, number>();
    for (const each of this.#open.values()) counts.set(each, (counts.get(each) ?? 0) + 1);
    const [[most = peer, count = 0] = []] = [...counts].sort(([, one], [, other]) => other - one);
    const tooMany = new AppError("busy", "Too many others wait to be let in.", {
      hint: "Try again in a minute.",
    });
    if (count <= (counts.get(peer) ?? 0) + 1) throw tooMany;
    const last = [...this.#open].findLast(([, each]) => each === most)?.[0];
    last?.abort(tooMany);
    if (last !== undefined) this.#open.delete(last);
  }

  /** No guest is admitted any more, and those that wait are told why. */
  close(reason = new AppError("closed", "This server has ended.")): void {
    this.#closed = reason;
    for (const question of this.#open.keys()) question.abort(reason);
  }
}

function left(): AppError {
  return new AppError("closed", "The guest left before it was let in.");
}

function noAnswer(): AppError {
  return new AppError("timeout", "Nobody answered whether you may come in.", {
    hint: "Tell the host that you want to, and try again.",
  });
}

function shown({ name, address, kind, program }: ClaimedIdentity): ClaimedIdentity {
  return { name: guestName(name), address, kind, program: program && shownName(program) };
}
