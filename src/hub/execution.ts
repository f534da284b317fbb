import type { JsonObject } from "../dap/messages.ts";

/** The time from one stop to the next resume. What the adapter numbers (frames, variables) is valid within it. */
export interface Epoch {
  readonly id: number;
  /** The thread that stopped; undefined if the adapter did not say which. */
  readonly threadId: number | undefined;
  /** True if the adapter said that all threads stopped with it. */
  readonly all: boolean;
  /** The body of the `stopped` event. */
  readonly body: JsonObject;
  readonly raw: Buffer;
  open: boolean;
}

/** One resume: who caused it, and whether the other clients have been told that the program runs. */
export interface Resume {
  /** The client that asked for it; undefined if the adapter (or the host) resumed by itself. */
  readonly issuer: object | undefined;
  readonly threadId: number | undefined;
  all: boolean;
  /** Whether the clients know, by the adapter's word or by ours. */
  announced: boolean;
  /** Those who got our `continued`: the adapter's own would be their second. */
  readonly toldByUs: Set<object>;
  readonly closed: Epoch[];
}

/** What a stop has brought about. */
export interface Stop {
  readonly epoch: Epoch;
  /** The stop of the same thread before it, if nobody saw it run in between. */
  readonly replaced: Epoch | undefined;
  /** The resumes that it ended: what they set going has stopped again. */
  readonly ended: readonly Resume[];
}

/** Which threads are stopped since when. Pure bookkeeping: it sends nothing. */
export class Execution {
  readonly #stops = new Map<number | "any", Epoch>();
  readonly #resumed = new Set<number>();
  /** The resumes since which none of the threads that they set going has stopped. */
  #resumes: Resume[] = [];
  #lastId = 0;

  /** The open epochs in the order in which their threads stopped. */
  get stops(): Epoch[] {
    return [...this.#stops.values()].sort((a, b) => a.id - b.id);
  }

  get stopped(): boolean {
    return this.#stops.size > 0;
  }

  /** The resume by which that thread (undefined: any) runs, if somebody asked for it or the adapter told of it. */
  resumeOf(threadId: number | undefined): Resume | undefined {
    return this.#resumes.findLast(
      (resume) => resume.all || threadId === undefined || resume.threadId === threadId,
    );
  }

  /** The epoch in which that thread stands; undefined if it runs or is not known to have stopped. */
  epochOf(threadId: unknown): Epoch | undefined {
    if (typeof threadId !== "number" || this.#resumed.has(threadId)) return undefined;
    return (
      this.#stops.get(threadId) ?? this.stops.findLast((epoch) => epoch.all || epoch.threadId === undefined)
    );
  }

  latest(): Epoch | undefined {
    return this.stops.at(-1);
  }

  /**
   * True if a resume of that thread is an answer to a stop that is over. Only where that is known: an adapter that
   * never said `stopped`, or did not say so of this thread, is asked itself.
   */
  isRunning(threadId: unknown): boolean {
    if (this.#lastId === 0) return false;
    if (this.#stops.size === 0) return true;
    return typeof threadId === "number" && this.#resumed.has(threadId);
  }

  /** Opens an epoch. A thread that stops again without a resume that we saw has run in between. */
  stop(body: JsonObject, raw: Buffer): Stop {
    const threadId = typeof body.threadId === "number" ? body.threadId : undefined;
    const all = body.allThreadsStopped === true || threadId === undefined;
    const key = threadId ?? "any";
    const before = this.#stops.get(key);
    if (before !== undefined) before.open = false;
    const epoch: Epoch = { id: ++this.#lastId, threadId, all, body, raw, open: true };
    this.#stops.delete(key);
    this.#stops.set(key, epoch);
    if (all) this.#resumed.clear();
    else if (threadId !== undefined) this.#resumed.delete(threadId);
    const ended = this.#resumes.filter((resume) => all || resume.all || resume.threadId === threadId);
    this.#resumes = this.#resumes.filter((resume) => !ended.includes(resume));
    return { epoch, replaced: before, ended };
  }

  /**
   * Closes the epochs that end when `threadId` resumes. Where all threads stopped together they are taken to run
   * together (DAP: `continue` and the steps resume the others, unless `singleThread`).
   */
  resume(issuer: object | undefined, threadId: number | undefined, single: boolean): Resume {
    const epoch = threadId === undefined ? undefined : this.epochOf(threadId);
    const all = !single && (threadId === undefined || (epoch?.all ?? true));
    const resume: Resume = { issuer, threadId, all, announced: false, toldByUs: new Set(), closed: [] };
    for (const [key, open] of this.#stops) if (all || key === threadId) this.#close(key, open, resume);
    if (threadId !== undefined) this.#resumed.add(threadId);
    this.#resumes.push(resume);
    return resume;
  }

  /** The adapter said that the other threads run too. */
  resumeRest(resume: Resume): void {
    if (resume.all || !this.#resumes.includes(resume)) return;
    resume.all = true;
    for (const [key, open] of this.#stops) this.#close(key, open, resume);
  }

  /**
   * The adapter refused the resume: what it closed is open again. False if that comes too late: the program has
   * stopped since, or everybody was told that it runs.
   */
  undo(resume: Resume): boolean {
    if (resume.announced || !this.#resumes.includes(resume)) return false;
    for (const epoch of resume.closed) {
      epoch.open = true;
      this.#stops.set(epoch.threadId ?? "any", epoch);
    }
    if (resume.threadId !== undefined) this.#resumed.delete(resume.threadId);
    this.#resumes = this.#resumes.filter((other) => other !== resume);
    return true;
  }

  /** The thread has ended. */
  forget(threadId: number): void {
    const epoch = this.#stops.get(threadId);
    if (epoch !== undefined && !epoch.all) {
      epoch.open = false;
      this.#stops.delete(threadId);
    }
    this.#resumed.delete(threadId);
  }

  #close(key: number | "any", epoch: Epoch, resume: Resume): void {
    epoch.open = false;
    this.#stops.delete(key);
    resume.closed.push(epoch);
  }
}
