import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { type JsonObject, type Outcome, encodeJson } from "../dap/messages.ts";
import { allows } from "../common/access.ts";
import { REQUESTS, type RequestRule, checkArguments } from "../dap/requests.ts";
import { survives } from "../dap/vocabulary.ts";
import { type AdapterEvents, threadIdsIn } from "./adapterEvents.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { ClientStartup } from "./clientStartup.ts";
import { type ConsoleContext, readConsoleCommand, runConsoleCommand } from "./console.ts";
import { type Activity, changeActivity } from "./activity.ts";
import type { AdapterStartup } from "./adapterStartup.ts";
import type { Breakpoints } from "./breakpoints.ts";
import type { Epoch, Execution } from "./execution.ts";
import type { ExecutionControl } from "./executionControl.ts";
import { HandleBag } from "./handles.ts";
import type { Queries } from "./queries.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import type { SelectedFrames } from "./selectedFrames.ts";
import type { Snapshot } from "./snapshot.ts";
import type { NamedSources } from "./sources.ts";
import type { Upstream } from "./upstream.ts";
import { viewRefusal, narrowForView } from "./viewAccess.ts";
import { asText } from "../common/values.ts";

/** WinDbg's commands in a debug console are ours: they run no code of the program and concern no frame of it. */
const CONSOLE_RULE: RequestRule = { kind: "evaluate", access: "view" };

/** What a client's coming and going means is decided by the hub itself. */
interface DispatchHub {
  readonly upstream: Upstream;
  readonly capabilities: Readonly<JsonObject>;
  readonly rules: Rules;
  readonly numbers: RequestNumbers;
  readonly logger: Logger;
  /** Sends an event to all live clients but one. */
  broadcast(event: string, body: Buffer | undefined, except?: Client): void;
  readonly ended: object | undefined;
  readonly console: ConsoleContext | undefined;
  startOrTransfer(request: ClientRequest): void;
  disconnect(request: ClientRequest): void;
  /** Takes back a request that waits for its turn at the adapter. False if it does not. */
  withdraw(request: ClientRequest): boolean;
}

/** The parts of the hub that clients' requests concern. */
interface RequestParts {
  readonly activity: Activity;
  readonly adapterStartup: AdapterStartup;
  readonly clientStartup: ClientStartup;
  readonly breakpoints: Breakpoints;
  readonly execution: Execution;
  readonly executionControl: ExecutionControl;
  readonly frames: SelectedFrames;
  readonly queries: Queries;
  readonly snapshot: Snapshot;
  readonly sources: NamedSources;
}

/** From the clients to the adapter: refuses what must not pass, and hands the rest to the part that it concerns. */
export class Dispatch {
  readonly #hub: DispatchHub;
  readonly #parts: RequestParts;
  readonly #events: AdapterEvents;

  constructor(hub: DispatchHub, parts: RequestParts, events: AdapterEvents) {
    this.#hub = hub;
    this.#parts = parts;
    this.#events = events;
  }

