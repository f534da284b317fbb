import { type JsonObject, encodeJson } from "../dap/messages.ts";

/**
 * The time from one stop of one thread to its next resume. What the adapter numbers (frames, variables) is valid
 * within it.
 */
export interface Epoch {
  readonly id: number;
  /** Undefined: of an adapter that did not say which thread stopped. */
  readonly threadId: number | undefined;
  /** Whether a `stopped` event named the thread; the others of an all-stop stand without one. */
  isTold: boolean;
  open: boolean;
  /** Who has resumed it, if one of the clients has. */
  endedBy?: object | undefined;
}

/** A `stopped` event, as long as a thread stands of which it told. */
export interface Stop {
  readonly id: number;
  readonly threadId: number | undefined;
  /** The body of the event. */
  readonly body: JsonObject;
  readonly raw: Buffer;
}

/** One resume: who caused it, and whether the other clients have been told that the program runs. */
export interface Resume {
  /** The client that asked for it; undefined if the adapter (or the host) resumed by itself. */
  readonly issuer: object | undefined;
  readonly threadId: number | undefined;
  /** Whether all threads run by it, as far as is known. */
  all: boolean;
  /** What the adapter has said of `all`, if it has. */
  said: boolean | undefined;
  /** Whether the clients know, by the adapter's word or by ours. */
  announced: boolean;
  /** Those who got our `continued`: the adapter's own would be their second. */
  readonly toldByUs: Set<object>;
  /** The stops of which a thread runs again; who was told of one of them is told that. */
  of: readonly Stop[];
  /** Those of them of which no thread stands any more. */
  ended: readonly Stop[];
  /** What stood before it, for when the adapter refuses it or says that it set fewer threads going. */
  readonly before: Standing;
}

/** What a stop has brought about. */
export interface Stopped {
  readonly stop: Stop;
  readonly epoch: Epoch;
  /** The stops before it whose threads have run since without a word. */
  readonly replaced: readonly Stop[];
  /** The resumes that it ended: what they set going has stopped again. */
  readonly ended: readonly Resume[];
}

/** A stop as a client is told of it that did not see it happen. */
interface Told {
  readonly stop: Stop;
  readonly raw: Buffer;
}

interface Present {
  /** All that are told by it. */
  readonly stops: readonly Stop[];
  readonly events: readonly Told[];
  readonly running: readonly number[];
}

/** Which threads stand. */
interface Standing {
  /** The epochs of those that are known; of an all-stop also the one for what belongs to no thread. */
  readonly epochs: ReadonlyMap<number | undefined, Epoch>;
  readonly stops: readonly Stop[];
  /** Whether all threads stopped together: then those stand that are not in `running`, also unknown ones. */
  readonly all: boolean;
  /** Threads that are known to run. */
  readonly running: ReadonlySet<number>;
}

const NOTHING: Standing = { epochs: new Map(), stops: [], all: false, running: new Set() };

/**
 * Which threads are stopped since when. Pure bookkeeping: it sends nothing. Stops are per thread; "all" is a set of
 * threads at a time, out of which single ones may be resumed.
 */
export class Execution {
  #standing: Standing = NOTHING;
  /** The resumes since which none of the threads that they set going has stopped. */
  #resumes: Resume[] = [];
  #lastId = 0;
  #hasStopped = false;
  #version = 0;
  /** The version of the last stop. */
  #stoppedAt = 0;
  /** The threads that there are, by the adapter's last answer, and whether it is of the present `version`. */
  #listed: ReadonlySet<number> = new Set();
  #listedAt = -1;

  get stopped(): boolean {
    return this.#standing.stops.length > 0;
  }

  /** Another number after each stop and resume. */
  get version(): number {
    return this.#version;
  }

