import { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  isObject,
  objectOf,
  objects,
  parseObject,
} from "../../dap/messages.ts";
import { REQUESTS } from "../../dap/requests.ts";
import type { HostWindow } from "../../hub/hostWindow.ts";
import { namesSources } from "../../hub/sources.ts";
import type { ReverseRequest, Upstream, UpstreamEnd } from "../../hub/upstream.ts";
import type { GuestBreakpoints } from "./guestBreakpoints.ts";
import { isListed } from "./breakpointLists.ts";
import { WindowBreakpoints } from "./windowBreakpoints.ts";
import type { WindowList, WindowSession } from "./windowSession.ts";
import { WindowExecution } from "./windowExecution.ts";
import { asNumber, asText } from "../../common/values.ts";

/** Marks our own requests among the window's. It is taken out before the adapter sees it. */
const TAG = "__debugServer";

type Answer = (outcome: Outcome) => void;

interface Own {
  readonly answer: Answer;
  /** The number by which VS Code and the adapter know it, once it is on its way. */
  seq: number | undefined;
}

/**
 * A session that runs in this VS Code window, as the one adapter of a hub. A tracker is the ear: it hears every message
 * in the order in which the adapter sends it, also the answers to our own requests, long before VS Code hands those
 * to us. `customRequest` is the voice, except where that would leave the window behind: steps and breakpoints go
 * through VS Code's own commands and API (windowExecution.ts, windowBreakpoints.ts).
 *
 * VS Code hands its trackers the very objects that it sends on. We rely on that in five places, each of which does no
 * harm where it should not hold: our mark is taken out of our requests; a step that the window makes for a guest has
 * that guest's arguments; an error does not pop up here for a guest's mistake; the answer to what a guest has
 * changed becomes an event that makes the window look again; and a list of breakpoints is what this session's adapter
 * shall have.
 */
export class WindowUpstream implements Upstream {
  readonly names: readonly string[];
  readonly #session: WindowSession;
  readonly #execution: WindowExecution;
  readonly #breakpoints: WindowBreakpoints;
  readonly #event = new Emitter<{ event: string; body: Buffer | undefined }>();
  /** Never fires: the window answers what the adapter asks. */
  readonly #request = new Emitter<ReverseRequest>();
  readonly #end = new Emitter<UpstreamEnd>();
  readonly onEvent = this.#event.event;
  readonly onRequest = this.#request.event;
  readonly onEnd = this.#end.event;
  /** Our requests that have not been answered, by our own number. */
  readonly #own = new Map<number, Own>();
  /** Who waits for the answers that will come, by the adapter's number. */
  readonly #awaited = new Map<number, (response: JsonObject) => void>();
  #lastOwn = 0;
  #terminated = false;
  #stoppedByHost = false;
  #isEnded = false;
  /** What the window itself asks goes there. Set by the hub's maker. */
  window: HostWindow | undefined;

