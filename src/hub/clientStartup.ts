import { AppError } from "../common/errors.ts";
import { type JsonObject, type Outcome, encodeJson, failureText } from "../dap/messages.ts";
import { allows } from "../common/access.ts";
import { maskCapabilities } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import { conventionsBetween } from "./clientConventions.ts";
import type { AdapterStartup, StartOptions } from "./adapterStartup.ts";
import { headlessInitialize, readClientCapabilities } from "./clientCapabilities.ts";
import type { RequestNumbers } from "./requestNumbers.ts";
import type { Rules } from "./rules.ts";
import type { AdapterEvent, Upstream } from "./upstream.ts";
import { mayControl } from "./viewAccess.ts";

/** After its first answer following `initialized`, a client that never sends `configurationDone` gets its snapshot. */
const CONFIGURATION_MS = 250;
/** The same for a client that sends nothing at all. */
const SILENT_CONFIGURATION_MS = 2_000;

const SUCCESS: Outcome = { success: true };

interface ClientStartupHub {
  readonly upstream: Upstream;
  readonly rules: Rules;
  readonly clients: ReadonlySet<Client>;
  readonly numbers: RequestNumbers;
  /** The client drives: it has events from the adapter's first word on. */
  begin(client: Client): void;
  /** Shows a late client the present and lets it have events from then on. */
  goLive(client: Client): void;
  /** Sends what is wanted of breakpoints to a fresh adapter; not what only the participant `except` wants, which has been sent. */
  sendBreakpoints(done: () => void, except?: number): void;
  /** A client starts the session. */
  starts(args: JsonObject): void;
}

/**
 * The start-up of the clients. The first client drives a fresh adapter and sees its real answers; each client after it is
 * answered from what is known. A joining client's `initialize`, `launch`, `attach` and `configurationDone` never
 * reach the adapter: real ones die of a second one, or resume the program.
 */
export class ClientStartup {
  /** The client that initialized the adapter, while it is here. */
  driver: Client | undefined;
  /** The first client that may start the session: it hears the adapter before it says a word itself. */
  expected: Client | undefined;
  #hold = false;
  #startedByWindow = false;
  #startedByEditor: number | undefined;
  readonly #hub: ClientStartupHub;
  readonly #adapter: AdapterStartup;
  readonly #waiting: ClientRequest[] = [];
  readonly #joining = new PendingConfigurations((client) => this.#configurationComplete(client));
  /** Joiners that have sent their `configurationDone`. */
  readonly #saidDone = new WeakSet<Client>();
  /** Clients that came from another session: that one told them what its adapter can do. */
  readonly #adopted = new WeakSet<Client>();

  constructor(hub: ClientStartupHub, adapter: AdapterStartup) {
    this.#hub = hub;
    this.#adapter = adapter;
  }

  /** Starts the session without a client, if the options say so. */
  start(options: StartOptions): void {
    this.#hold = options.holdForClient ?? false;
    this.#startedByWindow = options.startedByWindow ?? false;
    this.#startedByEditor = options.startedByEditor;
    if (options.start !== undefined) this.#startHeadless(options.start);
  }