  handle(request: ClientRequest): void {
    const { client, command } = request;
    this.#hub.logger.log("debug", `${client.participant.name}: ${command}`);
    const rule = REQUESTS.get(command);
    const console = this.#hub.console;
    const typed = console && readConsoleCommand(request);
    if (rule !== undefined) narrowForView(request, rule, this.#parts.sources);
    const refusal = this.#refusal(request, typed === undefined ? rule : CONSOLE_RULE);
    if (refusal !== undefined) {
      request.refuse(refusal);
      return;
    }
    if (console !== undefined && typed !== undefined) {
      runConsoleCommand(request, typed, console);
      return;
    }
    switch (rule?.kind) {
      case undefined:
        // Nothing is known of what it does.
        this.#parts.queries.invalidate();
        this.#passOn(request, undefined, () => this.#parts.queries.invalidate());
        break;
      case "lifecycle":
        this.#lifecycle(request, rule);
        break;
      case "breakpoints":
        this.#parts.breakpoints.set(request);
        break;
      case "execution":
        this.#parts.executionControl.handle(request, rule);
        break;
      case "query":
        this.#query(request, rule);
        break;
      case "evaluate":
        this.#evaluate(request, rule);
        break;
      case "change":
        this.#change(request, rule);
        break;
      case "cancel":
        this.#cancel(request);
        break;
      case "reverse":
        if (!this.#hub.rules.binds(client)) {
          this.#passOn(request, rule);
          break;
        }
        request.refuse(new AppError("protocol", `Only a debug adapter sends "${command}".`));
        break;
    }
  }

  /** What stands against a request before anything looks at its meaning. */
  #refusal(request: ClientRequest, rule: RequestRule | undefined): AppError | undefined {
    const { client, command, args } = request;
    const { adapterStartup, clientStartup } = this.#parts;
    const { access } = client.participant;
    const need = rule?.access ?? "control";
    if (!allows(access, need)) return notAllowed(command, access, need);
    const isStart = command === "initialize" || command === "disconnect";
    const { rules } = this.#hub;
    const isWire = rules.drives(client);
    if (client.capabilities === undefined && !isStart && !isWire)
      return new AppError("protocol", "Send initialize first.");
    if (this.#hub.ended !== undefined && rule?.kind !== "lifecycle") {
      return new AppError("closed", "The debug session has ended.");
    }
    if (rule?.kind !== "lifecycle" && !isWire && !clientStartup.opened(client)) {
      return new AppError("protocol", "The debug session has not been started yet.");
    }
    if (rule === undefined) {
      return !rules.binds(client) ||
        survives(this.#hub.upstream.names, adapterStartup.names, this.#hub.capabilities, command)
        ? undefined
        : new AppError("unknownCommand", `The debug adapter does not know the request "${command}".`);
    }
    const isOffered = rule.capability === undefined || this.#hub.capabilities[rule.capability] === true;
    if (!isOffered && rules.binds(client)) {
      return new AppError("notSupported", `The debug adapter does not support "${command}".`);
    }
    // What makes the program run kills no adapter; some take it without the thread.
    const isChecked = rules.binds(client) && !(isWire && rule.kind === "execution");
    const wrong = isChecked ? checkArguments(rule, args) : undefined;
    if (wrong !== undefined) return new AppError("badArguments", `${command}: ${wrong}`);
    return this.#staleHandle(request, rule) ?? viewRefusal(request, rule, this.#parts.sources);
  }

  #staleHandle(request: ClientRequest, rule: RequestRule): AppError | undefined {
    const { client, command, args } = request;
    for (const [name, kind] of Object.entries(rule.handles ?? {})) {
      const handle = args[name];
      if (typeof handle !== "number") continue;
      // DAP: these references are larger than 0, and 0 is none.
      if (handle === 0 && (kind === "variables" || kind === "location")) continue;
      const { valid, epoch } = client.handles.find(kind, handle);
      // A number that was given out while the program ran means the same after a stop that the client has not seen.
      if (valid && (request.sawStop() || epoch === undefined)) continue;
      const mover = valid ? this.#parts.executionControl.moverUnseen(request) : epoch?.endedBy;
      if (!this.#hub.rules.bindsToStops(client, mover)) continue;
      return new AppError(
        "staleHandle",
        `${command}: The program has moved on since "${name}" ${handle} was given out.`,
      );
    }
    return undefined;
  }

  #lifecycle(request: ClientRequest, rule: RequestRule): void {
    const { clientStartup, snapshot, executionControl } = this.#parts;
    // A guest's arguments are those of its joining, not those of the program.
    const args = request.client === clientStartup.driver ? request.rawArgs : undefined;
    switch (request.command) {
      case "launch":
      case "attach":
        this.#hub.startOrTransfer(request);
        break;
      case "disconnect":
        this.#hub.disconnect(request);
        break;
      case "terminate":
        this.#passOn(request, rule);
        break;
      case "restart":
        snapshot.restarted();
        executionControl.restart(request, args);
        break;
      default:
        clientStartup.handle(request);
    }
  }