  constructor(session: WindowSession, list: WindowList, guests: GuestBreakpoints) {
    this.names = [session.type];
    this.#session = session;
    this.#breakpoints = new WindowBreakpoints(session, {
      list,
      guests,
      ask: (command, args, answer) => void this.#ask(command, args, answer),
      tell: (request) => this.window?.sent(request) ?? (() => {}),
    });
    this.#execution = new WindowExecution(session, (command, args, answer) => {
      this.#ask(command, args, answer);
    });
  }

  start(): void {}

  request(
    command: string,
    rawArgs: Buffer | undefined,
    answer: Answer,
    guests: readonly (number | undefined)[] = [],
  ): number {
    const args = rawArgs === undefined ? undefined : parseObject(rawArgs);
    if (this.#isEnded) {
      answer(gone());
      return 0;
    }
    // The window disconnects its sessions itself; one of a guest's is no reason to.
    if (command === "disconnect" && args?.terminateDebuggee !== true) answer({ success: true });
    else if (command === "cancel") return this.#ask(command, this.#cancelArguments(args ?? {}), answer);
    else if (isListed(command)) this.#breakpoints.set(command, args ?? {}, guests, answer);
    else if (!this.#execution.steer(command, args ?? {}, answer)) return this.#ask(command, args, answer);
    return 0;
  }

  /** The window starts its child sessions itself. */
  openChild(): Promise<Upstream> {
    return Promise.reject(
      new AppError("notSupported", "The host's window starts its child sessions itself."),
    );
  }

  /** The hub has done with it; the session in the window may go on. */
  dispose(): void {
    this.ended("The debug session has ended.");
  }

  /** The tracker's `onWillReceiveMessage`: the window is about to send this to the adapter. */
  heardWindow(message: unknown): void {
    if (this.#isEnded || !isObject(message) || message.type !== "request") return;
    const command = asText(message.command);
    const args = objectOf(message.arguments);
    const hear =
      this.#ours(message, args) ?? this.#claimed(message, command, args) ?? this.#windows(command, args);
    if (hear !== undefined) this.#awaited.set(asNumber(message.seq), hear);
  }

  /** The tracker's `onDidSendMessage`: the adapter has sent this, and the window gets it next. */
  heardAdapter(message: unknown): void {
    if (this.#isEnded || !isObject(message)) return;
    if (message.type === "event" && typeof message.event === "string") {
      if (message.event === "terminated") this.#terminated = true;
      const told = message.event === "progressStart" ? this.#withOwnNumber(message.body) : message.body;
      const body = told === undefined ? undefined : encodeJson(told);
      this.#event.fire({ event: message.event, body });
      if (message.event === "initialized") this.#breakpoints.ready();
    } else if (message.type === "response") {
      const seq = asNumber(message.request_seq);
      const hear = this.#awaited.get(seq);
      this.#awaited.delete(seq);
      hear?.(message);
    }
  }

  /** The session is over, however it ended; `failure` is why, if it was not in order. May be called twice. */
  ended(reason: string, failed = false): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#awaited.clear();
    this.#execution.dispose();
    this.#breakpoints.dispose();
    for (const { answer } of [...this.#own.values()]) answer(gone());
    this.#own.clear();
    const expected = !failed || this.#stoppedByHost || this.#terminated;
    this.#end.fire({ expected, reason: this.#stoppedByHost ? "The host has ended the session." : reason });
  }

  /** Sends a request of ours and returns our number of it. Its answer comes by way of the tracker. */
  #ask(command: string, args: JsonObject | undefined, answer: Answer): number {
    const id = ++this.#lastOwn;
    this.#own.set(id, { answer, seq: undefined });
    const settle = (outcome: Outcome) => {
      if (this.#own.delete(id)) answer(outcome);
    };
    this.#session.customRequest(command, { ...args, [TAG]: args === undefined ? -id : id }).then(
      // Both are late, unless the tracker has not heard it.
      (body) => settle({ success: true, body: body === undefined ? undefined : encodeJson(body) }),
      (thrown: unknown) => settle(errorOutcome(AppError.from(thrown, "adapterFailed"))),
    );
    return id;
  }

  /** A request of ours, made what it was before it was marked. */
  #ours(message: JsonObject, args: JsonObject): ((response: JsonObject) => void) | undefined {
    const tag = args[TAG];
    if (typeof tag !== "number") return undefined;
    delete args[TAG];
    if (tag < 0) delete message.arguments;
    const id = Math.abs(tag);
    const own = this.#own.get(id);
    if (own === undefined) return undefined;
    own.seq = asNumber(message.seq);
    return (response) => {
      this.#own.delete(id);
      const outcome = outcomeOf(response);
      silence(response);
      if (outcome.success) lookAgain(asText(message.command), args, response);
      own.answer(outcome);
    };
  }

  /** A step that the window makes because a guest asked for it: the adapter gets it in the guest's words. */
  #claimed(
    message: JsonObject,
    command: string,
    args: JsonObject,
  ): ((response: JsonObject) => void) | undefined {
    const action = this.#execution.claim(command, args);
    if (action === undefined) return undefined;
    message.arguments = action.args;
    return (response) => {
      const outcome = outcomeOf(response);
      silence(response);
      action.answer(outcome);
    };
  }

  /** What the window asks by itself, as far as it matters to the guests. */
  #windows(command: string, args: JsonObject): ((response: JsonObject) => void) | undefined {
    if (isListed(command)) return this.#breakpoints.heard(command, args);
    const { window } = this;
    if (window === undefined) return undefined;
    if (command === "threads") {
      return ({ body }) => this.#execution.windowKnows(isObject(body) ? objects(body.threads) : []);
    }
    if (command === "disconnect" || command === "terminate") this.#stoppedByHost ||= !this.#terminated;
    const rule = REQUESTS.get(command);
    if (rule === undefined || (rule.kind === "query" && !namesSources(command))) return undefined;
    const answered = window.sent({ command, args });
    return (response) => answered(outcomeOf(response));
  }

  /** A progress belongs to a request of ours by our number, and to none of the guests' if the window has sent it. */
  #withOwnNumber(body: unknown): unknown {
    if (!isObject(body) || body.requestId === undefined) return body;
    const [requestId] = [...this.#own].find(([, { seq }]) => seq === body.requestId) ?? [];
    return { ...body, requestId };
  }

  /** The adapter knows our requests by VS Code's numbers. */
  #cancelArguments(args: JsonObject): JsonObject {
    const target = typeof args.requestId === "number" ? this.#own.get(args.requestId) : undefined;
    return { ...args, requestId: target?.seq };
  }
}

function gone(): Outcome {
  return errorOutcome(new AppError("closed", "The debug session has ended."));
}

function outcomeOf({ success, message, body }: JsonObject): Outcome {
  return {
    success: success === true,
    message: typeof message === "string" ? message : undefined,
    body: body === undefined ? undefined : encodeJson(body),
  };
}

/** A guest's mistake is no message box of the host's. */
function silence({ success, body }: JsonObject): void {
  if (success !== true && isObject(body) && isObject(body.error)) body.error.showUser = false;
}

/**
 * Makes the answer to what a guest has done an event, by which the window learns of it. No other code waits for that
 * answer: VS Code's promise of it, which VS Code ignores, stays open until the session ends.
 */
function lookAgain(command: string, args: JsonObject, response: JsonObject): void {
  const event = eventFor(command, args);
  if (event === undefined) return;
  for (const name of Object.keys(response)) delete response[name];
  Object.assign(response, { seq: 0, type: "event", ...event });
}

function eventFor(command: string, args: JsonObject): { event: string; body: JsonObject } | undefined {
  const kind = REQUESTS.get(command)?.kind;
  if (kind === "execution" && command !== "pause") {
    const { threadId, singleThread } = args;
    if (typeof threadId !== "number") return undefined;
    return { event: "continued", body: { threadId, allThreadsContinued: singleThread !== true } };
  }
  const isChange = kind === "change" || (kind === "evaluate" && (args.context ?? "repl") === "repl");
  return isChange ? { event: "invalidated", body: { areas: ["variables"] } } : undefined;
}
