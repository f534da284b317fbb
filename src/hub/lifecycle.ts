import { AppError } from "../common/errors.ts";
import { type JsonObject, type Outcome, encodeJson, isObject, parseObject } from "../dap/messages.ts";
import { allows } from "../common/access.ts";
import { maskCapabilities } from "../dap/requests.ts";
import type { Client, ClientRequest } from "./client.ts";
import { conversionBetween } from "./convert.ts";
import { Joining } from "./joining.ts";
import { type Profile, configurationType, headlessInitialize, readProfile } from "./profile.ts";
import { type StartOptions, maySteer, notStarted, startFailure, withoutOwnKeys } from "./starting.ts";
import type { Upstream } from "./upstream.ts";

/**
 * How far the adapter is. `fresh`: nobody has initialized it; `initialized`: it waits for launch or attach;
 * `starting`: that is under way; `started`: it has been answered; `over`: the session has ended.
 */
export type Phase = "fresh" | "initializing" | "initialized" | "starting" | "started" | "over";

const SUCCESS: Outcome = { success: true };

interface LifecycleHub {
  readonly upstream: Upstream;
  /** The client drives: it has events from the adapter's first word on. */
  begin(client: Client): void;
  /** Shows a late client the present and lets it have events from then on. */
  goLive(client: Client): void;
  /** Sends what is wanted of breakpoints to a fresh adapter. */
  sendBreakpoints(done: () => void): void;
  /** A client starts the session. */
  starts(args: JsonObject): void;
}

/**
 * Start and configuration. The first client drives a fresh adapter and sees its real answers; everyone after it is
 * answered from what is known. A joining client's `initialize`, `launch`, `attach` and `configurationDone` never
 * reach the adapter: real ones die of a second one, or resume the program.
 */
export class Lifecycle {
  phase: Phase = "fresh";
  capabilities: JsonObject = {};
  /** The conventions that the adapter was told. */
  profile: Profile = readProfile({});
  /** The client that initialized the adapter, while it is here. */
  driver: Client | undefined;
  /** The names by which clients and configurations call the adapter. */
  readonly names: string[] = [];
  /** What the adapter was told in `initialize`. */
  initializeArgs: JsonObject = {};
  #initializedBody: Buffer | undefined;
  #initialized = false;
  #configured = false;
  #hold = false;
  #startedByWindow = false;
  #startedByEditor: number | undefined;
  readonly #hub: LifecycleHub;
  readonly #waiting: ClientRequest[] = [];
  readonly #joining = new Joining((client) => this.#configurationComplete(client));
  /** Joiners that have sent their `configurationDone`. */
  readonly #saidDone = new WeakSet<Client>();
  /** Clients that came from another session: that one told them what its adapter can do. */
  readonly #adopted = new WeakSet<Client>();

  constructor(hub: LifecycleHub) {
    this.#hub = hub;
  }

  /** Starts the session without a client, if the options say so. */
  start(options: StartOptions): void {
    this.#hold = options.holdForClient ?? false;
    this.#startedByWindow = options.startedByWindow ?? false;
    this.#startedByEditor = options.startedByEditor;
    // It is the window's to configure, too.
    this.#configured = this.#startedByWindow;
    if (options.start !== undefined) this.#startHeadless(options.start);
  }

  /** Whether the adapter has been initialized: then it must be disconnected in order. */
  get begun(): boolean {
    return this.phase !== "fresh" && this.phase !== "initializing";
  }