  /** Whether no thread is known to run, or may run without our knowing: only then does an answer stay true. */
  get allStand(): boolean {
    const { all, running, epochs } = this.#standing;
    if (all) return running.size === 0;
    if (this.#listedAt !== this.#version || this.#listed.size === 0) return false;
    return [...this.#listed].every((threadId) => epochs.has(threadId));
  }

  /** How many threads stand; undefined if that is not known. */
  get standingCount(): number | undefined {
    const { all, epochs, running } = this.#standing;
    if (!all) return epochs.size;
    if (this.#listedAt === this.#version)
      return [...this.#listed].filter((threadId) => !running.has(threadId)).length;
    const known = [...epochs.keys()].filter((threadId) => threadId !== undefined).length;
    return known > 1 ? known : undefined;
  }

  /**
   * The least by which a client can be told what stands: one event for an all-stop, or one for each thread that stopped
   * by itself; then which threads of the all-stop run.
   */
  get present(): Present {
    const { all, stops, running } = this.#standing;
    if (!all || stops.length === 0)
      return { stops, events: stops.map((stop) => ({ stop, raw: stop.raw })), running: [] };
    return { stops, events: [this.#focused()], running: [...running] };
  }

  /** Whether a thread stands of which that stop told. */
  has(stop: Stop): boolean {
    return this.#standing.stops.includes(stop);
  }

  /** The resume by which that thread (undefined: any) runs, if a client asked for it or the adapter told of it. */
  resumeOf(threadId: number | undefined): Resume | undefined {
    return this.#resumes.findLast(
      (resume) => resume.all || threadId === undefined || resume.threadId === threadId,
    );
  }

  /** The epoch in which that thread stands; undefined if it runs or is not known to have stopped. */
  epochOf(threadId: unknown): Epoch | undefined {
    if (typeof threadId !== "number" || this.#standing.running.has(threadId)) return undefined;
    const known = this.#standing.epochs.get(threadId);
    if (known !== undefined) return known;
    return this.#standing.all ? this.#open(threadId) : undefined;
  }

  /** The epoch of the thread that stopped last of those that stand: for what belongs to no thread. */
  latest(): Epoch | undefined {
    const { all, stops, epochs } = this.#standing;
    const last = stops.findLast(({ threadId }) => epochs.has(threadId));
    if (last !== undefined) return epochs.get(last.threadId);
    return all ? (epochs.get(undefined) ?? this.#open(undefined)) : undefined;
  }

  /**
   * True if a resume of that thread is an answer to a stop that is over. Only where that is known: an adapter that
   * never said `stopped`, or did not say so of this thread, is asked itself.
   */
  isRunning(threadId: unknown): boolean {
    if (!this.#hasStopped) return false;
    if (!this.stopped) return true;
    return typeof threadId === "number" && this.#standing.running.has(threadId);
  }

  /** The adapter has named the threads that there are. `version`: when it was asked. */
  listed(threadIds: readonly number[], version: number): void {
    this.#listed = new Set(threadIds);
    this.#listedAt = version;
  }

  /**
   * A `stopped` event. A thread that stops again without a resume that we saw has run in between; where all stopped
   * with it, all have. Otherwise an event joins those before it: adapters tell one stop of all in several events.
   */
  stop(body: JsonObject, raw: Buffer): Stopped {
    this.#stoppedAt = ++this.#version;
    this.#hasStopped = true;
    const threadId = typeof body.threadId === "number" ? body.threadId : undefined;
    const all = body.allThreadsStopped === true || threadId === undefined;
    const stop: Stop = { id: ++this.#lastId, threadId, body, raw };
    const before = this.#standing;
    const isAgain = before.epochs.get(threadId)?.isTold === true;
    const gone = (other: Stop) => isAgain && (all || other.threadId === threadId);
    const replaced = before.stops.filter(gone);
    for (const [thread, epoch] of before.epochs) if (isAgain && (all || thread === threadId)) close(epoch);
    this.#standing = {
      epochs: new Map([...before.epochs].filter(([, epoch]) => epoch.open)),
      stops: [...before.stops.filter((other) => !gone(other)), stop],
      all: all || before.all,
      running: all ? new Set() : without(before.running, threadId),
    };
    const epoch = this.#standing.epochs.get(threadId) ?? this.#open(threadId);
    epoch.isTold = true;
    const ended = this.#resumes.filter((resume) => all || resume.all || resume.threadId === threadId);
    this.#resumes = this.#resumes.filter((resume) => !ended.includes(resume));
    return { stop, epoch, replaced, ended };
  }

  /**
   * `threadId` resumes. DAP: `continue` and the steps set the other threads of an all-stop going too, unless
   * `single`. A thread that stopped by itself goes by itself, until the adapter says otherwise (`told`).
   */
  resume(issuer: object | undefined, threadId: number | undefined, single: boolean): Resume {
    const { all, epochs } = this.#standing;
    const resume: Resume = {
      issuer,
      threadId,
      all: threadId === undefined || (!single && (all || !epochs.has(threadId))),
      said: undefined,
      announced: false,
      toldByUs: new Set(),
      of: [],
      ended: [],
      before: this.#standing,
    };
    this.#resumes.push(resume);
    this.#close(resume);
    return resume;
  }

  /**
   * What the adapter says of a resume, in its answer or in an event: whether all threads run by it. DAP: saying nothing
   * means all, but not against what it has said before. Returns whether that is news.
   */
  told(resume: Resume, all: boolean | undefined): boolean {
    if (!this.#resumes.includes(resume) || resume.threadId === undefined) return false;
    if (all === undefined && resume.said !== undefined) return false;
    resume.said = all ?? resume.said;
    const isAll = all ?? true;
    if (isAll === resume.all) return false;
    if (!isAll) this.#reopen(resume);
    resume.all = isAll;
    this.#close(resume);
    return true;
  }

  /**
   * The adapter refused the resume: what it closed is open again. False if that comes too late: the program has
   * stopped since, or all clients were told that it runs.
   */
  undo(resume: Resume): boolean {
    if (resume.announced || !this.#resumes.includes(resume)) return false;
    this.#reopen(resume);
    this.#resumes = this.#resumes.filter((other) => other !== resume);
    return true;
  }

  /** The thread has begun. */
  add(threadId: number): void {
    this.#listed = new Set([...this.#listed, threadId]);
  }

  /** The thread has ended. */
  forget(threadId: number): void {
    const { epochs, stops, all, running } = this.#standing;
    close(epochs.get(threadId));
    this.#listed = without(this.#listed, threadId);
    this.#standing = {
      epochs: new Map([...epochs].filter(([, { open }]) => open)),
      // The others of an all-stop stand on: a client that joins has to be told.
      stops: all ? stops : stops.filter((stop) => stop.threadId !== threadId),
      all,
      running: without(running, threadId),
    };
  }

  #open(threadId: number | undefined): Epoch {
    const epoch: Epoch = { id: ++this.#lastId, threadId, isTold: false, open: true };
    this.#standing = {
      ...this.#standing,
      epochs: new Map([...this.#standing.epochs, [threadId, epoch]]),
    };
    return epoch;
  }

  /** Closes what ends by a resume. */
  #close(resume: Resume): void {
    this.#version++;
    const { threadId } = resume;
    const { epochs, stops, all, running } = this.#standing;
    const runs = threadId === undefined ? running : new Set([...running, threadId]);
    const restRuns = resume.all || (all && this.#isEach(runs));
    for (const [thread, epoch] of epochs) if (restRuns || thread === threadId) close(epoch, resume.issuer);
    const own = stops.filter((stop) => stop.threadId === threadId);
    // A client that joins later is told of the others of an all-stop by the event that told of it.
    const rest = stops.filter((stop) => stop.threadId !== threadId || (all && stop === basisOf(stops)));
    this.#standing = {
      epochs: new Map([...epochs].filter(([, { open }]) => open)),
      stops: restRuns ? [] : rest,
      all: all && !restRuns,
      running: runs,
    };
    resume.of = [...new Set([...resume.of, ...(restRuns || all ? stops : own)])];
    resume.ended = resume.of.filter((stop) => !this.#standing.stops.includes(stop));
  }

  /** What a resume has closed is open again; not if another one has set all threads going. */
  #reopen(resume: Resume): void {
    if (this.#resumes.some((other) => other !== resume && other.all)) return;
    this.#version++;
    const { before, threadId } = resume;
    const now = this.#standing;
    const all = now.all || before.all;
    const running = resume.all ? before.running : without(now.running, threadId);
    const isBack = (thread: number | undefined) =>
      thread === threadId || resume.all || (all && (thread === undefined || !running.has(thread)));
    const epochs = new Map(now.epochs);
    for (const [thread, epoch] of before.epochs) {
      if (!isBack(thread) || epochs.has(thread)) continue;
      epoch.open = true;
      epochs.set(thread, epoch);
    }
    const basis = all ? basisOf(before.stops) : undefined;
    const back = before.stops.filter((stop) => stop === basis || isBack(stop.threadId));
    const stops = [...new Set([...now.stops, ...back])].sort((a, b) => a.id - b.id);
    this.#standing = { epochs, stops, all, running };
    resume.of = [];
    resume.ended = [];
  }

  /** Whether these are all threads that there are. */
  #isEach(threadIds: ReadonlySet<number>): boolean {
    const isKnown = this.#listedAt >= this.#stoppedAt && this.#listed.size > 0;
    return isKnown && [...this.#listed].every((threadId) => threadIds.has(threadId));
  }

  /** The event that stands for an all-stop: of the thread that has the focus, or of another one that stands. */
  #focused(): Told {
    const { stops, epochs, running } = this.#standing;
    const present = stops.filter(({ threadId }) => epochs.has(threadId));
    const focused = present.findLast(({ body }) => body.preserveFocusHint !== true) ?? present.at(-1);
    if (focused !== undefined) return ofAll(focused, focused.body);
    const basis = basisOf(stops) ?? NO_STOP;
    const threadId = [...epochs.keys(), ...this.#listed].find(
      (thread) => thread !== undefined && !running.has(thread),
    );
    return ofAll(basis, threadId === undefined ? basis.body : { reason: "pause", threadId });
  }
}

const NO_STOP: Stop = { id: 0, threadId: undefined, body: { reason: "pause" }, raw: Buffer.alloc(0) };

/** The event by which an all-stop is known when its own thread runs again: the last that said so. */
function basisOf(stops: readonly Stop[]): Stop | undefined {
  const saysAll = ({ threadId, body }: Stop) => threadId === undefined || body.allThreadsStopped === true;
  return stops.findLast(saysAll) ?? stops[0];
}

/** The event that tells of a whole all-stop, and so takes the focus. */
function ofAll(stop: Stop, body: JsonObject): Told {
  const says: Record<string, unknown> = { ...body, allThreadsStopped: true };
  if (says.preserveFocusHint === true) delete says.preserveFocusHint;
  const isSame = body.allThreadsStopped === true && body.preserveFocusHint !== true && body === stop.body;
  return { stop, raw: isSame ? stop.raw : encodeJson(says) };
}

function close(epoch: Epoch | undefined, by?: object): void {
  if (epoch === undefined) return;
  epoch.open = false;
  epoch.endedBy = by;
}

function without(threadIds: ReadonlySet<number>, threadId: number | undefined): ReadonlySet<number> {
  return new Set([...threadIds].filter((other) => other !== threadId));
}