  /** Sends a request of which the hub needs to know nothing. */
  #passOn(request: ClientRequest, rule: RequestRule | undefined, then?: () => void): void {
    this.#send(request, (outcome) => {
      then?.();
      this.#collectHandles(request, outcome, undefined);
      request.answer(outcome);
      if (outcome.success && rule?.activity !== undefined)
        this.#parts.activity.report(request.client, rule.activity);
    });
  }

  #send(request: ClientRequest, answer: (outcome: Outcome) => void): void {
    this.#parts.frames.send(request, answer, (seq) => this.#hub.numbers.sent(request, seq));
  }

  #query(request: ClientRequest, rule: RequestRule): void {
    const { execution, sources, queries } = this.#parts;
    const { version } = execution;
    queries.ask(request, this.#epochFor(request, rule), ({ body }) => {
      sources.note(request.command, body);
      if (request.command === "threads") execution.listed(threadIdsIn(body), version);
    });
  }

  #evaluate(request: ClientRequest, rule: RequestRule): void {
    const { client, args } = request;
    const context = args.context ?? "repl";
    if (context !== "repl" && this.#parts.execution.stopped) {
      this.#query(request, rule);
      return;
    }
    this.#alter(request, context === "repl" ? "lasting" : this.#epochFor(request, rule), () => {
      if (context !== "repl") return;
      this.#events.altered(client, encodeJson({ areas: ["variables"] }));
      this.#parts.activity.report(client, `evaluates ${asText(args.expression)}`);
    });
  }

  #change(request: ClientRequest, rule: RequestRule): void {
    const { client, command, args } = request;
    this.#alter(request, this.#epochFor(request, rule), ({ success }) => {
      if (!success) return;
      const areas = [command === "terminateThreads" ? "threads" : "variables"];
      this.#events.altered(client, encodeJson({ areas }));
      if (command === "writeMemory") this.#memoryWritten(client, args);
      this.#parts.activity.report(client, changeActivity(command, args));
    });
  }

  /** Sends a request after which known answers may no longer be true: from now on, whenever it takes effect. */
  #alter(
    request: ClientRequest,
    epoch: Epoch | "lasting" | undefined,
    then: (outcome: Outcome) => void,
  ): void {
    this.#parts.queries.invalidate();
    this.#send(request, (outcome) => {
      this.#parts.queries.invalidate();
      this.#collectHandles(request, outcome, epoch);
      request.answer(outcome);
      then(outcome);
    });
  }

  #memoryWritten(client: Client, args: JsonObject): void {
    const count = Buffer.from(asText(args.data), "base64").length;
    const { memoryReference, offset = 0 } = args;
    this.#hub.broadcast("memory", encodeJson({ memoryReference, offset, count }), client);
  }

  #cancel(request: ClientRequest): void {
    const { client, args } = request;
    const supported = this.#hub.capabilities.supportsCancelRequest === true;
    const target = client.underWay(args.requestId);
    const answered = target !== undefined && (this.#withdraw(target) || this.#parts.queries.cancel(target));
    const requestId = answered ? undefined : target?.upstreamSeq;
    if (!answered && !this.#hub.rules.binds(client)) {
      // No request is the adapter's number 0: the one that is meant has been answered.
      const own = args.requestId === undefined ? args : { ...args, requestId: requestId ?? 0 };
      this.#sendCancel(request, request.rawArgs && encodeJson(own));
    } else if (supported && (requestId !== undefined || args.progressId !== undefined)) {
      const { progressId } = args;
      this.#sendCancel(request, encodeJson({ requestId, progressId }));
    } else if (answered || supported) {
      // DAP: a request that is not (or no longer) under way is no error.
      request.answer({ success: true });
    } else {
      request.refuse(new AppError("notSupported", 'The debug adapter does not support "cancel".'));
    }
  }

  #sendCancel(request: ClientRequest, args: Buffer | undefined): void {
    const { upstream, numbers } = this.#hub;
    numbers.sent(
      request,
      upstream.request("cancel", args, (outcome) => request.answer(outcome)),
    );
  }

  #withdraw(request: ClientRequest): boolean {
    if (!this.#hub.withdraw(request)) return false;
    request.refuse(new AppError("cancelled", "Cancelled."));
    return true;
  }

  /** The stop that a request is about: its thread's, or that of the handle it uses, which may outlive all stops. */
  #epochFor({ client, args }: ClientRequest, rule: RequestRule): Epoch | "lasting" | undefined {
    const { execution } = this.#parts;
    for (const [name, kind] of Object.entries(rule.handles ?? {})) {
      const handle = args[name];
      if (typeof handle !== "number") continue;
      const { valid, epoch } = client.handles.find(kind, handle);
      if (valid || epoch !== undefined) return epoch ?? "lasting";
    }
    return args.threadId === undefined ? execution.latest() : execution.epochOf(args.threadId);
  }

  #collectHandles(
    { client, command }: ClientRequest,
    { success, body }: Outcome,
    about: Epoch | "lasting" | undefined,
  ): void {
    if (!success || body === undefined) return;
    const epoch = about === "lasting" ? undefined : (about ?? this.#parts.execution.latest());
    client.handles.add(new HandleBag(command, body, epoch));
  }
}

function notAllowed(command: string, have: string, need: string): AppError {
  return new AppError("notAllowed", `"${command}" needs the right "${need}"; you have "${have}".`, {
    hint: "Ask the host to change it.",
  });
}
