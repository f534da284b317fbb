import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { type JsonObject, type Outcome, encodeJson, parseObject } from "../dap/messages.ts";
import { REQUESTS, type RequestRule } from "../dap/requests.ts";
import type { Activity } from "./activity.ts";
import type { Actor, Client, ClientRequest } from "./client.ts";
import type { Execution, Resume } from "./execution.ts";
import { HandleBag } from "./handles.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import { replayStops } from "./snapshot.ts";
import type { Upstream } from "./upstream.ts";

interface ExecutionControlHub {
  readonly upstream: Upstream;
  readonly clients: ReadonlySet<Client>;
  readonly capabilities: Readonly<JsonObject>;
  readonly rules: Rules;
  readonly numbers: RequestNumbers;
}

/** Requests that make the program run; `pause` does not. */
const RESUMES = new Set([
  "continue",
  "next",
  "stepIn",
  "stepOut",
  "stepBack",
  "reverseContinue",
  "restartFrame",
  "goto",
]);

interface Pausing {
  /** The one that has gone to the adapter, and those who wait for its answer. */
  readonly all: ClientRequest[];
  seq: number;
  patience: NodeJS.Timeout | undefined;
}

/**
 * Execution: two people who step at the same moment make one step, and each client sees the program run before it
 * sees it stop, also with an adapter that says nothing of a resume that it was asked for (DAP: it need not).
 */
export class ExecutionControl {
  readonly #hub: ExecutionControlHub;
  readonly #activity: Activity;
  readonly #execution: Execution;
  readonly #invalidate: () => void;
  /** The pauses that are under way, by thread. */
  readonly #pausing = new Map<unknown, Pausing>();
  /** Who has brought about the present stop by a resume; undefined: none of us. */
  #mover: object | undefined;

  /** `invalidate`: answers that are known may no longer be true. */
  constructor(hub: ExecutionControlHub, activity: Activity, execution: Execution, invalidate: () => void) {
    this.#hub = hub;
    this.#activity = activity;
    this.#execution = execution;
    this.#invalidate = invalidate;
  }

  handle(request: ClientRequest, rule: RequestRule): void {
    if (RESUMES.has(request.command)) this.#resume(request);
    else this.#pause(request, rule);
  }

  adapterStopped(
    body: Buffer | undefined,
    bodyFor: (client: Client, raw: Buffer) => Buffer,
    rest: Buffer | undefined,
  ): void {
    const raw = body ?? encodeJson({ reason: "unknown" });
    const { stop, epoch, replaced, ended } = this.#execution.stop(parseObject(raw), raw);
    // An adapter may stop before it has answered the resume: the others must still see the program run first.
    for (const resume of ended) this.#announce(resume);
    if (ended.length > 0) this.#mover = ended.findLast(({ issuer }) => issuer !== undefined)?.issuer;
    this.#invalidate();
    const bag = new HandleBag("stopped", raw, epoch);
    for (const client of this.#hub.clients) {
      client.handles.prune(this.#hub.rules.drives(client) ? client : undefined);
      if (!client.live) continue;
      client.handles.add(bag);
      for (const other of replaced) client.toldStops.delete(other);
      client.stopped(stop, bodyFor(client, raw), rest);
    }
  }

  adapterContinued(
    body: Buffer | undefined,
    bodyFor: (client: Client, raw: Buffer) => Buffer,
    rest: Buffer | undefined,
  ): void {
    const { threadId, allThreadsContinued } = parseObject(body);
    const thread = typeof threadId === "number" ? threadId : undefined;
    const all = saysAll(allThreadsContinued);
    const known = this.#execution.resumeOf(thread);
    const resume = known ?? this.#execution.resume(undefined, thread, all === false);
    // That not all run is said of the thread that it names.
    const isNews = (all !== false || resume.threadId === thread) && this.#execution.told(resume, all);
    const isLate = isNews && resume.announced;
    // What the clients were told by us was something else.
    if (isNews) resume.toldByUs.clear();
    resume.announced = true;
    this.#invalidate();
    for (const client of this.#hub.clients) {
      if (!client.live || resume.toldByUs.delete(client)) continue;
      for (const stop of resume.ended) client.toldStops.delete(stop);
      client.event("continued", body, rest);
    }
    if (isLate && !resume.all) this.#standAfterAll(resume, bodyFor);
  }

  /** Others were told that all threads run, and some stand: who asked for it knows what the adapter meant. */
  #standAfterAll({ issuer }: Resume, bodyFor: (client: Client, raw: Buffer) => Buffer): void {
    for (const client of this.#hub.clients) {
      if (!client.live) continue;
      if (client !== issuer) replayStops(client, this.#execution, bodyFor);
      else for (const stop of this.#execution.present.stops) client.toldStops.add(stop);
    }
  }

  /** The session has ended: nothing is stopped any more. */
  over(): void {
    this.#execution.resume(undefined, undefined, false);
    this.#invalidate();
  }

  /** Who has moved the program on since the client sent that, if it has not seen where it stands now. */
  moverUnseen(request: ClientRequest): object | undefined {
    return request.sawStop() ? undefined : this.#mover;
  }

  #resume(request: ClientRequest): void {
    const { client, args } = request;
    const threadId = typeof args.threadId === "number" ? args.threadId : this.#threadOfFrame(request);
    const isRunning = this.#execution.isRunning(threadId);
    const mover =
      this.moverUnseen(request) ?? (isRunning ? this.#execution.resumeOf(threadId)?.issuer : undefined);
    if ((!request.sawStop() || isRunning) && this.#hub.rules.bindsToStops(client, mover)) {
      request.refuse(
        new AppError(
          "notStopped",
          "The program is running: somebody else was faster, or it has not stopped.",
        ),
      );
      return;
    }
    const resume = this.#execution.resume(client, threadId, this.#isSingle(args));
    this.#send(request, request.rawArgs, resume);
  }

  /** `restart`: whatever stands still runs. */
  restart(request: ClientRequest, rawArgs: Buffer | undefined): void {
    this.#send(request, rawArgs, this.#execution.resume(request.client, undefined, false));
  }

  /** The host's own window resumes the program. Returns what takes the adapter's answer. */
  windowResumes(window: Actor, command: string, args: JsonObject): (outcome: Outcome) => void {
    const threadId = typeof args.threadId === "number" ? args.threadId : undefined;
    const resume = this.#execution.resume(window, threadId, this.#isSingle(args));
    this.#invalidate();
    return (outcome) => {
      if (outcome.success) this.#resumed(window, command, args, resume, outcome);
      else this.#execution.undo(resume);
    };
  }

  #send(request: ClientRequest, rawArgs: Buffer | undefined, resume: Resume): void {
    const { client, command, args } = request;
    const told = resume.ended.filter((stop) => client.toldStops.delete(stop));
    this.#invalidate();
    const seq = this.#hub.upstream.request(command, rawArgs, (outcome) => {
      if (!outcome.success) this.#execution.undo(resume);
      request.answer(outcome);
      if (outcome.success) this.#resumed(client, command, args, resume, outcome);
      for (const stop of told) if (this.#execution.has(stop)) client.toldStops.add(stop);
    });
    this.#hub.numbers.sent(request, seq);
  }

