import { AppError } from "../common/errors.ts";
import { DisposableStore } from "../common/disposable.ts";
import { Emitter } from "../common/event.ts";
import { MESSAGE_COST } from "../common/fairShare.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { ownLine } from "../common/sanitize.ts";
import { type JsonObject, type Outcome, encodeJson, ownOutput } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import { allows } from "../common/access.ts";
import { Activity } from "./activity.ts";
import { AdapterEvents } from "./adapterEvents.ts";
import { Breakpoints } from "./breakpoints.ts";
import { type Actor, Client, type ClientRequest, type Participant } from "./client.ts";
import { ClientStartup } from "./clientStartup.ts";
import type { ConsoleContext } from "./console.ts";
import { ConsoleLines, leftOutLine } from "./consoleLines.ts";
import { Dispatch } from "./dispatch.ts";
import { Execution } from "./execution.ts";
import { HostWindow } from "./hostWindow.ts";
import { AdapterStartup, type StartOptions } from "./adapterStartup.ts";
import { Queries } from "./queries.ts";
import { QueryTurns } from "./queryTurns.ts";
import { ReverseRequests, type ChildSession, type ReverseOptions } from "./reverse.ts";
import { RequestNumbers } from "./requestNumbers.ts";
import { Rules } from "./rules.ts";
import { Snapshot, replayStops } from "./snapshot.ts";
import { NamedSources } from "./sources.ts";
import { SelectedFrames } from "./selectedFrames.ts";
import { ExecutionControl } from "./executionControl.ts";
import type { AdapterEvent, Upstream, UpstreamEnd } from "./upstream.ts";
import { asText } from "../common/values.ts";

export interface HubOptions extends StartOptions {
  readonly logger?: Logger;
  /** Starts a child session that the adapter asked for; absent: child sessions are refused. */
  readonly startChild?: (request: string, configuration: JsonObject, hold: boolean) => Promise<ChildSession>;
  readonly offerChild?: ReverseOptions["offerChild"];
  /** A client starts the session, with these arguments. */
  readonly onStart?: (args: JsonObject) => void;
  /**
   * The session of the server that a client asks for by its `launch` or `attach`, mostly this one; undefined if there
   * is none of the id that it names.
   */
  readonly findSession?: (client: Client, start: JsonObject) => Hub | undefined;
  /** Of a child session: its breakpoints are there to begin with, and its driver is the child's. */
  readonly parent?: Hub;
  /** Frees what is held for the session (addresses), soon; a local editor that is told of the end may start anew at once. */
  readonly free?: () => Promise<unknown>;
  /** Its child sessions that go on; absent: it has none. */
  readonly children?: () => Hub[];
  /** Whose window speaks to the adapter beside the hub, if one does (hostWindow.ts). */
  readonly windowOf?: Participant;
  /** For the commands of clients' debug consoles; absent: there are none. */
  readonly console?: ConsoleContext;
  /** How much of each participant the consoles of the others have; absent: counted for this session alone. */
  readonly lines?: ConsoleLines;
}

/** A line for all debug consoles. */
export interface Said {
  readonly line: string;
  /** The one that need not be told, because they did it. */
  readonly by: Actor | undefined;
}

/** How long an adapter has to answer `disconnect`. */
const DISCONNECT_MS = 5_000;
/** How long it has for its last words after that, before it is ended. */
const LAST_WORDS_MS = 1_000;

/**
 * One debug session, one adapter, many clients. It takes every client's requests in the order in which they come,
 * answers each exactly once, and hands every event to all of them. It knows neither sockets nor VS Code.
 * Here is who comes and goes and how it ends; the two directions are dispatch.ts and adapterEvents.ts.
 */
