import type { Disposable } from "./disposable.ts";

/** A cost is that of reading so many bytes of JSON; a message costs this besides its bytes. */
export const MESSAGE_COST = 1024;
/** The same of what is read at a time, whatever it completes. */
export const CHUNK_COST = 256;
/** What one turn may cost. */
const TURN_COST = 16 * 1024;
/** The same for a connection that is alone: only those that are about to come wait for it. */
const TURN_COST_ALONE = 1024 * 1024;
/** How much of the time one connection may take while another is heard, … */
const MOST_OF_TIME = 0.5;
/** … at a stretch, in milliseconds, … */
const MOST_AT_ONCE_MS = 4;
/** … and the longest stretch that it pays for: a process that was stopped must not be waited for. */
const LONGEST_MS = 1_000;
/** Another is heard if something of it came within this time. */
const HEARD_MS = 1_000;

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
  /** Milliseconds that it may take beside others that are heard, as of `countedAt`. */
  time: number;
  countedAt: number;
  /** When something of it came. */
  heardAt: number;
  isWaiting: boolean;
}

/** Milliseconds from any time on, and what is to happen later. */
export interface FairShareClock {
  now(): number;
  after(ms: number, run: () => void): void;
  /** When what has been handled has been written, too. */
  written(run: () => void): void;
}

const CLOCK: FairShareClock = {
  now: () => performance.now(),
  after: (ms, run) => void setTimeout(run, ms),
  // What is sent in a tick is written at its end (StreamPort, Wire).
  written: (run) => process.nextTick(run),
};

/**
 * Lets connections have their messages handled in turns (deficit round robin). In each round, which is a turn of the
 * event loop, a connection may have so much handled as soon as it comes; what is more waits in a queue, from which one
 * connection has its turn in each round. If a message costs more than a turn may, its sender waits for as many
 * turns of the others that wait; where no other waits, it does not.
 *
 * That alone does not help a client that asks one thing after the other: it never waits when the turns are given out, and
 * each of its requests comes behind a message of another that may take a tenth of a second. So, while another is heard, no
 * connection takes more than half of the time: one that has, waits for as long as it took.
 *
 * It knows no sockets: costs and times go in, an order comes out.
 */
export class FairShare {
  readonly #members = new Set<Member>();
  #queue: Member[] = [];
  #running: Member | undefined;
  #round = 0;
  #isRoundDue = false;
  /** When a round ends although nothing comes. */
  #restUntil = Infinity;
  readonly #defer: (run: () => void) => void;
  readonly #clock: FairShareClock;

  /** `defer` runs something after others have been heard. */
  constructor(defer: (run: () => void) => void = setImmediate, clock = CLOCK) {
    this.#defer = defer;
    this.#clock = clock;
  }

  join(work: () => boolean): Share {
    const member: Member = {
      work,
      credit: 0,
      round: this.#round,
      time: MOST_AT_ONCE_MS,
      countedAt: this.#clock.now(),
      heardAt: -Infinity,
      isWaiting: false,
    };
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
    // Turns do not add up: a connection that was silent has one.
    this.#give(member, this.#round - member.round);
    member.round = this.#round;
    if (this.#running === undefined && member.credit > 0 && !this.#isResting(member)) this.#run(member);
    else this.#enqueue(member);
  }

  #give(member: Member, turns: number): void {
    member.credit = Math.min(this.#turnCost, member.credit + turns * this.#turnCost);
  }

  #enqueue(member: Member): void {
    member.isWaiting = true;
    member.heardAt = this.#clock.now();
    this.#queue.push(member);
    this.#endRound();
  }

  #run(member: Member): void {
    this.#running = member;
    let isLeft = false;
    const begun = this.#clock.now();
    try {
      isLeft = member.work();
    } finally {
      this.#running = undefined;
      this.#clock.written(() => {
        const now = this.#clock.now();
        member.heardAt = now;
        this.#count(member, now, now - begun);
      });
      if (isLeft && this.#members.has(member)) this.#enqueue(member);
    }
  }

  /** Adds what it may take since it was counted last, less what it has taken. */
  #count(member: Member, now: number, taken: number): void {
    const more = (now - member.countedAt) * MOST_OF_TIME;
    member.countedAt = now;
    member.time = Math.min(MOST_AT_ONCE_MS, Math.max(member.time + more - taken, -LONGEST_MS * MOST_OF_TIME));
  }

  /** It has taken more than its part of the time, and another is heard. */
  #isResting(member: Member): boolean {
    // Time alone only adds to it.
    if (member.time > 0) return false;
    const now = this.#clock.now();
    this.#count(member, now, 0);
    if (member.time > 0) return false;
    const since = now - HEARD_MS;
    for (const other of this.#members) if (other !== member && other.heardAt >= since) return true;
    return false;
  }

  /** The round ends when others have been heard. */
  #endRound(): void {
    if (this.#isRoundDue) return;
    this.#isRoundDue = true;
    this.#defer(() => {
      this.#isRoundDue = false;
      this.#round++;
      const member = this.#next();
      if (member === undefined) this.#rest();
      else {
        if (this.#queue.length > 0) this.#endRound();
        this.#run(member);
      }
    });
  }

  /** All that wait are resting: the next round ends when the first of them may go on. */
  #rest(): void {
    if (this.#queue.length === 0) return;
    const least = Math.min(...this.#queue.map(({ time }) => -time / MOST_OF_TIME));
    const ms = Math.max(1, Math.ceil(least));
    const until = this.#clock.now() + ms;
    if (until >= this.#restUntil) return;
    this.#restUntil = until;
    this.#clock.after(ms, () => {
      if (this.#restUntil === until) this.#restUntil = Infinity;
      this.#endRound();
    });
  }

  /** Takes out the first of the queue that has credit and is not resting, giving each that it looks at one turn more. */
  #next(): Member | undefined {
    let resting = 0;
    for (let member = this.#queue.shift(); member !== undefined; member = this.#queue.shift()) {
      const isResting = this.#isResting(member);
      if (!isResting) {
        this.#give(member, 1);
        if (member.credit > 0) {
          member.isWaiting = false;
          member.round = this.#round;
          return member;
        }
      }
      this.#queue.push(member);
      resting = isResting ? resting + 1 : 0;
      if (resting === this.#queue.length) return undefined;
    }
    return undefined;
  }
}
