import { AppError } from "../common/errors.ts";
import { type Outcome, encodeJson, errorOutcome, objects, parseObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { Epoch, Execution } from "./execution.ts";
import { isUrgent } from "./queryTurns.ts";
import { asNumber } from "../common/values.ts";
import type { Upstream } from "./upstream.ts";

/** What an adapter may answer by the frame of its last `scopes` request, apart from requests of its own. */
const DEPENDENT = new Set([
  "variables",
  "setVariable",
  "dataBreakpointInfo",
  "locations",
  "completions",
  "evaluate",
  "setExpression",
]);
/** An adapter that needs longer is not waited for: the others go on. */
const STEP_MS = 5_000;
/** Adapters that are known to do it. */
const BINDING = /lldb/i;

interface SelectedFramesHub {
  readonly upstream: Upstream;
  /** The host's own window, if it speaks to the adapter itself. */
  readonly window: object | undefined;
}

/** The frame of a client's last `scopes` request, as long as its stop lasts. */
interface Selection {
  readonly frameId: number;
  /** Undefined: of a frame that the adapter was not seen to give out. */
  readonly epoch: Epoch | undefined;
  readonly version: number;
}

/** The frame that the adapter is at. */
interface Current {
  readonly frameId: number;
  /** The client (or the host's window) whose request has brought it there. */
  readonly by: object;
  /** Of `Execution`. */
  readonly version: number;
  /** That client has sent since what may select another frame, such as a command of the debugger's own. */
  readonly isTouched: boolean;
}

/**
 * Some adapters (lldb-dap) give the scopes of every frame the same references: they mean the frame of the last `scopes`
 * request, whichever client sent it. So each client gets what the adapter would answer if that client were alone there: before
 * its request goes its last `scopes` once more, if another client's was the last one. Between the two nothing else reaches
 * the adapter. Until two frames with different references have shown that an adapter is of another kind, it counts as
 * one of these. A client that is alone, or looks at the same frame as all others, adds nothing.
 */
export class SelectedFrames {
  readonly #hub: SelectedFramesHub;
  readonly #execution: Execution;
  /** Whether references are of the last `scopes`; undefined as long as no two frames have shown it. */
  #binds: boolean | undefined;
  #current: Current | undefined;
  readonly #selections = new WeakMap<object, Selection>();
  /** The references of each frame's scopes, of one `version`. */
  #seen = new Map<number, readonly number[]>();
  #seenVersion = -1;
  /** The short requests by which the adapter may be at a frame. */
  readonly #underWay = new Set<ClientRequest>();
  /** Waits until those of others have been answered. */
  #awaiting: { readonly client: Client; readonly then: (inTime: boolean) => void } | undefined;
  /** What is under way that nothing may come between, and its deadline. */
  #step: NodeJS.Timeout | undefined;
  #waiting: { readonly request: ClientRequest; readonly pass: () => void }[] = [];

  constructor(hub: SelectedFramesHub, execution: Execution) {
    this.#hub = hub;
    this.#execution = execution;
  }

  /** Lets a request go on, at once or when nothing is under way that it may not come between. */
  take(request: ClientRequest, pass: () => void): void {
    const isFree = this.#step === undefined && this.#waiting.length === 0;
    if (isFree || isUrgent(request)) pass();
    else this.#waiting.push({ request, pass });
  }

  /** Takes back a request that still waits. False if it does not. */
  withdraw(request: ClientRequest): boolean {
    const index = this.#waiting.findIndex((waiting) => waiting.request === request);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  /** A client asks for the scopes of a frame: it looks there from now on, whether the adapter or the hub answers that. */
  select(by: object, frameId: unknown, epoch: Epoch | undefined): void {
    if (typeof frameId === "number")
      this.#selections.set(by, { frameId, epoch, version: this.#execution.version });
  }

  /** The host's window has asked the adapter for the scopes of a frame. Returns what takes the answer. */
  windowSelects(window: object, frameId: unknown): (outcome: Outcome) => void {
    if (typeof frameId !== "number") return () => {};
    this.select(window, frameId, this.#execution.latest());
    return this.#arrive(frameId, window);
  }

  /** Tells apart questions that are equal but for the frame that their client looks at. */
  keyOf({ client, command }: ClientRequest): string {
    if (this.#binds === false || !isDependent(command)) return "";
    return String(this.#selectionOf(client)?.frameId ?? "");
  }

  /** Sends a request to the adapter. `sent` gets the number by which that knows it. */
  send(request: ClientRequest, answer: (outcome: Outcome) => void, sent: (seq: number) => void): void {
    const { client, command, args } = request;
    const { window } = this.#hub;
    const direct = (then?: () => void) => this.#direct(request, answer, sent, then);
    if (this.#binds === false) {
      direct();
    } else if (window !== undefined) {
      this.#sendBeside(window, request, direct);
    } else if (command === "scopes" && this.#current?.frameId !== args.frameId) {
      this.#begin(client, () => {
        direct();
        this.#end();
      });
    } else if (this.#isElsewhere(request)) {
      this.#selectFirst(request, direct, answer);
    } else {
      direct();
    }
  }

  #direct(
    request: ClientRequest,
    answer: (outcome: Outcome) => void,
    sent: (seq: number) => void,
    then?: () => void,
  ): void {
    const { client, command, args } = request;
    const arrived =
      command === "scopes" && typeof args.frameId === "number"
        ? this.#arrive(args.frameId, client)
        : undefined;
    if (mayMove(request) && this.#current !== undefined)
      this.#current = { ...this.#current, by: client, isTouched: true };
    if (isShort(command)) this.#underWay.add(request);
    const take = (outcome: Outcome) => {
      this.#underWay.delete(request);
      arrived?.(outcome);
      answer(outcome);
      then?.();
      this.#goOn();
    };
    const { upstream } = this.#hub;
    sent(upstream.request(command, request.rawArgs, take, undefined, client.isLocal));
  }

  /** In one step: the client's frame is selected again, then comes its request. */
  #selectFirst(
    request: ClientRequest,
    direct: (then?: () => void) => void,
    answer: (outcome: Outcome) => void,
  ): void {
    const { client, command } = request;
    const own = this.#selectionOf(client);
    this.#begin(client, (inTime) => {
      const step = this.#step;
      const end = () => {
        if (this.#step === step) this.#end();
      };
      if (inTime && !this.#isElsewhere(request)) {
        direct();
        end();
        return;
      }
      if (!inTime || own === undefined || this.#selectionOf(client) !== own) {
        answer(gone(command));
        end();
        return;
      }
      this.#selectAgain(own.frameId, client, (isThere) => {
        // Others have gone on meanwhile, or the program has: it would be another object's turn.
        if (!isThere || this.#step !== step || this.#selectionOf(client) !== own) {
          answer(gone(command));
          end();
        } else if (isShort(command)) {
          direct(end);
        } else {
          direct();
          end();
        }
      });
    });
  }

  /** The host's window speaks to the adapter beside us: it finds its own frame again after each request of a guest. */
  #sendBeside(window: object, request: ClientRequest, direct: () => void): void {
    const own = this.#selectionOf(request.client);
    if (own !== undefined && this.#isElsewhere(request))
      this.#selectAgain(own.frameId, request.client, () => {});
    direct();
    this.#giveBack(window);
  }

  #giveBack(window: object): void {
    const binds = this.#binds ?? this.#hub.upstream.names.some((name) => BINDING.test(name));
    const shown = this.#selectionOf(window);
    if (binds && shown !== undefined && this.#current !== undefined && this.#current.by !== window)
      this.#selectAgain(shown.frameId, window, () => {});
  }

  #selectAgain(frameId: number, by: object, then: (isThere: boolean) => void): void {
    const arrived = this.#arrive(frameId, by);
    this.#hub.upstream.request("scopes", encodeJson({ frameId }), (outcome) => {
      arrived(outcome);
      then(outcome.success);
    });
  }

  /** The adapter is asked for the scopes of a frame. Returns what takes the answer, which shows of which kind it is. */
  #arrive(frameId: number, by: object): (outcome: Outcome) => void {
    const { version } = this.#execution;
    this.#current = { frameId, by, version, isTouched: false };
    return ({ success, body }) => {
      if (!success || this.#binds === false || version !== this.#execution.version) return;
      if (this.#seenVersion !== version) this.#seen = new Map();
      this.#seenVersion = version;
      const references = objects(parseObject(body).scopes).map((scope) => asNumber(scope.variablesReference));
      const wasKnown = this.#binds !== undefined;
      for (const [other, others] of this.#seen) {
        if (other === frameId || references.length === 0 || others.length === 0) continue;
        if (references.length === others.length && references.every((each) => others.includes(each)))
          this.#binds = true;
        else if (this.#binds !== true && !references.some((each) => others.includes(each)))
          this.#binds = false;
      }
      this.#seen.set(frameId, references);
      if (!wasKnown && this.#binds === true && this.#hub.window !== undefined)
        this.#giveBack(this.#hub.window);
    };
  }

  #selectionOf(by: object): Selection | undefined {
    const selection = this.#selections.get(by);
    if (selection === undefined) return undefined;
    const isOpen = selection.epoch?.open ?? selection.version === this.#execution.version;
    return isOpen ? selection : undefined;
  }

  /** Whether the adapter would answer by the frame that another client looks at. */
  #isElsewhere({ client, command }: ClientRequest): boolean {
    const own = this.#selectionOf(client);
    const current = this.#current;
    if (this.#binds === false || !isDependent(command) || own === undefined || current === undefined)
      return false;
    const isSame = own.frameId === current.frameId;
    if (current.by === client) return !isSame;
    return !isSame || current.isTouched || current.version !== this.#execution.version;
  }

  /** Begins what nothing may come between, once the short requests of others have been answered. */
  #begin(client: Client, then: (inTime: boolean) => void): void {
    this.#step = setTimeout(() => {
      const awaiting = this.#awaiting;
      this.#awaiting = undefined;
      // Those that the adapter does not answer are waited for once.
      this.#underWay.clear();
      if (awaiting === undefined) this.#end();
      else awaiting.then(false);
    }, STEP_MS);
    this.#awaiting = { client, then };
    this.#goOn();
  }

  #goOn(): void {
    const awaiting = this.#awaiting;
    if (awaiting === undefined) return;
    for (const { client } of this.#underWay) if (client !== awaiting.client && !client.gone) return;
    this.#awaiting = undefined;
    awaiting.then(true);
  }

  #end(): void {
    clearTimeout(this.#step);
    this.#step = undefined;
    // Not within the delivery of an answer.
    if (this.#waiting.length > 0) queueMicrotask(() => this.#passWaiting());
  }

  #passWaiting(): void {
    while (this.#step === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (!next.request.client.gone) next.pass();
    }
  }
}

/** Custom requests may do anything. */
function isDependent(command: string): boolean {
  return DEPENDENT.has(command) || !REQUESTS.has(command);
}

/** Whether the adapter answers by the frame that it is at then, and soon. */
function isShort(command: string): boolean {
  return command === "scopes" || (DEPENDENT.has(command) && command !== "evaluate");
}

/** Whether it may select another frame by the way: a debugger's own commands come as evaluations. */
function mayMove({ command, args }: ClientRequest): boolean {
  return (command === "evaluate" && (args.context ?? "repl") === "repl") || !REQUESTS.has(command);
}

function gone(command: string): Outcome {
  return errorOutcome(new AppError("staleHandle", `${command}: The frame that it is about has gone.`));
}