export class Hub {
  readonly upstream: Upstream;
  readonly logger: Logger;
  readonly clients = new Set<Client>();
  readonly rules = new Rules(this);
  readonly numbers = new RequestNumbers();
  readonly #activity: Activity;
  readonly #adapterStartup: AdapterStartup;
  readonly #clientStartup: ClientStartup;
  readonly #breakpoints: Breakpoints;
  readonly #execution = new Execution();
  readonly #executionControl: ExecutionControl;
  readonly #frames: SelectedFrames;
  readonly #queries: Queries;
  readonly #reverse: ReverseRequests;
  readonly #snapshot = new Snapshot();
  readonly #sources = new NamedSources();
  readonly #events: AdapterEvents;
  readonly #dispatch: Dispatch;
  readonly #queryTurns: QueryTurns;
  readonly #subscriptions = new Map<Client, DisposableStore>();
  readonly #findSession: HubOptions["findSession"];
  readonly #parent: Hub | undefined;
  readonly #children: () => Hub[];
  readonly #free: HubOptions["free"];
  readonly #joined = new Emitter<Client>();
  readonly #left = new Emitter<Client>();
  readonly #end = new Emitter<UpstreamEnd>();
  readonly #said = new Emitter<Said>();
  readonly console: ConsoleContext | undefined;
  /** The host's own window, if it speaks to the adapter itself. */
  readonly window: HostWindow | undefined;
  /** A line for all debug consoles, for a window that is no client. */
  readonly onSaid = this.#said.event;
  /** A client takes part from now on: it asks to start or to join. */
  readonly onJoined = this.#joined.event;
  readonly onLeft = this.#left.event;
  /** Fires once: the adapter has gone and every client was told. */
  readonly onEnd = this.#end.event;
  #ended: UpstreamEnd | undefined;
  #ending = false;
  #toldEnd = false;
  /** The client that was not told of the end in the adapter's place: it has disconnected the adapter itself. */
  #untold: Client | undefined;

