import { AppError } from "../common/errors.ts";
import { DisposableStore } from "../common/disposable.ts";
import { Emitter } from "../common/event.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  isObject,
  objects,
  parseObject,
} from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import { REQUESTS, type RequestRule, allows, checkArguments } from "../dap/requests.ts";
import { understands } from "../dap/vocabulary.ts";
import { Breakpoints } from "./breakpoints.ts";
import { Client, type ClientRequest, type Participant } from "./client.ts";
import { consoleCommand } from "./console.ts";
import type { HubContext } from "./context.ts";
import { Execution, type Epoch } from "./execution.ts";
import { HandleBag } from "./handles.ts";
import { Lifecycle, type LifecycleOptions } from "./lifecycle.ts";
import { Queries, cancelArguments } from "./queries.ts";
import { ReverseRequests, type ChildSession } from "./reverse.ts";
import { Snapshot, replayStops } from "./snapshot.ts";
import { Steering } from "./steering.ts";
import type { Upstream, UpstreamEnd } from "./upstream.ts";

export interface HubOptions extends LifecycleOptions {
  readonly logger?: Logger;
  /** Starts a child session that the adapter asked for; absent: child sessions are refused. */
  readonly startChild?: (request: string, configuration: JsonObject, hold: boolean) => Promise<ChildSession>;
  /** Hands a client over to another session of the server; false if there is none of that id. */
  readonly transfer?: (client: Client, session: string, start: ClientRequest) => boolean;
  /** Breakpoints to begin with: a child session takes over its parent's. */
  readonly inherit?: Hub;
}

/** How long an adapter has to answer `disconnect`. */
const DISCONNECT_MS = 5_000;
/** How long it has for its last words after that, before it is ended. */
const LAST_WORDS_MS = 1_000;

/**
 * One debug session, one adapter, many clients. It takes every client's requests in the order in which they come,
 * answers each exactly once, and hands every event to everybody. It knows neither sockets nor VS Code.
 */
export class Hub implements HubContext {
  readonly upstream: Upstream;
  readonly logger: Logger;
  readonly clients = new Set<Client>();
  readonly #lifecycle: Lifecycle;
  readonly #breakpoints: Breakpoints;
  readonly #execution = new Execution();
  readonly #steering: Steering;
  readonly #queries: Queries;
  readonly #snapshot = new Snapshot();
  readonly #reverse: ReverseRequests;
  readonly #sources = new Set<string>();
  readonly #subscriptions = new Map<Client, DisposableStore>();
  readonly #transfer: HubOptions["transfer"];
  readonly #joined = new Emitter<Client>();
  readonly #left = new Emitter<Client>();
  readonly #end = new Emitter<UpstreamEnd>();
  /** A client takes part from now on: it has named itself. */
  readonly onJoined = this.#joined.event;
  readonly onLeft = this.#left.event;
  /** Fires once: the adapter has gone and every client was told. */
  readonly onEnd = this.#end.event;
  #ended: UpstreamEnd | undefined;
  #ending = false;