  /** Whether that client's requests may reach the adapter: one that is not started yet hears its driver only. */
  opened(client: Client): boolean {
    return (
      client === this.driver ||
      client === this.expected ||
      (this.#adapter.begun && this.#adapter.phase !== "initialized")
    );
  }

  /** A client has connected. */
  came(client: Client): void {
    if (this.#adapter.phase !== "fresh" || this.#startedByWindow || this.#awaitsEditor(client)) return;
    if (this.expected !== undefined || this.driver !== undefined || client.gone || !mayControl(client))
      return;
    this.expected = client;
    this.#hub.begin(client);
  }

  handle(request: ClientRequest): void {
    switch (request.command) {
      case "initialize":
        this.#initialize(request);
        break;
      case "launch":
      case "attach":
        this.#start(request);
        break;
      case "configurationDone":
        this.#configurationDone(request);
        break;
    }
  }

  /** The adapter's `initialized`: its configuration may begin. */
  adapterInitialized(message: AdapterEvent): void {
    this.#adapter.asksForConfiguration(message);
    (this.driver ?? this.expected)?.pass(message.event, message.body, message.rest);
    // The editor sends its own; those of others it does not know.
    if (this.#startedByEditor !== undefined) this.#hub.sendBreakpoints(() => {});
    for (const client of this.#joining.clients) this.#sendInitialized(client);
    this.#configureAlone();
  }

  /** The host's own window initializes or starts the adapter. Returns what takes its answer. */
  windowStarts(command: string, args: JsonObject): (outcome: Outcome) => void {
    if (command !== "initialize") return this.#starting(args);
    const initialized = this.#initializing(args);
    return (outcome) => this.#answerEarly(initialized(outcome), outcome.success);
  }

  /** Waits no longer for a first client. */
  release(): void {
    this.#hold = false;
    this.#configureAlone();
  }

  /** The first answer after `initialized` brings a late one nearer to its snapshot. */
  answered(client: Client): void {
    this.#joining.answered(client);
  }

  /** A client that another session has initialized: it learns what this one's adapter can do. */
  adopt(client: Client): void {
    this.#adopted.add(client);
    if (client.capabilities !== undefined)
      client.conventions = conventionsBetween(client.capabilities, this.#adapter.conventions);
  }

  /** A client has gone. If it was the driver, what it left undone is done by another or by the hub. */
  forget(client: Client): void {
    this.#joining.forget(client);
    remove(this.#waiting, (request) => request.client === client);
    if (this.expected === client) this.#expectNext();
    if (this.driver === client) this.#dropDriver();
    this.#configureAlone();
  }

  /** A right has changed. A driver with view access drives no more: the rest is done as if it had left. */
  accessChanged(): void {
    if (this.expected !== undefined && !mayControl(this.expected)) {
      this.expected.live = false;
      this.#expectNext();
    }
    if (this.driver === undefined || mayControl(this.driver)) return;
    this.#dropDriver();
    this.#configureAlone();
  }

  /** The session has ended: a client that still waits gets an answer, a client that was joining the snapshot. */
  over(): void {
    this.#adapter.over();
    for (const client of this.#joining.clients) this.#joining.complete(client);
    for (const request of this.#waiting.splice(0))
      request.refuse(new AppError("closed", "The debug session has ended."));
  }

  #initialize(request: ClientRequest): void {
    const { client } = request;
    const isAgain = client.capabilities !== undefined;
    if (isAgain && (client !== this.driver || this.#hub.rules.binds(client))) {
      request.refuse(new AppError("protocol", "This client has sent initialize before."));
      return;
    }
    if (
      !isAgain &&
      (this.#adapter.phase !== "fresh" || this.#startedByWindow || this.#awaitsEditor(client))
    ) {
      client.capabilities = readClientCapabilities(request.args);
      if (this.#adapter.begun) this.#answerInitialize(request);
      else this.#waiting.push(request);
      return;
    }
    if (!isAgain && !mayControl(client)) {
      request.refuse(notStarted(client));
      return;
    }
    if (this.#adapter.phase === "over") {
      request.refuse(new AppError("closed", "The debug session has ended."));
      return;
    }
    const undo = isAgain ? this.#beginAgain(client) : () => (client.capabilities = undefined);
    if (!isAgain) this.#letDrive(client);
    client.capabilities = readClientCapabilities(request.args);
    const seq = this.#initializeUpstream(request.args, request.rawArgs, (outcome) => {
      if (!outcome.success && this.#adapter.phase !== "starting") undo();
      const masked = maskCapabilities(this.#adapter.capabilities, client.participant.access);
      const same = allows(client.participant.access, "full") || !outcome.success;
      request.answer(same ? outcome : { ...outcome, body: encodeJson(masked) });
    });
    this.#hub.numbers.sent(request, seq);
  }

  #awaitsEditor({ isLocal }: Client): boolean {
    return this.#startedByEditor !== undefined && !isLocal;
  }

  /** The adapter is this client's from its first word on. */
  #letDrive(client: Client): void {
    // It is a client as any other now, and has its snapshot when it joins.
    if (this.expected !== undefined && this.expected !== client) this.expected.live = false;
    this.expected = undefined;
    this.driver = client;
    this.#hub.begin(client);
  }

  /** The driver starts its session anew, on the connection that it has: its next `launch` is a first one. */
  #beginAgain(client: Client): () => void {
    const { capabilities, startArgs } = client;
    client.startArgs = undefined;
    const undo = this.#adapter.beginsAgain();
    return () => {
      client.capabilities = capabilities;
      client.startArgs = startArgs;
      undo();
    };
  }

  #expectNext(): void {
    this.expected = undefined;
    for (const client of this.#hub.clients) this.came(client);
  }

  #initializeUpstream(
    args: JsonObject,
    rawArgs: Buffer | undefined,
    then: (outcome: Outcome) => void,
  ): number {
    const initialized = this.#initializing(args);
    return this.#hub.upstream.request("initialize", rawArgs, (outcome) => {
      // Taken out first: `then` may start the session, and the start lets in the clients that wait to join it.
      const early = initialized(outcome);
      then(outcome);
      this.#answerEarly(early, outcome.success);
      if (this.#adapter.phase === "fresh" && this.driver === undefined && this.expected === undefined)
        this.#expectNext();
    });
  }

  /** The adapter is being initialized. Returns what takes its answer, and returns those who waited for that. */
  #initializing(args: JsonObject): (outcome: Outcome) => ClientRequest[] {
    const initialized = this.#adapter.initializing(args);
    return (outcome) => {
      const result = initialized(outcome);
      if (result === "over") return [];
      if (result === "initialized") this.#convertOthers();
      else if (result === "fresh") this.#driverFailed();
      return this.#waiting.splice(0);
    };
  }

  /** The adapter has refused its driver: the session is as it was before its first word. */
  #driverFailed(): void {
    this.expected = this.driver;
    this.driver = undefined;
  }

  /** The adapter was told other conventions than before, maybe. */
  #convertOthers(): void {
    for (const client of this.#hub.clients) {
      if (client.live && client !== this.driver && client.capabilities !== undefined)
        client.conventions = conventionsBetween(client.capabilities, this.#adapter.conventions);
    }
  }

  /** The clients that came meanwhile: answered from what is known, or first in turn if the driver failed. */
  #answerEarly(early: readonly ClientRequest[], success: boolean): void {
    for (const waiting of early) {
      if (success && waiting.command === "initialize") {
        this.#answerInitialize(waiting);
      } else {
        if (waiting.command === "initialize") waiting.client.capabilities = undefined;
        this.handle(waiting);
      }
    }
  }

  #answerInitialize(request: ClientRequest): void {
    const { client } = request;
    if (client.capabilities === undefined) return;
    client.conventions = conventionsBetween(client.capabilities, this.#adapter.conventions);
    const masked = maskCapabilities(this.#adapter.capabilities, client.participant.access);
    // The hub answers it, so every late client may send it and thereby say when its configuration is complete.
    request.answer({
      success: true,
      body: encodeJson({ ...masked, supportsConfigurationDoneRequest: true }),
    });
  }

  #start(request: ClientRequest): void {
    const { client } = request;
    const isDriver = client === this.driver;
    const isAgain = client.startArgs !== undefined;
    if (client === this.expected) {
      this.#letDrive(client);
      this.#drive(request);
    } else if (client.capabilities === undefined) {
      request.refuse(new AppError("protocol", "Send initialize before launch or attach."));
    } else if (isAgain && (!isDriver || this.#hub.rules.binds(client))) {
      request.refuse(new AppError("protocol", "This client has sent launch or attach before."));
    } else if (isDriver && (isAgain || this.#adapter.phase === "initializing")) {
      this.#drive(request);
    } else if (
      this.#adapter.phase === "initialized" &&
      !this.#startedByWindow &&
      (this.driver ?? client) === client
    ) {
      if (mayControl(client)) this.#drive(request);
      else request.refuse(notStarted(client));
    } else if (
      !this.#adapter.begun ||
      this.#adapter.phase === "initializing" ||
      this.#adapter.phase === "initialized"
    ) {
      // The driver may yet start it; if it leaves first, this one takes its place.
      this.#waiting.push(request);
    } else {
      this.#join(request);
    }
  }

  #drive(request: ClientRequest): void {
    const { client } = request;
    const before = client.startArgs;
    this.driver = client;
    client.startArgs = request.args;
    if (!client.live) {
      // It takes the place of one that left: what that one saw before, it has yet to see.
      this.#hub.goLive(client);
      const { body, rest } = this.#adapter.initializedEvent ?? {};
      if (this.#adapter.initializedEvent !== undefined) client.event("initialized", body, rest);
    }
    const args = withoutOwnKeys(request);
    this.#hub.starts(request.args);
    const seq = this.#startUpstream(request.command, request.args, args, (outcome) => {
      if (!outcome.success) client.startArgs = before;
      request.answer(outcome);
    });
    this.#hub.numbers.sent(request, seq);
  }

  #startUpstream(
    command: string,
    args: JsonObject,
    rawArgs: Buffer | undefined,
    then: (outcome: Outcome) => void,
  ): number {
    const started = this.#starting(args);
    const seq = this.#hub.upstream.request(command, rawArgs, (outcome) => {
      then(outcome);
      started(outcome);
    });
    // Some adapters send `initialized` before they are started.
    this.#configureAlone();
    return seq;
  }

  /** The session is being started: the clients that wait join it. Returns what takes the adapter's answer. */
  #starting(args: JsonObject): (outcome: Outcome) => void {
    const started = this.#adapter.starting(args);
    // Not before it is known what they are to be answered to their `initialize`.
    if (this.#adapter.begun) for (const waiting of this.#waiting.splice(0)) this.handle(waiting);
    return (outcome) => {
      const result = started(outcome);
      if (result === "known") this.#answerEarly(this.#waiting.splice(0), true);
      if (result !== "fresh" && result !== "refused") return;
      if (result === "fresh") {
        this.#driverFailed();
        this.#answerEarly(this.#waiting.splice(0), false);
      }
      this.#adapter.startFailed();
      // The clients that joined a start that failed have nothing to join.
      const reason = startFailure(outcome);
      for (const client of this.#joining.clients) client.drop(reason);
    };
  }

  #join(request: ClientRequest): void {
    const { client } = request;
    client.startArgs = request.args;
    request.answer(SUCCESS);
    if (this.#adopted.has(client)) {
      const capabilities = { ...this.#adapter.capabilities, supportsConfigurationDoneRequest: true };
      client.event("capabilities", encodeJson({ capabilities }));
    }
    this.#joining.add(client);
    if (this.#adapter.initializedEvent !== undefined || this.#adapter.phase === "over")
      this.#sendInitialized(client);
  }

  #sendInitialized(client: Client): void {
    const { body, rest } = this.#adapter.initializedEvent ?? {};
    if (!client.live && this.#joining.begin(client)) client.event("initialized", body, rest);
  }

  #configurationComplete(client: Client): void {
    this.#hub.goLive(client);
    // Without a driver, the first client to complete its configuration completes the adapter's.
    if (this.driver === undefined && mayControl(client)) this.#adapter.configure();
  }

  #configurationDone(request: ClientRequest): void {
    const { client } = request;
    const { rules, upstream, numbers } = this.#hub;
    const pass = () => {
      const answer = (outcome: Outcome) => request.answer(outcome);
      numbers.sent(request, upstream.request("configurationDone", request.rawArgs, answer));
    };
    if (client === this.expected) {
      pass();
    } else if (client === this.driver && (!this.#adapter.isConfigured || !rules.binds(client))) {
      const isAgain = this.#adapter.configuredByDriver();
      const isOffered = this.#adapter.capabilities.supportsConfigurationDoneRequest === true;
      if (!isOffered && rules.binds(client)) request.answer(SUCCESS);
      // The driver has sent its own breakpoints before; those of the others are sent now.
      else if (isAgain) this.#hub.sendBreakpoints(pass, client.participant.id);
      else pass();
    } else if (client !== this.driver && client.startArgs !== undefined && !this.#saidDone.has(client)) {
      // Also late: one that took longer than it was waited for has its snapshot, and must not be told that it failed.
      this.#saidDone.add(client);
      request.answer(SUCCESS);
      this.#joining.complete(client);
    } else {
      request.refuse(new AppError("protocol", "The session is already configured."));
    }
  }

  /** Ends the configuration when no client is there to do it, or none that has begun. */
  #configureAlone(): void {
    if (this.driver !== undefined || this.#hold || this.#joining.clients.length > 0) return;
    this.#adapter.configure();
  }

  #dropDriver(): void {
    this.driver = undefined;
    if (this.#adapter.phase === "initialized") this.#promoteNext();
  }

  #promoteNext(): void {
    const index = this.#waiting.findIndex((request) => mayControl(request.client));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (next !== undefined) this.#drive(next);
  }

  #startHeadless(start: NonNullable<StartOptions["start"]>): void {
    const { request, configuration, adapterID, onFailed } = start;
    const args = start.initialize ?? headlessInitialize(adapterID);
    this.#initializeUpstream(args, encodeJson(args), (initialized) => {
      if (!initialized.success) {
        onFailed?.(startFailure(initialized));
        return;
      }
      this.#startUpstream(request, configuration, encodeJson(configuration), (started) => {
        if (!started.success) onFailed?.(startFailure(started));
      });
    });
  }
}

