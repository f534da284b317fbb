import type { Disposable } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import { type Clock, realClock } from "../../transport/clock.ts";
import { FairQueue } from "../../transport/fairQueue.ts";
import type { PeerGroup } from "../../transport/peerGroup.ts";
import { GuessBudget } from "./guessBudget.ts";

interface Waiting {
  readonly group: PeerGroup;
  readonly answer: () => void;
  readonly refuse: (error: AppError) => void;
}

/**
 * When a server answers whose guess at its password: as soon as the budgets of its peer, its network and the server allow.
 * Those that wait for it are served in turn by network and peer, and every other turn goes to peers that have hardly
 * guessed yet. So a peer that knows the password waits only for those of its own address, however many others guess.
 */
export class PasswordTurns {
  readonly #clock: Clock;
  readonly #budget: GuessBudget;
  readonly #waiting = new FairQueue<Waiting>();
  /** When those that wait are looked at again. */
  #timer: (Disposable & { readonly at: number }) | undefined;
  #isFreshTurn = true;

  constructor(clock: Clock = realClock) {
    this.#clock = clock;
    this.#budget = new GuessBudget(() => clock.now());
  }

  /** Wrong guesses of this peer in a row. */
  wrongGuesses(group: PeerGroup): number {
    return this.#budget.inARow(group);
  }

  /**
   * Resolves when a guess may be answered; from then on it counts, and `settle` is to be called. Rejects with `busy` if that
   * takes longer than `patienceMs` or too many wait, and as the signal was aborted.
   */
  next(group: PeerGroup, patienceMs: number, signal: AbortSignal): Promise<void> {
    const forMs = this.#budget.waitMs(group) + this.#waiting.countOf(group) * this.#budget.delayMs(group);
    // How long others take to prove their guesses is not known.
    if (forMs > patienceMs && forMs < Infinity) return Promise.reject(tooMany(forMs));
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(waiting);
        timer.dispose();
        signal.removeEventListener("abort", onAbort);
      };
      const refuse = (error: AppError) => {
        end();
        reject(error);
      };
      const onAbort = () => refuse(AppError.from(signal.reason, "aborted"));
      const waiting: Waiting = {
        group,
        refuse,
        answer: () => {
          end();
          resolve();
        },
      };
      const timer = this.#clock.schedule(patienceMs, () => refuse(tooMany(patienceMs)));
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiting);
      if (this.#waiting.size > LIMITS.passwordsWaiting)
        this.#waiting.mostCrowded((each) => this.#isFresh(each))?.refuse(tooMany(LIMITS.passwordWaitMs));
      this.#serveIn(this.#budget.waitMs(group));
    });
  }

  /** A guess that was answered is proved, or is not going to be. */
  settle(group: PeerGroup, isProved: boolean): void {
    if (isProved) this.#budget.proved(group);
    else this.#budget.failed(group);
    this.#serve();
  }

  #serveIn(ms: number): void {
    if (ms === 0) return this.#serve();
    const at = this.#clock.now() + ms;
    if (ms === Infinity || (this.#timer !== undefined && this.#timer.at <= at)) return;
    this.#timer?.dispose();
    this.#timer = { at, ...this.#clock.schedule(ms, () => this.#serve()) };
  }

  #serve(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#budget.answered(next.group);
      next.answer();
    }
    const waits = [...this.#waiting].map(({ group }) => this.#budget.waitMs(group));
    if (waits.length > 0) this.#serveIn(Math.min(...waits));
  }

  #take(): Waiting | undefined {
    const may = ({ group }: Waiting) => this.#budget.waitMs(group) === 0;
    const isFirst = (each: Waiting) => may(each) && this.#isFresh(each);
    const taken = (this.#isFreshTurn ? this.#waiting.take(isFirst) : undefined) ?? this.#waiting.take(may);
    if (taken !== undefined) this.#isFreshTurn = !this.#isFreshTurn;
    return taken;
  }

  #isFresh({ group }: Waiting): boolean {
    return this.#budget.isFresh(group);
  }
}

function tooMany(forMs: number): AppError {
  return new AppError("busy", "There were too many wrong passwords from your address.", {
    hint: `Try again in ${Math.ceil(forMs / 1000)} seconds.`,
  });
}