  /** The adapter has taken a resume. */
  #resumed(actor: Actor, command: string, args: JsonObject, resume: Resume, { body }: Outcome): void {
    const all = saysAll(parseObject(body).allThreadsContinued);
    // DAP: to say nothing is to say all, but not to who has asked for one thread.
    if (command === "continue" && (all !== undefined || !this.#isSingle(args)))
      this.#execution.told(resume, all);
    this.#announce(resume);
    const activity = REQUESTS.get(command)?.activity;
    if (activity !== undefined) this.#activity.report(actor, activity);
  }

  /** DAP: an adapter that does not say that it can run one thread alone runs all. */
  #isSingle({ singleThread }: JsonObject): boolean {
    return singleThread === true && this.#hub.capabilities.supportsSingleThreadExecutionRequests === true;
  }

  #pause(request: ClientRequest, rule: RequestRule): void {
    const { client, args, rawArgs } = request;
    const { threadId } = args;
    const { numbers, rules, upstream } = this.#hub;
    const pausing = rules.binds(client) ? this.#pausing.get(threadId) : undefined;
    // No client waits for what it has asked itself.
    if (pausing !== undefined && !pausing.all.some((each) => each.client === client)) {
      const { all, seq } = pausing;
      all.push(request);
      for (const each of all) each.upstreamSeq = undefined;
      numbers.shared(request, seq);
      pausing.patience ??= setTimeout(() => {
        if (this.#pausing.get(threadId) === pausing) this.#pausing.delete(threadId);
        for (const other of all.splice(1)) if (!other.client.gone) this.#pause(other, rule);
      }, LIMITS.othersAnswerMs);
      return;
    }
    const own: Pausing = { all: [request], seq: 0, patience: undefined };
    this.#pausing.set(threadId, own);
    own.seq = upstream.request("pause", rawArgs, (outcome) => {
      clearTimeout(own.patience);
      if (this.#pausing.get(threadId) === own) this.#pausing.delete(threadId);
      for (const each of own.all) each.answer(outcome);
      if (outcome.success && rule.activity !== undefined) this.#activity.report(client, rule.activity);
    });
    numbers.sent(request, own.seq);
  }

  /** Tells all but the client that resumed that the program runs, once. */
  #announce(resume: Resume): void {
    if (resume.announced) return;
    resume.announced = true;
    const threadId = resume.threadId ?? resume.of.at(-1)?.threadId ?? 0;
    const body = encodeJson({ threadId, allThreadsContinued: resume.all });
    for (const client of this.#hub.clients) {
      if (!client.live || client === resume.issuer) continue;
      const knows = resume.of.some((stop) => client.toldStops.has(stop));
      for (const stop of resume.ended) client.toldStops.delete(stop);
      if (!knows) continue;
      resume.toldByUs.add(client);
      client.event("continued", body);
    }
  }

  #threadOfFrame({ client, args }: ClientRequest): number | undefined {
    return typeof args.frameId === "number"
      ? client.handles.find("frame", args.frameId).epoch?.threadId
      : undefined;
  }
}

/** What the adapter says of all threads; undefined if nothing. */
function saysAll(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
