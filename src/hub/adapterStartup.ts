import type { AppError } from "../common/errors.ts";
import { type JsonObject, type Outcome, isObject, parseObject } from "../dap/messages.ts";
import { type ClientCapabilities, configurationType, readClientCapabilities } from "./clientCapabilities.ts";
import type { AdapterEvent, Upstream } from "./upstream.ts";

/**
 * How far the adapter is. `fresh`: no client has initialized it; `initialized`: it waits for launch or attach;
 * `starting`: that is under way; `started`: it has been answered; `over`: the session has ended.
 */
export type Phase = "fresh" | "initializing" | "initialized" | "starting" | "started" | "over";

/** How a session is started if no client does it. */
export interface StartOptions {
  /** Starts the session without a client: DAP's `launch` or `attach` and its arguments. */
  readonly start?: {
    readonly request: "launch" | "attach";
    readonly configuration: JsonObject;
    readonly adapterID: string;
    /** What to say in `initialize` instead of what the hub says of itself: a child session's parent was told it. */
    readonly initialize?: JsonObject;
    /** The adapter refused. No client has asked, so none is told. */
    readonly onFailed?: (reason: AppError) => void;
  };
  /** Whether a session that was started so waits for the first client's `configurationDone`. */
  readonly holdForClient?: boolean;
  /** The participant whose local editor starts and configures the adapter: others wait for that. */
  readonly startedByEditor?: number;
  /** The host's own window starts and configures the adapter beside the hub (hostWindow.ts): no client ever does. */
  readonly startedByWindow?: boolean;
}

interface AdapterStartupHub {
  readonly upstream: Upstream;
  /** Sends what is wanted of breakpoints to a fresh adapter. */
  sendBreakpoints(done: () => void): void;
  /** The adapter asks for its configuration once more. */
  configuresAgain(): void;
  /** The session is started anew: what has ended is of the past. */
  startsAgain(): void;
}

/**
 * What an answer to `initialize` has changed. `fresh`: the adapter has refused its first one, so another client may try;
 * `refused`: it has refused one, and goes on as before; `over`: the session has ended meanwhile.
 */
export type Initialized = "initialized" | "fresh" | "refused" | "over";

/**
 * What an answer to `launch` or `attach` has changed. `known`: the adapter was never initialized, and has started all the
 * same; `fresh`, `refused`: it has started nothing; `goesOn`: it has refused to start anew what runs.
 */
export type Started = "started" | "known" | "fresh" | "refused" | "goesOn" | "over";

/**
 * The adapter's start-up: what the adapter was told, what it has said, and how far it is. It is a machine of phases, drawn in
 * ARCHITECTURE.md, and knows no clients: clientStartup.ts is about them.
 */
export class AdapterStartup {
  #phase: Phase = "fresh";
  capabilities: JsonObject = {};
  /** The conventions that the adapter was told. */
  conventions: ClientCapabilities = readClientCapabilities({});
  /** The names by which clients and configurations call the adapter. */
  readonly names: string[] = [];
  /** What the adapter was told in `initialize`. */
  initializeArgs: JsonObject = {};
  #initializedEvent: AdapterEvent | undefined;
  /** Whether the adapter has said what it can. */
  #isKnown = false;
  #wasStarted = false;
  /** Whether the adapter has asked for its configuration more than once. */
  #configuresAgain = false;
  #configured: boolean;
  readonly #startedByWindow: boolean;
  readonly #hub: AdapterStartupHub;

