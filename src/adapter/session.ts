import {
  CapabilitiesEvent,
  ContinuedEvent,
  Event,
  ExitedEvent,
  InitializedEvent,
  StoppedEvent,
  TerminatedEvent,
  Thread,
  ThreadEvent,
} from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import { Arguments } from "./arguments.ts";
import { DebuggeeBreakpoints } from "./breakpoints.ts";
import { CAPABILITIES, EXCEPTION_FILTERS } from "./capabilities.ts";
import {
  type AttachConfiguration,
  type LaunchConfiguration,
  readAttach,
  readLaunch,
} from "./configuration.ts";
import { Coordinates } from "./coordinates.ts";
import { type End, Life, type LifeContext } from "./life.ts";
import { outputEvent } from "./output.ts";
import { QUERIES } from "./queries.ts";
import { SourceReferences } from "./scripts.ts";
import { exceptionMessage, type DebuggeeStop } from "./stops.ts";
import { type ExceptionMode, type Target, THREAD_ID } from "./target.ts";

/** A killed process is gone at once; one that the system does not let go is not waited for. */
const KILL_MS = 5_000;
const FAREWELL_MS = 1_000;

type Handler = (args: Arguments) => Promise<object | undefined>;

/** One client's debug session: the requests that begin and end it, breakpoints, and who answers all others. */
export class EmbeddedSession {
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #coordinates = new Coordinates();
  readonly #breakpoints: DebuggeeBreakpoints;
  readonly #context: LifeContext;
  readonly #handlers: ReadonlyMap<string, Handler>;
  #life: Life | undefined;
  /** A launch, an attach or a restart is under way. */
  #starting = false;
  #configured = false;
  /** A stop before the client has configured us: told after that. */
  #earlyStop: DebuggeeStop | undefined;
  #exceptions: ExceptionMode = "none";
  #disposed = false;

