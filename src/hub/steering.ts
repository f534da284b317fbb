import { AppError } from "../common/errors.ts";
import { encodeJson, parseObject } from "../dap/messages.ts";
import type { RequestRule } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { HubContext } from "./context.ts";
import type { Execution, Resume } from "./execution.ts";
import { HandleBag } from "./handles.ts";

/** Requests that make the program run; `pause` does not, and may be sent while it runs. */
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

/**
 * Execution: two people who step at the same moment make one step, and everyone sees the program run before they
 * see it stop, also with an adapter that says nothing of a resume that it was asked for (DAP: it need not).
 */
export class Steering {
  readonly #hub: HubContext;
  readonly #execution: Execution;
  readonly #invalidate: () => void;
  /** A pause that is under way, and who else waits for it. */
  #pausing: ClientRequest[] | undefined;

  constructor(hub: HubContext, execution: Execution, invalidate: () => void) {
    this.#hub = hub;
    this.#execution = execution;
    this.#invalidate = invalidate;
  }

  handle(request: ClientRequest, rule: RequestRule): void {
    if (RESUMES.has(request.command)) this.#resume(request, rule);
    else this.#pause(request, rule);
  }

  adapterStopped(body: Buffer | undefined, bodyFor: (client: Client, raw: Buffer) => Buffer): void {
    const raw = body ?? encodeJson({ reason: "unknown" });
    // An adapter may stop before it has answered the resume: the others must still see the program run first.
    const resume = this.#execution.lastResume;
    if (resume !== undefined) this.#announce(resume);
    const epoch = this.#execution.stop(parseObject(raw), raw);
    this.#invalidate();
    const bag = new HandleBag("stopped", raw, epoch);
    for (const client of this.#hub.clients) {
      client.handles.prune();
      if (!client.live) continue;
      client.handles.add(bag);
      client.stopped(epoch, bodyFor(client, raw));
    }
  }

  adapterContinued(body: Buffer | undefined): void {
    const { threadId, allThreadsContinued } = parseObject(body);
    const thread = typeof threadId === "number" ? threadId : undefined;
    const asked = this.#execution.lastResume;
    const resume = asked ?? this.#execution.resume(undefined, thread, allThreadsContinued === false);
    if (allThreadsContinued !== false) this.#execution.resumeRest(resume);
    resume.announced = true;
    this.#invalidate();
    for (const client of this.#hub.clients) {
      if (!client.live || resume.toldByUs.delete(client)) continue;
      for (const epoch of resume.closed) client.toldStops.delete(epoch);
      client.event("continued", body);
    }
  }

  /** The session has ended: nothing is stopped any more. */
  over(): void {
    this.#execution.resume(undefined, undefined, false);
    this.#invalidate();
  }

  #resume(request: ClientRequest, rule: RequestRule): void {
    const { client, command, args } = request;
    const threadId = typeof args.threadId === "number" ? args.threadId : this.#threadOfFrame(request);
    if (!request.sawStop || this.#execution.isRunning(threadId)) {
      request.refuse(
        new AppError(
          "notStopped",
          "The program is running: somebody else was faster, or it has not stopped.",
        ),
      );
      return;
    }
    const resume = this.#execution.resume(client, threadId, args.singleThread === true);
    for (const epoch of resume.closed) client.toldStops.delete(epoch);
    this.#invalidate();
    this.#hub.upstream.request(command, request.rawArgs, (outcome) => {
      if (!outcome.success) {
        this.#execution.undo(resume);
        request.answer(outcome);
        return;
      }
      // DAP: an absent `allThreadsContinued` of a ContinueResponse means all.
      if (command === "continue" && args.singleThread !== true) {
        if (parseObject(outcome.body).allThreadsContinued !== false) this.#execution.resumeRest(resume);
      }
      request.answer(outcome);
      this.#announce(resume);
      if (rule.deed !== undefined) this.#hub.notice(client, rule.deed);
    });
  }

  #pause(request: ClientRequest, rule: RequestRule): void {
    if (this.#pausing !== undefined) {
      this.#pausing.push(request);
      return;
    }
    const waiting = [request];
    this.#pausing = waiting;
    this.#hub.upstream.request("pause", request.rawArgs, (outcome) => {
      this.#pausing = undefined;
      for (const each of waiting) each.answer(outcome);
      if (outcome.success && rule.deed !== undefined) this.#hub.notice(request.client, rule.deed);
    });
  }

  /** Tells everybody but the one who resumed that the program runs, once. */
  #announce(resume: Resume): void {
    if (resume.announced) return;
    resume.announced = true;
    const first = resume.closed.at(-1);
    const threadId = resume.threadId ?? first?.threadId ?? 0;
    const body = encodeJson({ threadId, allThreadsContinued: resume.all });
    for (const client of this.#hub.clients) {
      if (!client.live || client === resume.issuer) continue;
      const told = resume.closed.filter((epoch) => client.toldStops.delete(epoch));
      if (told.length === 0) continue;
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