  constructor(hub: AdapterStartupHub, { startedByWindow = false }: Pick<StartOptions, "startedByWindow">) {
    this.#hub = hub;
    this.#startedByWindow = startedByWindow;
    // It is the window's to configure, too.
    this.#configured = startedByWindow;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether the adapter has been initialized: then it must be disconnected in order. */
  get begun(): boolean {
    return this.#isKnown;
  }

  /** The adapter's last `initialized`; undefined: its configuration may not begin yet. */
  get initializedEvent(): AdapterEvent | undefined {
    return this.#initializedEvent;
  }

  get isConfigured(): boolean {
    return this.#configured;
  }

  /** The adapter is being initialized. Returns what takes its answer. */
  initializing(args: JsonObject): (outcome: Outcome) => Initialized {
    const before = this.#phase;
    this.#phase = "initializing";
    this.initializeArgs = args;
    this.conventions = readClientCapabilities(args);
    this.#addName(this.conventions.adapterID);
    return (outcome) => {
      if (this.#phase === "over") return "over";
      const isStarting = this.#phase !== "initializing";
      if (outcome.success) {
        if (!isStarting) this.#phase = "initialized";
        // What it has said of itself since it began comes after this answer.
        const since = this.#isKnown ? {} : this.capabilities;
        this.capabilities = { ...parseObject(outcome.body), ...since };
        this.#isKnown = true;
        return "initialized";
      }
      if (isStarting) return "refused";
      this.#phase = before;
      return before === "fresh" ? "fresh" : "refused";
    };
  }

  /** The session is being started. Returns what takes the adapter's answer. */
  starting(args: JsonObject): (outcome: Outcome) => Started {
    const before = this.#phase;
    this.#phase = "starting";
    const type = configurationType(args);
    if (type !== undefined) this.#addName(type);
    if (this.#wasStarted) this.#hub.startsAgain();
    return (outcome) => {
      if (this.#phase === "over") return "over";
      if (outcome.success) {
        if (this.#phase === "starting") this.#phase = "started";
        this.#wasStarted = true;
        if (this.#isKnown) return "started";
        this.#isKnown = true;
        return "known";
      }
      // The session that there was goes on.
      const isAgain = before === "started" || before === "starting";
      if (this.#phase === "starting")
        this.#phase = isAgain ? before : this.#isKnown ? "initialized" : "fresh";
      if (isAgain) return "goesOn";
      return this.#phase === "fresh" ? "fresh" : "refused";
    };
  }

  /** The adapter's `initialized`: its configuration may begin. */
  asksForConfiguration(message: AdapterEvent): void {
    if (this.#initializedEvent !== undefined) {
      this.#configured = this.#startedByWindow;
      this.#configuresAgain = true;
      this.#hub.configuresAgain();
    }
    this.#initializedEvent = message;
  }

  /** The driver completes the configuration. Returns whether it does so once more. */
  configuredByDriver(): boolean {
    const isAgain = this.#configuresAgain && !this.#configured;
    this.#configured = true;
    return isAgain;
  }

  /** Completes the configuration in the place of a driver, if the adapter waits for that. */
  configure(): void {
    if (this.#configured || this.#initializedEvent === undefined) return;
    if (this.#phase !== "starting" && this.#phase !== "started") return;
    this.#configured = true;
    this.#hub.sendBreakpoints(() => {
      if (this.capabilities.supportsConfigurationDoneRequest !== true) return;
      this.#hub.upstream.request("configurationDone", undefined, () => {});
    });
  }

  /** A start has failed: the next one is to be configured again. */
  startFailed(): void {
    this.#configured = this.#startedByWindow;
  }

  /** The driver initializes the adapter once more. Returns what undoes that. */
  beginsAgain(): () => void {
    const [event, configured] = [this.#initializedEvent, this.#configured];
    this.#initializedEvent = undefined;
    this.#configured = false;
    return () => {
      this.#initializedEvent = event;
      this.#configured = configured;
    };
  }

  /** The adapter said more of what it can. */
  mergeCapabilities(body: Buffer | undefined): void {
    const { capabilities } = parseObject(body);
    if (isObject(capabilities)) this.capabilities = { ...this.capabilities, ...capabilities };
  }

  /** The session has ended. */
  over(): void {
    this.#phase = "over";
  }

  #addName(name: string): void {
    if (!this.names.includes(name)) this.names.push(name);
  }
}