function remove<T>(items: T[], test: (item: T) => boolean): void {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item !== undefined && test(item)) items.splice(i, 1);
  }
}

function notStarted(client: Client): AppError {
  const { access } = client.participant;
  return new AppError("notAllowed", `Nobody has started a session here yet, and you may only ${access}.`, {
    hint: "Join again when somebody has.",
  });
}

/** The adapter has refused to start the session. */
function startFailure(outcome: Outcome): AppError {
  return new AppError("adapterFailed", `The session could not be started: ${failureText(outcome)}`);
}

const OWN_KEYS = ["debugServerSession", "debugServerTicket", "debugServerDepth"];

/** Our own keys of a launch configuration are not the adapter's business. */
function withoutOwnKeys({ args, rawArgs }: ClientRequest): Buffer | undefined {
  if (!OWN_KEYS.some((key) => key in args)) return rawArgs;
  return encodeJson(Object.fromEntries(Object.entries(args).filter(([key]) => !OWN_KEYS.includes(key))));
}

interface Configuration {
  /** Absent before `initialized`. */
  readonly timer: NodeJS.Timeout | undefined;
  /** Whether the client was answered anything since `initialized`. */
  readonly answered: boolean;
}

/** The clients that have joined and not yet completed their configuration, and until when that is waited for. */
class PendingConfigurations {
  readonly #configurations = new Map<Client, Configuration>();
  readonly #onComplete: (client: Client) => void;

