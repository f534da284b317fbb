import { LIMITS } from "../common/limits.ts";
import type { Participant } from "./client.ts";

interface Account {
  lines: number;
  letters: number;
  /** Lines that were left out, to be told of when the time is over. */
  leftOut: number;
}

/**
 * How much of a participant the others have in their debug consoles. It is counted by time, not by turns of the host: what
 * is used up are the others' connections and their attention.
 */
export class ConsoleLines {
  readonly #accounts = new Map<Participant, Account>();
  readonly #onLeftOut: (participant: Participant, count: number) => void;

  /** `onLeftOut` tells of the lines that were left out, some time after the first of them. */
  constructor(onLeftOut: (participant: Participant, count: number) => void) {
    this.#onLeftOut = onLeftOut;
  }

  /** Whether another line may go out now; then it counts. */
  take(participant: Participant, letters: number): boolean {
    const account = this.#account(participant);
    if (account.lines >= LIMITS.consoleLines || account.letters + letters > LIMITS.consoleLetters)
      return false;
    account.lines++;
    account.letters += letters;
    return true;
  }

  /** The same for what cannot be refused: it is summed up. */
  takeOrCount(participant: Participant, letters: number): boolean {
    if (this.take(participant, letters)) return true;
    this.#account(participant).leftOut++;
    return false;
  }

  #account(participant: Participant): Account {
    const known = this.#accounts.get(participant);
    if (known !== undefined) return known;
    setTimeout(() => this.#over(participant), LIMITS.consoleMs).unref();
    const account: Account = { lines: 0, letters: 0, leftOut: 0 };
    this.#accounts.set(participant, account);
    return account;
  }

  #over(participant: Participant): void {
    const leftOut = this.#accounts.get(participant)?.leftOut ?? 0;
    this.#accounts.delete(participant);
    if (leftOut > 0) this.#onLeftOut(participant, leftOut);
  }
}

/** What the others are told instead of so many lines. */
export function leftOutLine({ name }: Participant, count: number): string {
  return `${name}: … and ${count} more.`;
}
