import type { Disposable } from "./disposable.ts";

/** A cost is that of reading so many bytes of JSON; a message costs this besides its bytes. */
export const MESSAGE_COST = 1024;
/** The same of what is read at a time, whatever it completes. */
export const CHUNK_COST = 256;
/** What one turn may cost. */
const TURN_COST = 16 * 1024;
/** The same for who is alone: only those who are about to come wait for it. */
const TURN_COST_ALONE = 1024 * 1024;

/** One connection's part in the time of this process. */
export interface Share extends Disposable {
  /** There is something to handle: at once where that is its turn, else later. */
  wake(): void;
  /** What was handled for it costs so much; also later, and also more than it had. */
  charge(cost: number): void;
  /** Its turn is over: the next message has to wait. */
  readonly spent: boolean;
}

interface Member {
  /** Handles messages until there is none or `spent`; true if some are left. */
  readonly work: () => boolean;
  credit: number;
  /** The round in which it had its last credit. */
  round: number;
  isWaiting: boolean;
}

/**
 * Lets connections have their messages handled in turns (deficit round robin). In each round, which is a turn of the
 * event loop, a connection may have so much handled as soon as it comes; what is more waits in a queue, from which one
 * connection has its turn in each round. Whatever a message costs more than a turn may, its sender waits for as many
 * turns of the others who wait; where no other waits, it does not.
 *
 * It knows neither sockets nor time: costs go in, an order comes out.
 */
export class FairShare {
  readonly #members = new Set<Member>();
  #queue: Member[] = [];
  #running: Member | undefined;
  #round = 0;
  #isRoundDue = false;
  readonly #defer: (run: () => void) => void;

  /** `defer` runs something after others have been heard. */
  constructor(defer: (run: () => void) => void = setImmediate) {
    this.#defer = defer;
  }

  join(work: () => boolean): Share {
    const member: Member = { work, credit: 0, round: this.#round, isWaiting: false };
    this.#members.add(member);
    this.#give(member, 1);
    return {
      wake: () => this.#wake(member),
      charge: (cost: number) => {
        member.credit -= cost;
        this.#endRound();
      },
      get spent() {
        return member.credit <= 0;
      },
      dispose: () => {
        this.#members.delete(member);
        this.#queue = this.#queue.filter((other) => other !== member);
      },
    };
  }

  get #turnCost(): number {
    return this.#members.size > 1 ? TURN_COST : TURN_COST_ALONE;
  }

  #wake(member: Member): void {
    if (member.isWaiting || member === this.#running || !this.#members.has(member)) return;
    // Nobody gathers turns: who was silent has one.
    this.#give(member, this.#round - member.round);
    member.round = this.#round;
    if (this.#running === undefined && member.credit > 0) this.#run(member);
    else this.#enqueue(member);
  }

  #give(member: Member, turns: number): void {
    member.credit = Math.min(this.#turnCost, member.credit + turns * this.#turnCost);
  }

  #enqueue(member: Member): void {
    member.isWaiting = true;
    this.#queue.push(member);
    this.#endRound();
  }

  #run(member: Member): void {
    this.#running = member;
    let isLeft = false;
    try {
      isLeft = member.work();
    } finally {
      this.#running = undefined;
      if (isLeft && this.#members.has(member)) this.#enqueue(member);
    }
  }

  /** The round ends when others have been heard. */
  #endRound(): void {
    if (this.#isRoundDue) return;
    this.#isRoundDue = true;
    this.#defer(() => {
      this.#isRoundDue = false;
      this.#round++;
      const member = this.#next();
      if (this.#queue.length > 0) this.#endRound();
      if (member !== undefined) this.#run(member);
    });
  }

  /** Takes out the first of the queue that has credit, giving each that it looks at one turn more. */
  #next(): Member | undefined {
    for (let member = this.#queue.shift(); member !== undefined; member = this.#queue.shift()) {
      this.#give(member, 1);
      if (member.credit > 0) {
        member.isWaiting = false;
        member.round = this.#round;
        return member;
      }
      this.#queue.push(member);
    }
    return undefined;
  }
}