  constructor(send: (event: DebugProtocol.Event) => void) {
    this.#send = send;
    this.#breakpoints = new DebuggeeBreakpoints(this.#coordinates, send);
    this.#context = {
      coordinates: this.#coordinates,
      references: new SourceReferences(),
      breakpoints: this.#breakpoints,
      send,
      onStop: (stop) => this.#stopped(stop),
    };
    this.#handlers = new Map<string, Handler>([
      ["initialize", async (args) => (this.#coordinates.configure(args), CAPABILITIES)],
      ["launch", (args) => this.#begin(readLaunch(args, this.#coordinates))],
      ["attach", (args) => this.#begin(readAttach(args))],
      ["configurationDone", () => this.#configurationDone()],
      [
        "threads",
        async () => ({ threads: this.#life === undefined ? [] : [new Thread(THREAD_ID, "Main thread")] }),
      ],
      ["setBreakpoints", async (args) => ({ breakpoints: await this.#breakpoints.replace(args) })],
      ["setExceptionBreakpoints", (args) => this.#setExceptionBreakpoints(args)],
      ["restart", (args) => this.#restart(args)],
      ["terminate", () => this.#terminate()],
      ["disconnect", (args) => this.#disconnect(args)],
    ]);
  }

  /** Resolves with the body of the response; rejects with an AppError that says why the request failed. */
  async handle(command: string, values: unknown): Promise<object | undefined> {
    const args = new Arguments(command, values);
    const handler = this.#handlers.get(command);
    if (handler !== undefined) return handler(args);
    const query = QUERIES.get(command);
    if (query === undefined) {
      throw new AppError("unknownCommand", `This adapter does not know the request "${command}".`);
    }
    return query(this.#target(), args, this.#coordinates);
  }

  /** The client is gone: a program that we started ends, one that we attached to runs on. Never rejects. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const { debuggee, target } = this.#life ?? {};
    debuggee?.kill("SIGKILL");
    await target?.inspector.close();
  }

  #target(): Target {
    const { target } = this.#life ?? {};
    if (target !== undefined) return target;
    const message =
      this.#life === undefined ? "No program is being debugged." : "The program runs without a debugger.";
    throw new AppError("notAvailable", message);
  }

  async #begin(configuration: LaunchConfiguration | AttachConfiguration): Promise<undefined> {
    if (this.#life !== undefined || this.#starting) {
      throw new AppError("busy", "A program is being debugged already.");
    }
    this.#configured = false;
    this.#earlyStop = undefined;
    await this.#start(configuration);
    // Only launched programs can be started again.
    if (configuration.request === "attach") {
      this.#send(new CapabilitiesEvent({ supportsRestartRequest: false }));
    }
    this.#send(new InitializedEvent());
  }

  async #start(configuration: LaunchConfiguration | AttachConfiguration): Promise<void> {
    this.#starting = true;
    try {
      const life =
        configuration.request === "launch"
          ? await Life.launch(this.#context, configuration)
          : await Life.attach(this.#context, configuration);
      this.#life = life;
      if (this.#disposed) await this.dispose();
      void life.ended.then((end) => this.#ended(life, end));
      await life.target?.inspector.send("Debugger.setPauseOnExceptions", { state: this.#exceptions });
    } finally {
      this.#starting = false;
    }
  }

  async #configurationDone(): Promise<undefined> {
    const life = this.#life;
    if (life === undefined) throw new AppError("notAvailable", "Launch or attach to a program first.");
    if (this.#configured) return;
    this.#configured = true;
    this.#run(life);
    const { configuration, target } = life;
    if (this.#earlyStop !== undefined) this.#stopped(this.#earlyStop);
    else if (configuration.request === "attach" && configuration.stopOnEntry === true) await target?.pause();
  }

  #run(life: Life): void {
    const { configuration, name, pid, target, isLocal } = life;
    const startMethod = configuration.request;
    this.#send(new Event("process", { name, systemProcessId: pid, isLocalProcess: isLocal, startMethod }));
    this.#send(new ThreadEvent("started", THREAD_ID));
    target?.run();
  }

  #stopped(stop: DebuggeeStop): void {
    if (!this.#configured) {
      this.#earlyStop = stop;
      return;
    }
    this.#earlyStop = undefined;
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(stop.reason, THREAD_ID);
    event.body.description = stop.description;
    event.body.allThreadsStopped = true;
    if (stop.exception !== undefined) event.body.text = exceptionMessage(stop.exception.value);
    const hit = this.#breakpoints.idsOf(stop.hit);
    if (hit.length > 0) event.body.hitBreakpointIds = hit;
    this.#send(event);
  }

  #ended(life: Life, { exitCode, line }: End): void {
    // One that a restart has replaced ends unseen.
    if (life !== this.#life) return;
    this.#life = undefined;
    if (line !== undefined) this.#send(outputEvent(`${line}\n`, "console"));
    this.#send(new ThreadEvent("exited", THREAD_ID));
    if (exitCode !== undefined) this.#send(new ExitedEvent(exitCode));
    this.#send(new TerminatedEvent());
  }

  async #setExceptionBreakpoints(args: Arguments): Promise<object> {
    const options = args.optionalObjects("filterOptions") ?? [];
    const filters = [
      ...(args.optionalStrings("filters") ?? []),
      ...options.map((option) => option.string("filterId")),
    ];
    const unknown = filters.find((filter) => !EXCEPTION_FILTERS.some((known) => known.filter === filter));
    if (unknown !== undefined) {
      throw new AppError("badArguments", `setExceptionBreakpoints: there is no filter "${unknown}".`);
    }
    const state = filters.includes("all") ? "all" : filters.includes("uncaught") ? "uncaught" : "none";
    this.#exceptions = state;
    await this.#life?.target?.inspector.send("Debugger.setPauseOnExceptions", { state });
    return { breakpoints: filters.map(() => ({ verified: true })) };
  }

  async #restart(args: Arguments): Promise<undefined> {
    const old = this.#life;
    if (old?.configuration.request !== "launch" || this.#starting) {
      throw new AppError("notSupported", "Only a program that was launched, and runs, can be restarted.");
    }
    const changed = args.optionalObject("arguments");
    const configuration = changed === undefined ? old.configuration : readLaunch(changed, this.#coordinates);
    // From here on its end is no longer the session's.
    this.#life = undefined;
    this.#starting = true;
    if (old.target?.isStopped === true) this.#send(new ContinuedEvent(THREAD_ID, true));
    old.debuggee?.kill("SIGKILL");
    await Promise.race([old.ended, deadline(KILL_MS)]);
    this.#send(new ThreadEvent("exited", THREAD_ID));
    try {
      await this.#start(configuration);
    } catch (error) {
      this.#send(outputEvent(`${AppError.from(error).toLine()}\n`, "console"));
      // If it got as far as living, its end says so itself.
      if (this.#life === undefined) this.#send(new TerminatedEvent());
      throw error;
    }
    if (this.#life !== undefined && this.#configured) this.#run(this.#life);
  }

  /** Asks the program to end, as the system does: it may handle the signal, even decline. */
  async #terminate(): Promise<undefined> {
    const life = this.#life;
    if (life === undefined) return;
    if (life.debuggee !== undefined) life.debuggee.kill("SIGTERM");
    else signalItself(life, "SIGTERM");
    life.target?.resumeUnasked();
  }

  async #disconnect(args: Arguments): Promise<undefined> {
    const life = this.#life;
    if (life === undefined) return;
    const end = args.optionalBoolean("terminateDebuggee") ?? life.debuggee !== undefined;
    const { debuggee, target } = life;
    if (end) {
      if (debuggee !== undefined) debuggee.kill("SIGKILL");
      else signalItself(life, "SIGKILL");
      await Promise.race([life.ended, deadline(KILL_MS)]);
      return;
    }
    // Its output goes nowhere from now on, which must not end the program.
    if (debuggee !== undefined && target !== undefined) {
      const expression = `for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})`;
      const told = target.inspector.send("Runtime.evaluate", { expression, silent: true });
      await Promise.race([told.catch(() => {}), deadline(FAREWELL_MS)]);
    }
    debuggee?.release();
    const closed = target?.inspector.close();
    this.#ended(life, {});
    await closed;
  }
}

function signalItself(life: Life, signal: "SIGTERM" | "SIGKILL"): void {
  const expression = `process.kill(process.pid, "${signal}")`;
  life.target?.inspector.post("Runtime.evaluate", { expression, silent: true });
}

function deadline(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