  /** Whether that client's requests may reach the adapter: one that is not started yet hears its driver only. */
  opened(client: Client): boolean {
    return client === this.driver || (this.begun && this.phase !== "initialized");
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
  adapterInitialized(body: Buffer | undefined): void {
    this.#initialized = true;
    this.#initializedBody = body;
    this.driver?.event("initialized", body);
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

  /** The adapter said more of what it can. */
  mergeCapabilities(body: Buffer | undefined): void {
    const { capabilities } = parseObject(body);
    if (isObject(capabilities)) this.capabilities = { ...this.capabilities, ...capabilities };
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
    if (client.profile !== undefined) client.conversion = conversionBetween(client.profile, this.profile);
  }

  /** A client has gone. If it was the driver, what it left undone is done by another or by the hub. */
  forget(client: Client): void {
    this.#joining.forget(client);
    remove(this.#waiting, (request) => request.client === client);
    if (this.driver === client) this.#dropDriver();
    this.#configureAlone();
  }

  /** A right has changed. A driver that may only look drives no more: the rest is done as if it had left. */
  accessChanged(): void {
    if (this.driver === undefined || maySteer(this.driver)) return;
    this.#dropDriver();
    this.#configureAlone();
  }

  /** The session has ended: whoever still waits gets an answer, whoever was joining the snapshot. */
  over(): void {
    this.phase = "over";
    for (const client of this.#joining.clients) this.#joining.complete(client);
    for (const request of this.#waiting.splice(0))
      request.refuse(new AppError("closed", "The debug session has ended."));
  }

  #initialize(request: ClientRequest): void {
    const { client } = request;
    if (client.profile !== undefined) {
      request.refuse(new AppError("protocol", "This client has sent initialize before."));
      return;
    }
    client.profile = readProfile(request.args);
    if (this.phase !== "fresh" || this.#startedByWindow || this.#awaitsEditor(client)) {
      if (this.phase === "fresh" || this.phase === "initializing") this.#waiting.push(request);
      else this.#answerInitialize(request);
      return;
    }
    if (!maySteer(client)) {
      client.profile = undefined;
      request.refuse(notStarted(client));
      return;
    }
    this.driver = client;
    this.#hub.begin(client);
    this.#initializeUpstream(request.args, request.rawArgs ?? encodeJson(request.args), (outcome) => {
      if (!outcome.success) {
        client.profile = undefined;
        client.live = false;
      }
      const masked = maskCapabilities(this.capabilities, client.participant.access);
      const same = allows(client.participant.access, "full") || !outcome.success;
      request.answer(same ? outcome : { ...outcome, body: encodeJson(masked) });
    });
  }

  #awaitsEditor({ isLocal }: Client): boolean {
    return this.#startedByEditor !== undefined && !isLocal;
  }

  #initializeUpstream(args: JsonObject, rawArgs: Buffer, then: (outcome: Outcome) => void): void {
    const initialized = this.#initializing(args);
    this.#hub.upstream.request("initialize", rawArgs, (outcome) => {
      // Taken out first: `then` may start the session, and the start lets in whoever waits to join it.
      const early = initialized(outcome);
      then(outcome);
      this.#answerEarly(early, outcome.success);
    });
  }

  /** The adapter is being initialized. Returns what takes its answer, and returns those who waited for that. */
  #initializing(args: JsonObject): (outcome: Outcome) => ClientRequest[] {
    this.phase = "initializing";
    this.initializeArgs = args;
    this.profile = readProfile(args);
    this.names.push(this.profile.adapterID);
    return (outcome) => {
      if (this.phase !== "initializing") return [];
      this.phase = outcome.success ? "initialized" : "fresh";
      if (outcome.success) this.capabilities = { ...parseObject(outcome.body), ...this.capabilities };
      else this.driver = undefined;
      return this.#waiting.splice(0);
    };
  }

  /** Whoever came meanwhile: answered from what is known, or first in turn if this one failed. */
  #answerEarly(early: readonly ClientRequest[], success: boolean): void {
    for (const waiting of early) {
      if (success && waiting.command === "initialize") {
        this.#answerInitialize(waiting);
      } else {
        if (waiting.command === "initialize") waiting.client.profile = undefined;
        this.handle(waiting);
      }
    }
  }

  #answerInitialize(request: ClientRequest): void {
    const { client } = request;
    if (client.profile === undefined) return;
    client.conversion = conversionBetween(client.profile, this.profile);
    const masked = maskCapabilities(this.capabilities, client.participant.access);
    // The hub answers it, so every late client may send it and thereby say when its configuration is complete.
    request.answer({
      success: true,
      body: encodeJson({ ...masked, supportsConfigurationDoneRequest: true }),
    });
  }

  #start(request: ClientRequest): void {
    const { client } = request;
    if (client.profile === undefined) {
      request.refuse(new AppError("protocol", "Send initialize before launch or attach."));
    } else if (client.startArgs !== undefined) {
      request.refuse(new AppError("protocol", "This client has sent launch or attach before."));
    } else if (this.phase === "initialized" && !this.#startedByWindow && (this.driver ?? client) === client) {
      if (maySteer(client)) this.#drive(request);
      else request.refuse(notStarted(client));
    } else if (["fresh", "initializing", "initialized"].includes(this.phase)) {
      // The driver may yet start it; if it leaves first, this one takes its place.
      this.#waiting.push(request);
    } else {
      this.#join(request);
    }
  }

  #drive(request: ClientRequest): void {
    const { client } = request;
    this.driver = client;
    client.startArgs = request.args;
    if (!client.live) {
      // It takes the place of one that left: what that one saw before, it has yet to see.
      this.#hub.goLive(client);
      if (this.#initialized) client.event("initialized", this.#initializedBody);
    }
    const args = withoutOwnKeys(request);
    this.#hub.starts(request.args);
    this.#startUpstream(request.command, request.args, args, (outcome) => {
      if (!outcome.success) client.startArgs = undefined;
      request.answer(outcome);
    });
  }

  #startUpstream(
    command: string,
    args: JsonObject,
    rawArgs: Buffer | undefined,
    then: (outcome: Outcome) => void,
  ): void {
    const started = this.#starting(args);
    this.#hub.upstream.request(command, rawArgs, (outcome) => {
      then(outcome);
      started(outcome);
    });
    // Some adapters send `initialized` before they are started.
    this.#configureAlone();
  }

  /** The session is being started: whoever waits joins it. Returns what takes the adapter's answer. */
  #starting(args: JsonObject): (outcome: Outcome) => void {
    this.phase = "starting";
    const type = configurationType(args);
    if (type !== undefined) this.names.push(type);
    for (const waiting of this.#waiting.splice(0)) this.handle(waiting);
    return (outcome) => {
      const over = this.phase === "over";
      if (this.phase === "starting") this.phase = outcome.success ? "started" : "initialized";
      if (outcome.success || over) return;
      this.#configured = this.#startedByWindow;
      // Those who joined a start that failed have nothing to join.
      const reason = startFailure(outcome);
      for (const client of this.#joining.clients) client.drop(reason);
    };
  }

  #join(request: ClientRequest): void {
    const { client } = request;
    client.startArgs = request.args;
    request.answer(SUCCESS);
    if (this.#adopted.has(client)) {
      const capabilities = { ...this.capabilities, supportsConfigurationDoneRequest: true };
      client.event("capabilities", encodeJson({ capabilities }));
    }
    this.#joining.add(client);
    if (this.#initialized || this.phase === "over") this.#sendInitialized(client);
  }

  #sendInitialized(client: Client): void {
    if (!client.live && this.#joining.begin(client)) client.event("initialized", this.#initializedBody);
  }

  #configurationComplete(client: Client): void {
    this.#hub.goLive(client);
    // Without a driver, the first client to complete its configuration completes the adapter's.
    if (this.driver === undefined && maySteer(client)) this.#configureUpstream();
  }

  #configurationDone(request: ClientRequest): void {
    const { client } = request;
    if (client === this.driver && !this.#configured) {
      this.#configured = true;
      if (this.capabilities.supportsConfigurationDoneRequest !== true) request.answer(SUCCESS);
      else
        this.#hub.upstream.request("configurationDone", request.rawArgs, (outcome) =>
          request.answer(outcome),
        );
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
    this.#configureUpstream();
  }

  #configureUpstream(): void {
    if (this.#configured || !this.#initialized) return;
    if (this.phase !== "starting" && this.phase !== "started") return;
    this.#configured = true;
    this.#hub.sendBreakpoints(() => {
      if (this.capabilities.supportsConfigurationDoneRequest !== true) return;
      this.#hub.upstream.request("configurationDone", undefined, () => {});
    });
  }

  #dropDriver(): void {
    this.driver = undefined;
    if (this.phase === "initialized") this.#promoteNext();
  }

  #promoteNext(): void {
    const index = this.#waiting.findIndex((request) => maySteer(request.client));
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
