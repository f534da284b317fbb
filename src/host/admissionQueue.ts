import type { Disposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import type { AuthenticatingClient } from "../security/serverHandshake.ts";
import { type Clock, realClock } from "../transport/clock.ts";
import { FairQueue, most } from "../transport/fairQueue.ts";
import type { PeerGroup } from "../transport/peerGroup.ts";
import { abortable } from "../transport/deadline.ts";

/**
 * How far a pending client has come. It has said nothing (silent), waits for its turn (waiting), and then has a time in
 * which it must authenticate itself and say who it is (inTurn). That time stands still while its guess at a password waits
 * to be answered (queued). The time goes on, but no step is expected of it, while it works on the answer to its guess and
 * while this system is asked whose it is (excused).
 */
type Stage = "silent" | "waiting" | "inTurn" | "queued" | "excused";

/** A client that has made no step for so long gives way to those that wait; before that its bytes may be on their way. */
const GRACE_MS = 1_000;
/** The same for the first byte, where there is no more room. */
const SILENT_GRACE_MS = 250;

/**
 * The half-open connections of a server: those whose clients have neither been admitted nor refused.
 *
 * Those that have said nothing take no turn. Where it is the turn of as many as may be, the others wait, and are
 * served in turn by network and peer; a client that makes no step in its turn gives way to them. So neither silent
 * nor slow clients keep others out, however many they are. Where there is no more room at all, one goes of the peer that
 * has most connections.
 */
export class AdmissionQueue {
  readonly #admissionMs: number;
  readonly #clock: Clock;
  readonly #clients = new Set<HalfOpenConnection>();
  readonly #waiting = new FairQueue<HalfOpenConnection>();
  #pressure: Disposable | undefined;
  #overfull: Disposable | undefined;
  #closed: AppError | undefined;

  /** `admissionMs`: from the connection to its first byte, and from the beginning of its turn to the end of the admission. */
  constructor(admissionMs: number = LIMITS.admissionMs, clock: Clock = realClock) {
    this.#admissionMs = admissionMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** A new connection. Its signal is aborted with the reason when it is to be cut off, which may be at once. */
  add(group: PeerGroup): HalfOpenConnection {
    const client: HalfOpenConnection = new HalfOpenConnection(group, this.#admissionMs, this.#clock, () => {
      if (client.stage === undefined) this.#clients.delete(client);
      if (client.stage === "waiting") this.#waiting.add(client);
      else this.#waiting.delete(client);
      this.#serve();
    });
    this.#clients.add(client);
    if (this.#closed !== undefined) client.cut(this.#closed);
    else this.#makeRoom();
    return client;
  }

  /** All are cut off, and those that come later, too. */
  close(reason = new AppError("closed", "This server has ended.")): void {
    this.#closed = reason;
    this.#overfull?.dispose();
    for (const client of [...this.#clients]) client.cut(reason);
  }

  #serve(): void {
    this.#pressure?.dispose();
    this.#pressure = undefined;
    while (this.#waiting.size > 0) {
      const inTurn = [...this.#clients].filter(({ stage }) => stage === "inTurn");
      if (inTurn.length >= LIMITS.pendingClientsInTurn) return this.#awaitRoom(inTurn);
      this.#waiting.take()?.begin();
    }
  }

  /** One of those in their turn gives way, as soon as its time is over. */
  #awaitRoom(inTurn: readonly HalfOpenConnection[]): void {
    // Beginning a turn calls this again by itself.
    this.#pressure?.dispose();
    const forMs = GRACE_MS - Math.max(...inTurn.map(({ idleMs }) => idleMs));
    this.#pressure = this.#clock.schedule(Math.max(0, forMs), () => {
      // What has come meanwhile is read first: this process may have been busy for as long.
      this.#pressure = this.#clock.schedule(0, () => this.#giveWay());
    });
  }

  #giveWay(): void {
    this.#pressure = undefined;
    const overdue = [...this.#clients].filter(
      ({ stage, idleMs }) => stage === "inTurn" && idleMs >= GRACE_MS,
    );
    const idle = mostCrowded(overdue).reduce<HalfOpenConnection | undefined>(longestIdle, undefined);
    if (idle === undefined) this.#serve();
    else idle.cut(new AppError("busy", "It was silent while others waited for their turn."));
  }

  /**
   * Of the peer that has most connections the longest silent one goes, as soon as one of them has been silent for long enough;
   * until then some more have room. Where that is taken, too, their newest that has had no turn yet goes.
   */
  #makeRoom(): void {
    this.#overfull?.dispose();
    this.#overfull = undefined;
    while (this.#clients.size > LIMITS.pendingClients) {
      const crowd = mostCrowded(
        [...this.#clients].filter(({ stage }) => stage === "silent" || stage === "waiting"),
      );
      const silent = crowd.filter(({ stage }) => stage === "silent").reduce(longestIdle, undefined);
      const graceMs = silent === undefined ? 0 : SILENT_GRACE_MS - silent.idleMs;
      if (graceMs > 0 && this.#clients.size <= LIMITS.pendingClients + LIMITS.pendingClientsOver) {
        this.#overfull = this.#clock.schedule(graceMs, () => this.#makeRoom());
        return;
      }
      const newest = crowd.at(-1) ?? [...this.#clients].at(-1);
      const gone = graceMs > 0 ? newest : (silent ?? newest);
      gone?.cut(new AppError("busy", "There are too many connections."));
    }
  }
}

/** A connection whose client has neither been admitted nor refused. */
export class HalfOpenConnection implements AuthenticatingClient {
  /** Who it is may be found out later. */
  group: PeerGroup;
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #cut = new AbortController();
  #stage: Stage | undefined = "silent";
  #begin: () => void = () => {};
  #stepAt: number;
  #deadline: Disposable;
  /** What is left of the time of its turn, and since when it runs. */
  #turnMs: number;
  #runsSince: number | undefined;

  constructor(group: PeerGroup, admissionMs: number, clock: Clock, changed: () => void) {
    this.group = group;
    this.#turnMs = admissionMs;
    this.#clock = clock;
    this.#changed = changed;
    this.#stepAt = clock.now();
    this.#deadline = this.#endAfter(admissionMs, "Waiting for the client's first bytes");
  }

  /** Undefined: it is admitted, or gone. */
  get stage(): Stage | undefined {
    return this.#stage;
  }

  /** Aborted, with an AppError, when it is cut off. */
  get signal(): AbortSignal {
    return this.#cut.signal;
  }

  /** How long it has made no step. */
  get idleMs(): number {
    return this.#clock.now() - this.#stepAt;
  }

  /** What is left of its turn. */
  get remainingMs(): number {
    const gone = this.#runsSince === undefined ? 0 : this.#clock.now() - this.#runsSince;
    return Math.max(1, this.#turnMs - gone);
  }

  /** It has said something. Resolves when its turn has begun, rejects when it is cut off. */
  turn(): Promise<void> {
    const begun = new Promise<void>((resolve) => (this.#begin = resolve));
    if (this.#stage !== undefined) this.#enter("waiting");
    return abortable(begun, this.signal);
  }

  /** Its turn begins. */
  begin(): void {
    this.#begin();
    this.#enter("inTurn");
  }

  progressed(): void {
    if (this.#stage !== undefined) this.#enter("inTurn");
  }

  lookedUp(): void {
    if (this.#stage !== undefined) this.#enter("excused");
  }

  queued(): void {
    if (this.#stage !== undefined) this.#enter("queued");
  }

  answered(): void {
    if (this.#stage !== undefined) this.#enter("excused");
  }

  /** It is admitted, or has gone by itself. May be called twice. */
  leave(): void {
    if (this.#stage === undefined) return;
    this.#stage = undefined;
    this.#deadline.dispose();
    this.#changed();
  }

  cut(reason: AppError): void {
    if (this.#stage === undefined) return;
    this.leave();
    this.#cut.abort(reason);
  }

  #enter(stage: Stage): void {
    this.#turnMs = this.remainingMs;
    this.#stage = stage;
    this.#stepAt = this.#clock.now();
    const runs = stage === "inTurn" || stage === "excused";
    this.#runsSince = runs ? this.#stepAt : undefined;
    this.#deadline.dispose();
    if (runs) this.#deadline = this.#endAfter(this.#turnMs, "The admission");
    if (stage === "waiting") this.#deadline = this.#endAfter(LIMITS.turnWaitMs, "Waiting for its turn");
    this.#changed();
  }

  #endAfter(ms: number, subject: string): Disposable {
    return this.#clock.schedule(ms, () => {
      this.cut(new AppError("timeout", `${subject} took longer than ${ms / 1000} s.`));
    });
  }
}

/** Those of the peer that has most, in the network that has. */
function mostCrowded(clients: readonly HalfOpenConnection[]): readonly HalfOpenConnection[] {
  return most(
    most(clients, ({ group }) => group.network),
    ({ group }) => group.peer,
  );
}

function longestIdle(one: HalfOpenConnection | undefined, other: HalfOpenConnection): HalfOpenConnection {
  return one === undefined || other.idleMs > one.idleMs ? other : one;
}