  /** `onComplete` is called once for each client, unless it goes first. */
  constructor(onComplete: (client: Client) => void) {
    this.#onComplete = onComplete;
  }

  get clients(): Client[] {
    return [...this.#configurations.keys()];
  }

  has(client: Client): boolean {
    return this.#configurations.has(client);
  }

  add(client: Client): void {
    this.#configurations.set(client, { timer: undefined, answered: false });
  }

  /** Its configuration may begin. False if it has begun before. */
  begin(client: Client): boolean {
    if (this.#configurations.get(client)?.timer !== undefined) return false;
    this.#configurations.set(client, {
      timer: this.#timer(client, SILENT_CONFIGURATION_MS),
      answered: false,
    });
    return true;
  }

  /** The first answer after `initialized` brings a client nearer to its snapshot. */
  answered(client: Client): void {
    const configuration = this.#configurations.get(client);
    if (configuration?.timer === undefined || configuration.answered) return;
    clearTimeout(configuration.timer);
    this.#configurations.set(client, { timer: this.#timer(client, CONFIGURATION_MS), answered: true });
  }

  complete(client: Client): void {
    if (this.forget(client)) this.#onComplete(client);
  }

  /** False if the client was not joining. */
  forget(client: Client): boolean {
    clearTimeout(this.#configurations.get(client)?.timer);
    return this.#configurations.delete(client);
  }

  #timer(client: Client, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.complete(client), ms);
  }
}