  constructor(upstream: Upstream, options: HubOptions = {}) {
    this.upstream = upstream;
    this.logger = options.logger ?? nullLogger;
    this.console = options.console;
    this.#findSession = options.findSession;
    this.#parent = options.parent;
    this.#children = options.children ?? (() => []);
    this.#free = options.free;
    const lines =
      options.lines ??
      new ConsoleLines((participant, count) => this.say(leftOutLine(participant, count), { participant }));
    this.#activity = new Activity(this, lines);
    this.#breakpoints = new Breakpoints(this, this.#activity);
    if (options.parent !== undefined)
      this.#breakpoints.inherit(options.parent.#breakpoints, options.startedByEditor);
    this.#frames = new SelectedFrames(this, this.#execution);
    this.#queries = new Queries(this, this.#execution, this.#frames);
    this.#executionControl = new ExecutionControl(this, this.#activity, this.#execution, () =>
      this.#queries.invalidate(),
    );
    const { windowOf } = options;
    const start = { ...options, startedByWindow: windowOf !== undefined };
    this.#adapterStartup = new AdapterStartup(
      {
        upstream,
        sendBreakpoints: (done) => this.#breakpoints.sendAll(done),
        configuresAgain: () => this.#breakpoints.unsent(),
        startsAgain: () => {
          this.#snapshot.restarted();
          this.#executionControl.over();
        },
      },
      start,
    );
    this.#clientStartup = new ClientStartup(
      {
        upstream,
        rules: this.rules,
        clients: this.clients,
        numbers: this.numbers,
        begin: (client) => this.#begin(client),
        goLive: (client) => this.#goLive(client),
        sendBreakpoints: (done, except) => this.#breakpoints.sendAll(done, except),
        starts: (args) => options.onStart?.(args),
      },
      this.#adapterStartup,
    );
    this.#reverse = new ReverseRequests(this, {
      startChild: options.startChild,
      offerChild: options.offerChild ?? (() => undefined),
      driver: () => this.driver,
    });
    const parts = {
      activity: this.#activity,
      adapterStartup: this.#adapterStartup,
      clientStartup: this.#clientStartup,
      breakpoints: this.#breakpoints,
      execution: this.#execution,
      executionControl: this.#executionControl,
      frames: this.#frames,
      queries: this.#queries,
      reverse: this.#reverse,
      snapshot: this.#snapshot,
      sources: this.#sources,
    };
    this.#events = new AdapterEvents(this, parts);
    this.#dispatch = new Dispatch(this, parts, this.#events);
    this.#queryTurns = new QueryTurns(
      (client) => this.#isAlone(client),
      (request) => this.#frames.take(request, () => this.#dispatch.handle(request)),
    );
    const childWindows = () => this.children.flatMap(({ window }) => window ?? []);
    this.window = windowOf && new HostWindow(windowOf, childWindows, parts, this.#events);
    upstream.onEvent((message) => {
      if (message.event === "terminated") {
        if (this.#toldEnd) {
          this.#untold?.pass(message.event, message.body, message.rest);
          return;
        }
        // Children go on without it, and are still joined.
        if (this.children.length === 0) this.#freeFirst();
      }
      this.#events.handle(message);
      // An adapter waits for a client's `disconnect`; with no client here it would wait for ever.
      if (message.event === "terminated" && this.clients.size === 0) this.end("The program has ended.");
    });
    upstream.onRequest((request) => this.#reverse.handle(request));
    upstream.onEnd((end) => this.#upstreamEnded(end));
    this.#clientStartup.start(start);
    upstream.start();
  }

  get capabilities(): Readonly<JsonObject> {
    return this.#adapterStartup.capabilities;
  }

  /** What the adapter was told of its client; a child's adapter is told the same. */
  get initializeArgs(): Readonly<JsonObject> {
    return this.#adapterStartup.initializeArgs;
  }

  /** Who started the session, or will, while they are here; a child session was started with its parent. */
  get driver(): Client | undefined {
    return this.#clientStartup.driver ?? this.#clientStartup.expected ?? this.#parent?.driver;
  }

  /** Whether the adapter has spoken of a program; one that only starts child sessions has none. */
  get hasProgram(): boolean {
    return this.stopped || this.#snapshot.sawProgram;
  }

  get children(): Hub[] {
    return this.#children();
  }

  get isParentOnly(): boolean {
    return !this.hasProgram && this.#reverse.hasChildren;
  }

  /** Whether the adapter has named a file by exactly this path. */
  names(path: string): boolean {
    return this.#sources.has(path);
  }

  /** The debug type, as far as one is known; for lists. */
  get type(): string {
    return this.#adapterStartup.names.at(-1) ?? this.upstream.names[0] ?? "";
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
    this.#clientStartup.came(client);
    return client;
  }

  /** Takes over a client from another session of the server, with the `attach` that named this one. */
  adopt(client: Client, start: ClientRequest): void {
    this.#attach(client);
    this.#clientStartup.adopt(client);
    this.#joined.fire(client);
    this.#clientStartup.handle(start);
  }

  /** The participant has left the server, or has view access now: what only it brought to this session goes. */
  forget(participant: Participant): void {
    if (this.#ended === undefined) this.#breakpoints.forget(participant.id);
  }

  /** The access of a participant has changed: its clients learn what they can do now. */
  accessChanged(participant: Participant): void {
    this.#clientStartup.accessChanged();
    const body = encodeJson({ capabilities: this.capabilities });
    for (const client of this.clients)
      if (client.participant === participant) client.event("capabilities", body);
    // With view access it sets no breakpoints: a condition that was set before would go on running.
    if (!allows(participant.access, "control")) this.forget(participant);
  }

  /** Lets a session run that waits for its first client. */
  release(): void {
    this.#clientStartup.release();
  }

  /** A child session has ended: no client is invited to it any more. */
  childEnded(id: string): void {
    this.#reverse.childEnded(id);
  }

  /** A child session that the host has started by itself: all clients that can join it are invited. */
  childStarted(child: ChildSession): void {
    this.#reverse.childStarted(child);
  }

  broadcast(event: string, body: Buffer | undefined, except?: Actor): void {
    let receivers = 0;
    for (const client of this.clients) {
      if (!client.live || client === except) continue;
      client.event(event, body);
      receivers++;
    }
    // The client that has caused it pays for it.
    if (except instanceof Client) except.charge(receivers * (MESSAGE_COST + (body?.length ?? 0)));
  }

  passOn({ event, body, rest }: AdapterEvent, bodyFor?: (client: Client) => Buffer | undefined): void {
    for (const client of this.clients) {
      if (!client.live) continue;
      const own = bodyFor === undefined ? body : bodyFor(client);
      if (this.rules.drives(client)) client.pass(event, own, rest);
      else client.event(event, own, rest);
    }
  }

  /** A line in the debug consoles of the clients. */
  tell(line: string, except?: Actor): void {
    this.broadcast("output", ownOutput("console", line), except);
  }

  say(line: string, except?: Actor): void {
    this.tell(line, except);
    this.#said.fire({ line: ownLine(line), by: except });
  }

  withdraw(request: ClientRequest): boolean {
    return this.#queryTurns.withdraw(request) || this.#frames.withdraw(request);
  }

  /** Whether no other participant needs the adapter. */
  #isAlone({ participant }: Client): boolean {
    if (this.window !== undefined) return false;
    for (const other of this.clients) if (other.participant !== participant) return false;
    return true;
  }

  // The requests by which a client comes and goes; dispatch.ts calls these.

  /** `launch` and `attach`: of this session, or of the one of this server that they name. */
  startOrTransfer(request: ClientRequest): void {
    const { client, args } = request;
    const id = args.debugServerSession;
    const isFirst = client.startArgs === undefined;
    const asksElsewhere =
      isFirst && client.capabilities !== undefined && (id !== undefined || client !== this.driver);
    const find = asksElsewhere ? this.#findSession : undefined;
    const target = find === undefined ? this : find(client, args);
    if (target === undefined) {
      request.refuse(new AppError("badArguments", `There is no session "${asText(id)}" here any more.`));
    } else if (target === this) {
      if (isFirst && client.capabilities !== undefined) this.#joined.fire(client);
      this.#clientStartup.handle(request);
    } else {
      this.#release(client);
      target.adopt(client, request);
    }
  }

  /** `disconnect` means leave, unless it is the host's, or asks to end the program and may. */
  disconnect(request: ClientRequest): void {
    const { client, args } = request;
    const { access, isHost } = client.participant;
    const begun = this.#adapterStartup.begun || isHost;
    const over = this.#ended !== undefined || this.#ending || !begun;
    const { terminated } = this.#snapshot;
    const terminates = args.terminateDebuggee === true && !terminated && !over;
    if (terminates && !allows(access, "full")) {
      request.refuse(
        new AppError("notAllowed", `Ending the program needs the right "full"; you have "${access}".`, {
          hint: 'To leave, send "disconnect" without "terminateDebuggee".',
        }),
      );
      return;
    }
    const last = [...this.clients].every((other) => other === client);
    if (!over && (isHost || terminates || (last && terminated))) {
      if (terminates) this.#activity.report(client, "ends the program");
      // Who may not end the program does not say either what becomes of it.
      const restart = encodeJson({ restart: args.restart === true });
      const rawArgs = allows(access, "full") ? request.rawArgs : restart;
      if (this.rules.drives(client)) this.#untold = client;
      const seq = this.#disconnectUpstream(rawArgs, (outcome) => request.answer(outcome));
      this.numbers.sent(request, seq);
      return;
    }
    const leave = () => {
      request.answer({ success: true });
      client.close();
    };
    if (client.isLocal && this.#free !== undefined) void this.#free().finally(leave);
    else leave();
  }

  /** Before a local editor is told of the end. */
  #freeFirst(): void {
    const local = [...this.clients].filter(({ isLocal }) => isLocal);
    if (this.#free === undefined || local.length === 0) return;
    const freed = this.#free();
    for (const client of local) client.hold(freed);
  }

  /** Ends the session for all: the adapter is disconnected in order, then given up. */
  end(reason: string, terminateDebuggee?: boolean): void {
    if (this.#ended !== undefined || this.#ending) return;
    this.#ending = true;
    if (!this.#snapshot.terminated) {
      this.say(`Debug Server: ${reason}`);
      this.#tellEnd();
    }
    if (!this.#adapterStartup.begun) {
      this.upstream.dispose();
      return;
    }
    this.#disconnectUpstream(
      terminateDebuggee === undefined ? undefined : encodeJson({ terminateDebuggee }),
      () => {},
    );
  }

  /** In the adapter's place; its own `terminated`, if it comes yet, would be a second one. */
  #tellEnd(): void {
    this.#toldEnd = true;
    this.#freeFirst();
    this.#snapshot.record("terminated", undefined);
    this.broadcast("terminated", undefined, this.#untold);
  }

  #disconnectUpstream(args: Buffer | undefined, answer: (outcome: Outcome) => void): number {
    this.#ending = true;
    const timer = setTimeout(() => this.upstream.dispose(), DISCONNECT_MS);
    return this.upstream.request("disconnect", args, (outcome) => {
      clearTimeout(timer);
      this.#freeFirst();
      answer(outcome);
      this.#farewell();
    });
  }

  /** The adapter has been disconnected: those who stay are told, and it may say its last words. */
  #farewell(): void {
    if (this.#ended !== undefined) return;
    if (!this.#snapshot.terminated) this.#tellEnd();
    const timer = setTimeout(() => this.upstream.dispose(), LAST_WORDS_MS);
    this.onEnd(() => clearTimeout(timer));
  }

  #attach(client: Client): void {
    this.clients.add(client);
    const subscriptions = new DisposableStore();
    this.#subscriptions.set(client, subscriptions);
    subscriptions.add(client.onRequest((request) => this.#queryTurns.take(request)));
    subscriptions.add(
      client.onAnswered((request) => {
        this.#clientStartup.answered(client);
        this.#queryTurns.answered(request);
      }),
    );
    subscriptions.add(client.onGone(() => this.#gone(client)));
  }

  /** The client belongs to another session from now on. */
  #release(client: Client): void {
    for (const request of this.#queryTurns.forget(client)) this.#dispatch.handle(request);
    this.#subscriptions.get(client)?.dispose();
    this.#subscriptions.delete(client);
    this.clients.delete(client);
    this.numbers.forget(client);
    this.#clientStartup.forget(client);
    this.#queryTurns.othersChanged();
    this.#left.fire(client);
  }

  /** The client is to drive the adapter: it sees all that the adapter says, from the first word on. */
  #begin(client: Client): void {
    if (client.live) return;
    client.live = true;
    this.#events.replayEarly(client);
  }

  /** The snapshot, and from then on events. It precedes live events: no client sees `continued` before `stopped`. */
  #goLive(client: Client): void {
    if (client.live || client.gone) return;
    this.#snapshot.replayState(client);
    this.#breakpoints.announceAll(client);
    this.#snapshot.replayOutput(client);
    this.#reverse.replayChildren(client);
    if (!this.#snapshot.terminated)
      replayStops(client, this.#execution, (to, raw) => this.#events.stoppedBody(to, raw));
    this.#snapshot.replayEnd(client);
    client.live = true;
  }

  #gone(client: Client): void {
    this.#queryTurns.forget(client);
    this.clients.delete(client);
    this.#queryTurns.othersChanged();
    this.#subscriptions.delete(client);
    this.numbers.forget(client);
    this.#queries.forget(client);
    const goesOn = this.#ended === undefined && !this.#ending;
    // Before what else the client leaves undone: its breakpoints must not stop a program that it no longer awaits.
    const stays = [...this.clients].some((other) => other.participant === client.participant);
    if (goesOn && !stays) this.#breakpoints.forget(client.participant.id);
    this.#clientStartup.forget(client);
    if (client.capabilities !== undefined) this.#left.fire(client);
    if (!goesOn) return;
    if (client.participant.isHost) this.end("The host has left.");
    else if (this.clients.size === 0 && this.#snapshot.terminated) this.end("The program has ended.");
  }

  #upstreamEnded(end: UpstreamEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = end;
    this.#executionControl.over();
    if (!this.#snapshot.terminated) {
      if (!this.#ending) {
        const body = ownOutput("important", `Debug Server: ${end.reason}`);
        this.#snapshot.record("output", body);
        this.broadcast("output", body);
      }
      this.#tellEnd();
    }
    // After that, for those who were still joining: their snapshot tells of the end.
    this.#clientStartup.over();
    this.logger.log("info", end.reason);
    this.#end.fire(end);
  }
}