  constructor(upstream: Upstream, options: HubOptions = {}) {
    this.upstream = upstream;
    this.logger = options.logger ?? nullLogger;
    this.#transfer = options.transfer;
    this.#breakpoints = new Breakpoints(this);
    if (options.inherit !== undefined) this.#breakpoints.inherit(options.inherit.#breakpoints);
    this.#queries = new Queries(this);
    this.#steering = new Steering(this, this.#execution, () => this.#queries.invalidate());
    this.#reverse = new ReverseRequests(this, {
      startChild: options.startChild,
      driver: () => this.#lifecycle.driver,
    });
    upstream.onEvent(({ event, body }) => this.#adapterEvent(event, body));
    upstream.onRequest((request) => this.#reverse.handle(request));
    upstream.onEnd((end) => this.#upstreamEnded(end));
    this.#lifecycle = new Lifecycle(
      {
        upstream,
        clients: this.clients,
        goLive: (client) => this.#goLive(client),
        sendBreakpoints: (done) => this.#breakpoints.sendAll(done),
      },
      options,
    );
    upstream.start();
  }

  get capabilities(): Readonly<JsonObject> {
    return this.#lifecycle.capabilities;
  }

  /** The debug type, as far as anybody has said one; for lists. */
  get type(): string {
    return this.#lifecycle.names.at(-1) ?? this.upstream.names[0] ?? "";
  }

  /** Why the session has ended; undefined while it goes on. */
  get ended(): UpstreamEnd | undefined {
    return this.#ended;
  }

  /** Whether the program stands still, and where the adapter said so. */
  get stopped(): boolean {
    return this.#execution.stopped;
  }

  /** Lets someone in. What they may do is in `participant`, also when it changes later. */
  join(port: DapPort, participant: Participant): Client {
    const client = new Client(port, participant);
    this.#attach(client);
    client.start();
    return client;
  }

  /** Takes over a client from another session of the server, with the `attach` that named this one. */
  adopt(client: Client, start: ClientRequest): void {
    this.#attach(client);
    this.#lifecycle.adopt(client);
    this.#joined.fire(client);
    this.#lifecycle.handle(start);
  }

  #attach(client: Client): void {
    this.clients.add(client);
    const subscriptions = new DisposableStore();
    this.#subscriptions.set(client, subscriptions);
    subscriptions.add(client.onRequest((request) => this.#dispatch(request)));
    subscriptions.add(client.onAnswered(() => this.#lifecycle.answered(client)));
    subscriptions.add(client.onGone(() => this.#gone(client)));
  }

  /** The client belongs to another session from now on. */
  #release(client: Client): void {
    this.#subscriptions.get(client)?.dispose();
    this.#subscriptions.delete(client);
    this.clients.delete(client);
    this.#lifecycle.forget(client);
    this.#left.fire(client);
  }

  #startOrTransfer(request: ClientRequest): void {
    const session = request.args.debugServerSession;
    if (typeof session !== "string" || request.client.startArgs !== undefined) {
      this.#lifecycle.handle(request);
      return;
    }
    this.#release(request.client);
    if (this.#transfer?.(request.client, session, request) === true) return;
    this.#attach(request.client);
    request.refuse(new AppError("badArguments", `There is no session "${session}" here any more.`));
  }

  /** The participant has left the server: what only it brought to this session goes too. */
  forget(participant: Participant): void {
    if (this.#ended === undefined) this.#breakpoints.forget(participant.id);
  }

  /** The access of a participant has changed: its clients learn what they can do now. */
  accessChanged(participant: Participant): void {
    const body = encodeJson({ capabilities: this.capabilities });
    for (const client of this.clients)
      if (client.participant === participant) client.event("capabilities", body);
  }

  /** Lets a session run that waits for its first client. */
  release(): void {
    this.#lifecycle.release();
  }

  /** A child session has ended: nobody is invited to it any more. */
  childEnded(id: string): void {
    this.#reverse.childEnded(id);
  }

  /** A line in everybody's debug console. */
  say(line: string, except?: Client): void {
    this.broadcast("output", encodeJson({ category: "console", output: `${line}\n` }), except);
  }

  /** Ends the session for all: the adapter is disconnected in order, then given up. */
  end(reason: string, terminateDebuggee?: boolean): void {
    if (this.#ended !== undefined || this.#ending) return;
    this.#ending = true;
    if (!this.#snapshot.terminated) {
      this.say(`Debug Server: ${reason}`);
      this.#recordAndBroadcast("terminated", undefined);
    }
    const dispose = () => this.upstream.dispose();
    if (this.#lifecycle.phase === "fresh" || this.#lifecycle.phase === "initializing") {
      dispose();
      return;
    }
    const timer = setTimeout(dispose, DISCONNECT_MS);
    const args = terminateDebuggee === undefined ? undefined : encodeJson({ terminateDebuggee });
    this.upstream.request("disconnect", args, () => {
      clearTimeout(timer);
      this.#farewell();
    });
  }

  broadcast(event: string, body: Buffer | undefined, except?: Client): void {
    for (const client of this.clients) if (client.live && client !== except) client.event(event, body);
  }

  notice(actor: Client, deed: string): void {
    this.say(`${actor.participant.name} ${deed}.`, actor);
  }

  // ---------------------------------------------------------------------------------------------- from clients

  #dispatch(request: ClientRequest): void {
    const { client, command, args } = request;
    this.logger.log("debug", `${client.participant.name}: ${command}`);
    const rule = REQUESTS.get(command);
    const refusal = this.#refusal(request, rule);
    if (refusal !== undefined) {
      request.refuse(refusal);
      return;
    }
    if (command === "disconnect") {
      this.#disconnect(request);
      return;
    }
    if (this.#ended !== undefined && rule?.kind !== "lifecycle") {
      request.refuse(new AppError("closed", "The debug session has ended."));
      return;
    }
    switch (rule?.kind) {
      case undefined:
        this.#passOn(request, undefined);
        break;
      case "lifecycle":
        if (command === "initialize") this.#initialize(request);
        else if (command === "terminate" || command === "restart") this.#terminateOrRestart(request, rule);
        else if (command === "launch" || command === "attach") this.#startOrTransfer(request);
        else this.#lifecycle.handle(request);
        break;
      case "breakpoints":
        this.#breakpoints.set(request);
        break;
      case "execution":
        this.#steering.handle(request, rule);
        break;
      case "query":
        this.#query(request, rule);
        break;
      case "evaluate":
        this.#evaluate(request, rule);
        break;
      case "change":
        this.#change(request, rule, args);
        break;
      case "cancel":
        this.#cancel(request);
        break;
      case "reverse":
        request.refuse(new AppError("protocol", `Only a debug adapter sends "${command}".`));
        break;
    }
  }

  /** What stands against a request before anything looks at its meaning. */
  #refusal(
    { client, command, args, sawStop }: ClientRequest,
    rule: RequestRule | undefined,
  ): AppError | undefined {
    const { access } = client.participant;
    if (!allows(access, rule?.access ?? "control"))
      return notAllowed(command, access, rule?.access ?? "control");
    if (rule === undefined) {
      if (client.profile === undefined) return new AppError("protocol", "Send initialize first.");
      return understands([...this.upstream.names, ...this.#lifecycle.names], command)
        ? undefined
        : new AppError("unknownCommand", `The debug adapter does not know the request "${command}".`);
    }
    if (client.profile === undefined && command !== "initialize" && command !== "disconnect") {
      return new AppError("protocol", "Send initialize first.");
    }
    if (rule.capability !== undefined && this.capabilities[rule.capability] !== true) {
      return new AppError("notSupported", `The debug adapter does not support "${command}".`);
    }
    const wrong = checkArguments(rule, args);
    if (wrong !== undefined) return new AppError("badArguments", `${command}: ${wrong}`);
    for (const [name, kind] of Object.entries(rule.handles ?? {})) {
      const handle = args[name];
      if (typeof handle !== "number") continue;
      if (!sawStop || !client.handles.find(kind, handle).valid) {
        return new AppError(
          "staleHandle",
          `${command}: The program has moved on since "${name}" ${handle} was given out.`,
        );
      }
    }
    return undefined;
  }

  #initialize(request: ClientRequest): void {
    this.#lifecycle.handle(request);
    if (request.client.profile !== undefined) this.#joined.fire(request.client);
  }

  /** `disconnect` means leave, unless it is the host's, or asks to end the program and may. */
  #disconnect(request: ClientRequest): void {
    const { client, args } = request;
    const { participant } = client;
    const last = [...this.clients].every((other) => other === client);
    const ends = participant.isHost || (last && this.#snapshot.terminated);
    const terminates =
      args.terminateDebuggee === true && allows(participant.access, "full") && !this.#snapshot.terminated;
    const untouched = this.#lifecycle.phase === "fresh" || this.#lifecycle.phase === "initializing";
    if ((ends || terminates) && this.#ended === undefined && !this.#ending && !untouched) {
      if (terminates) this.notice(client, "ends the program");
      this.#ending = true;
      this.upstream.request("disconnect", request.rawArgs, (outcome) => {
        request.answer(outcome);
        this.#farewell();
      });
      return;
    }
    request.answer({ success: true });
    client.close();
  }

  /** The adapter has been disconnected: those who stay are told, and it may say its last words. */
  #farewell(): void {
    if (this.#ended !== undefined) return;
    if (!this.#snapshot.terminated) this.#recordAndBroadcast("terminated", undefined);
    const timer = setTimeout(() => this.upstream.dispose(), LAST_WORDS_MS);
    this.onEnd(() => clearTimeout(timer));
  }

  #terminateOrRestart(request: ClientRequest, rule: RequestRule): void {
    // A guest's arguments are those of its joining, not those of the program.
    const args = request.client === this.#lifecycle.driver ? request.rawArgs : undefined;
    if (request.command === "restart") this.#snapshot.restarted();
    this.#passOn({ ...request, rawArgs: args }, rule);
  }

  /** Sends a request of which the hub needs to know nothing. */
  #passOn(request: ClientRequest, rule: RequestRule | undefined): void {
    this.upstream.request(request.command, request.rawArgs, (outcome) => {
      this.#collectHandles(request, outcome, undefined);
      request.answer(outcome);
      if (outcome.success && rule?.deed !== undefined) this.notice(request.client, rule.deed);
    });
  }

  #query(request: ClientRequest, rule: RequestRule): void {
    const refusal = this.#sourceRefusal(request);
    if (refusal !== undefined) {
      request.refuse(refusal);
      return;
    }
    this.#queries.ask(request, this.#epochFor(request, rule), (outcome) =>
      this.#nameSources(request.command, outcome),
    );
  }

  #evaluate(request: ClientRequest, rule: RequestRule): void {
    const { client, args } = request;
    const context = args.context ?? "repl";
    if (context === "repl" && consoleCommand(request, this)) return;
    if (context !== "repl" && this.#execution.stopped) {
      this.#query(request, rule);
      return;
    }
    const epoch = this.#epochFor(request, rule);
    this.upstream.request("evaluate", request.rawArgs, (outcome) => {
      this.#collectHandles(request, outcome, epoch);
      request.answer(outcome);
      if (context !== "repl") return;
      this.#altered(client, { areas: ["variables"] });
      this.notice(client, `evaluates ${String(args.expression)}`);
    });
  }

  #change(request: ClientRequest, rule: RequestRule, args: JsonObject): void {
    const { client, command } = request;
    const epoch = this.#epochFor(request, rule);
    this.upstream.request(command, request.rawArgs, (outcome) => {
      this.#collectHandles(request, outcome, epoch);
      request.answer(outcome);
      if (!outcome.success) return;
      this.#altered(client, { areas: [command === "terminateThreads" ? "threads" : "variables"] });
      if (command === "writeMemory") this.#memoryWritten(client, args);
      const deed = command === "writeMemory" ? `writes memory at ${String(args.memoryReference)}` : undefined;
      this.notice(
        client,
        rule.deed ?? deed ?? `sets ${String(args.name ?? args.expression)} = ${String(args.value)}`,
      );
    });
  }

  #memoryWritten(client: Client, args: JsonObject): void {
    const count = Buffer.from(String(args.data), "base64").length;
    const { memoryReference, offset = 0 } = args;
    this.broadcast("memory", encodeJson({ memoryReference, offset, count }), client);
  }

  #cancel(request: ClientRequest): void {
    const { client, args } = request;
    const target = client.underWay(args.requestId);
    const found = target === undefined ? undefined : this.#queries.cancel(target);
    if (found !== undefined && found !== "done") {
      this.upstream.request("cancel", cancelArguments(found.upstreamSeq), (outcome) =>
        request.answer(outcome),
      );
    } else if (
      found === undefined &&
      args.progressId !== undefined &&
      this.capabilities.supportsCancelRequest === true
    ) {
      this.upstream.request("cancel", encodeJson({ progressId: args.progressId }), (outcome) =>
        request.answer(outcome),
      );
    } else if (found === "done" || this.capabilities.supportsCancelRequest === true) {
      // DAP: a request that is not (or no longer) under way is no error.
      request.answer({ success: true });
    } else {
      request.refuse(new AppError("notSupported", 'The debug adapter does not support "cancel".'));
    }
  }

  /** A guest that may only look reads no source but those that the session has named. */
  #sourceRefusal({ client, command, args }: ClientRequest): AppError | undefined {
    if (command !== "source" || allows(client.participant.access, "control")) return undefined;
    const source = isObject(args.source) ? args.source : {};
    const keys = [
      sourceName(args.sourceReference),
      sourceName(source.sourceReference),
      sourceName(source.path),
    ];
    const named = keys.filter((key) => key !== undefined).every((key) => this.#sources.has(key));
    return named ? undefined : new AppError("notAllowed", "This source has not come up in the session.");
  }

  /** The stop that a request is about: its thread's, or that of the handle it uses. */
  #epochFor({ client, args }: ClientRequest, rule: RequestRule): Epoch | undefined {
    for (const [name, kind] of Object.entries(rule.handles ?? {})) {
      const handle = args[name];
      if (typeof handle === "number") return client.handles.find(kind, handle).epoch;
    }
    return args.threadId === undefined ? this.#execution.latest() : this.#execution.epochOf(args.threadId);
  }

  #collectHandles(
    { client, command }: ClientRequest,
    { success, body }: Outcome,
    epoch: Epoch | undefined,
  ): void {
    if (success && body !== undefined)
      client.handles.add(new HandleBag(command, body, epoch ?? this.#execution.latest()));
  }

  /** Others show values that are no longer true: they are told to ask again. */
  #altered(actor: Client | undefined, body: JsonObject): void {
    this.#queries.invalidate();
    const invalidated = encodeJson(body);
    for (const client of this.clients) {
      if (!client.live || client === actor) continue;
      if (client.profile?.invalidated === true) client.event("invalidated", invalidated);
      else this.#stopAgain(client);
    }
  }

  /** For a client that does not know `invalidated`: the stop once more, without taking the focus. */
  #stopAgain(client: Client): void {
    replayStops(client, this.#execution, (_client, raw) =>
      encodeJson({ ...parseObject(raw), preserveFocusHint: true }),
    );
  }

  // ---------------------------------------------------------------------------------------------- from the adapter

  #adapterEvent(event: string, body: Buffer | undefined): void {
    switch (event) {
      case "initialized":
        this.#lifecycle.adapterInitialized(body);
        return;
      case "stopped":
        this.#steering.adapterStopped(body, (client, raw) => this.#stoppedBody(client, raw));
        return;
      case "continued":
        this.#steering.adapterContinued(body);
        return;
      case "breakpoint":
        this.#adapterBreakpoint(body);
        return;
      case "invalidated":
        this.#altered(undefined, parseObject(body));
        return;
      case "capabilities":
        this.#lifecycle.mergeCapabilities(body);
        break;
      case "thread":
        this.#threadEvent(body);
        break;
      case "memory":
        this.#queries.invalidate();
        break;
      case "output":
        this.#outputHandles(body);
        break;
      case "debugpyAttach":
        // debugpy's own way to ask for a child session, from before DAP had one.
        void this.#reverse.startChild("attach", parseObject(body));
        return;
    }
    this.#recordAndBroadcast(event, body);
    if (event !== "terminated") return;
    this.#steering.over();
    // An adapter waits for a client's `disconnect`; with nobody here it would wait for ever.
    if (this.clients.size === 0) this.end("The program has ended.");
  }

  #recordAndBroadcast(event: string, body: Buffer | undefined): void {
    this.#nameSources(event, { success: true, body });
    this.#snapshot.record(event, body);
    this.broadcast(event, body);
  }

  #adapterBreakpoint(body: Buffer | undefined): void {
    const perClient = this.#breakpoints.adapterEvent(parseObject(body));
    if (perClient === undefined) {
      this.broadcast("breakpoint", body);
      return;
    }
    const original = parseObject(body);
    const originalId = isObject(original.breakpoint) ? original.breakpoint.id : undefined;
    for (const client of this.clients) {
      if (!client.live) continue;
      const own = perClient(client);
      if (own === undefined) continue;
      const same = isObject(own.breakpoint) && own.breakpoint.id === originalId;
      client.event("breakpoint", same ? body : encodeJson(own));
    }
  }

  #threadEvent(body: Buffer | undefined): void {
    const { reason, threadId } = parseObject(body);
    this.#queries.invalidate();
    if (reason === "exited" && typeof threadId === "number") this.#execution.forget(threadId);
  }

  #outputHandles(body: Buffer | undefined): void {
    if (body === undefined || !body.includes('"variablesReference"')) return;
    const bag = new HandleBag("output", body, this.#execution.latest());
    for (const client of this.clients) if (client.live) client.handles.add(bag);
  }

  /** The body of a `stopped` event with the ids of the breakpoints as this client knows them. */
  #stoppedBody(client: Client, raw: Buffer): Buffer {
    if (!raw.includes('"hitBreakpointIds"')) return raw;
    const body = parseObject(raw);
    if (!Array.isArray(body.hitBreakpointIds)) return raw;
    const ids = this.#breakpoints.hitIds(client, body.hitBreakpointIds);
    const same =
      ids.length === body.hitBreakpointIds.length &&
      ids.every((id, i) => id === (body.hitBreakpointIds as unknown[])[i]);
    return same ? raw : encodeJson({ ...body, hitBreakpointIds: ids });
  }

  #nameSources(name: string, { body }: Outcome): void {
    if (!NAMING.has(name) || body?.includes('"source') !== true) return;
    const parsed = parseObject(body);
    const holders = [
      parsed,
      ...objects(parsed.stackFrames),
      ...objects(parsed.scopes),
      ...objects(parsed.breakpoints),
    ];
    const sources = [...holders.map((holder) => holder.source), ...objects(parsed.sources)];
    for (const source of sources.filter(isObject)) {
      for (const key of [sourceName(source.path), sourceName(source.sourceReference)])
        if (key !== undefined) this.#sources.add(key);
    }
  }

  // ---------------------------------------------------------------------------------------------- coming and going

  /** The snapshot, and from then on events. It precedes live events: nobody sees `continued` before `stopped`. */
  #goLive(client: Client): void {
    if (client.live || client.gone) return;
    this.#snapshot.replayState(client);
    this.#breakpoints.announceAll(client);
    this.#snapshot.replayOutput(client);
    this.#reverse.replayChildren(client);
    if (!this.#snapshot.terminated)
      replayStops(client, this.#execution, (to, raw) => this.#stoppedBody(to, raw));
    this.#snapshot.replayEnd(client);
    client.live = true;
    if (this.#ended !== undefined && !this.#snapshot.terminated) client.event("terminated");
  }

  #gone(client: Client): void {
    this.clients.delete(client);
    this.#subscriptions.delete(client);
    this.#queries.forget(client);
    this.#lifecycle.forget(client);
    if (client.profile !== undefined) this.#left.fire(client);
    if (this.#ended !== undefined || this.#ending) return;
    this.#breakpoints.forget(client.participant.id);
    if (client.participant.isHost) this.end("The host has left.");
    else if (this.clients.size === 0 && this.#snapshot.terminated) this.end("The program has ended.");
  }

  #upstreamEnded(end: UpstreamEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#lifecycle.over();
    this.#steering.over();
    if (!this.#snapshot.terminated) {
      const output = `Debug Server: ${end.reason}\n`;
      if (!this.#ending) this.#recordAndBroadcast("output", encodeJson({ category: "important", output }));
      this.#recordAndBroadcast("terminated", undefined);
    }
    this.logger.log("info", end.reason);
    this.#end.fire(end);
  }
}

/** Messages that name sources. */
const NAMING = new Set([
  "stackTrace",
  "scopes",
  "loadedSources",
  "loadedSource",
  "setBreakpoints",
  "breakpoint",
  "output",
]);

function sourceName(value: unknown): string | undefined {
  if (typeof value === "number") return value > 0 ? `#${value}` : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function notAllowed(command: string, have: string, need: string): AppError {
  return new AppError("notAllowed", `"${command}" needs the right "${need}"; you have "${have}".`, {
    hint: "Ask the host to change it.",
  });
}
