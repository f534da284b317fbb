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
import { abortable } from "../transport/wait.ts";
import { JoinRequestPacing } from "./joinRequestPacing.ts";
import { messageOf } from "../common/values.ts";

/** Somebody who wants to come in, as the host is shown them. None of it is proved. */
export interface Arrival {
  /** As they name themselves; over plain DAP the name of their program. */
  readonly name: string;
  /** `tcp 192.0.2.7:53211` */
  readonly address: string;
  /** Over the link, or over plain DAP. */
  readonly kind: "guest" | "dap";
  /** What they run, where they say so besides their name. */
  readonly program?: string | undefined;
}

/** What the host is asked about. */
export interface JoinRequest extends Arrival {
  /** What limits per peer count by. */
  readonly peer: string;
  /** The most that the server gives. */
  readonly most: Access;
}

export interface AdmitWait {
  /** Aborted when there is nothing to decide any more: they have gone, the time is over, the server has ended. */
  readonly signal: AbortSignal;
  /** The decision may take `ms` from now, 10 minutes at most; who waits over the link is told, with `message`. */
  extend(ms: number, message?: string): void;
}

/**
 * Asks a person whether to let somebody in. Resolves with what they may do, which never is more than the server
 * allows; rejects with an AppError, which they are told, to turn them away.
 */
export type Admit = (request: JoinRequest, wait: AdmitWait) => Promise<Access>;

/** Whether anybody who reaches the server could come in unasked, without having been told that this is meant so. */
export function isUnlocked(address: ServerAddress): boolean {
  return !address.insecure && !requiresAuthentication(address);
}

/** How much longer than the question somebody is kept, so that they learn its outcome. */
const GRACE_MS = 2_000;

/** The door of one server at which a person decides who comes in. */
export class Door {
  readonly #admit: Admit;
  readonly #access: Access;
  readonly #logger: Logger;
  readonly #questionMs: number;
  readonly #clock: Clock;
  /** The requests that wait, with the peers that they are from. */
  readonly #open = new Map<AbortController, string>();
  readonly #pacing = new JoinRequestPacing();
  #closed: AppError | undefined;

  /** `access`: the most that anybody gets. `questionMs`: how long a person has, and `clock`: for tests. */
  constructor(
    admit: Admit,
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
   * Resolves with what they may do. Rejects with an AppError that they may be told: the person's refusal, nobody's
   * answer, too many questions, or that the server has ended. `signal`: they have gone; `extend`: it takes so long
   * from now on.
   */
  async ask(
    arrival: Omit<JoinRequest, "most">,
    signal: AbortSignal,
    extend: (ms: number, message?: string) => void = () => {},
  ): Promise<Access> {
    if (this.#closed !== undefined) throw this.#closed;
    const { peer } = arrival;
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
      timer = this.#clock.schedule(ms, () => question.abort(nobodyAnswered()));
      extend(ms + GRACE_MS, message);
    };
    try {
      question.signal.throwIfAborted();
      const pause = this.#pacing.pauseOf(peer, this.#clock.now());
      wait(pause + this.#questionMs, "The host is being asked.");
      if (pause > 0) await this.#pause(pause, question.signal);
      const request = { ...shown(arrival), peer, most: this.#access };
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

  async #decision(request: JoinRequest, wait: AdmitWait): Promise<Access> {
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

  /** Nobody comes in any more, and those who wait are told why. */
  close(reason = new AppError("closed", "This server has ended.")): void {
    this.#closed = reason;
    for (const question of this.#open.keys()) question.abort(reason);
  }
}

function left(): AppError {
  return new AppError("closed", "The guest left before it was let in.");
}

function nobodyAnswered(): AppError {
  return new AppError("timeout", "Nobody answered whether you may come in.", {
    hint: "Tell the host that you want to, and try again.",
  });
}

function shown({ name, address, kind, program }: Arrival): Arrival {
  return { name: guestName(name), address, kind, program: program && shownName(program) };
}
