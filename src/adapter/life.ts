import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { DebuggeeBreakpoints } from "./breakpoints.ts";
import type { ConsoleCall } from "./cdp.ts";
import { ERROR_MARK, LOG_MARK } from "./conditions.ts";
import type { AttachConfiguration, LaunchConfiguration } from "./configuration.ts";
import type { Coordinates } from "./coordinates.ts";
import { Debuggee } from "./debuggee.ts";
import { formatLogged } from "./format.ts";
import { findInspector, Inspector } from "./inspector.ts";
import { type Category, categoryOf, consoleText, type Origin, outputEvent, ProgramOutput } from "./output.ts";
import { isInternal, type Script, type SourceReferences } from "./scripts.ts";
import { detailsMessage, type DebuggeeStop } from "./stops.ts";
import { Target } from "./target.ts";
import { asNumber } from "../common/values.ts";

/** After the inspector of a launched program is gone, so long may the program take to end as well. */
const END_MS = 3_000;

export interface LifeContext {
  readonly coordinates: Coordinates;
  readonly references: SourceReferences;
  readonly breakpoints: DebuggeeBreakpoints;
  send(event: DebugProtocol.Event): void;
  onStop(stop: DebuggeeStop): void;
}

/** How a debuggee ended: the exit code if we can know it, and a line for people if it was no ordinary end. */
export interface End {
  exitCode?: number;
  line?: string;
}

/**
 * One debuggee from its start or our attaching to its end. What it says becomes events; `ended` resolves once,
 * after the last of them, and never rejects.
 */
export class Life {
  readonly configuration: LaunchConfiguration | AttachConfiguration;
  readonly name: string;
  /** The process, if we started it. */
  readonly debuggee: Debuggee | undefined;
  /** Undefined for a program that runs without being debugged. */
  readonly target: Target | undefined;
  readonly ended: Promise<End>;
  readonly #context: LifeContext;
  readonly #output: ProgramOutput;
  #lastLine: string | undefined;

  private constructor(
    context: LifeContext,
    configuration: LaunchConfiguration | AttachConfiguration,
    name: string,
    debuggee: Debuggee | undefined,
    inspector: Inspector | undefined,
  ) {
    this.configuration = configuration;
    this.name = name;
    this.debuggee = debuggee;
    this.#context = context;
    this.#output = new ProgramOutput({
      send: (event) => context.send(event),
      sync: () => inspector?.send("Runtime.getIsolateId", {}) ?? Promise.resolve(),
      originOf: (call) => this.#originOf(call),
    });
    debuggee?.readOutput((text) => this.#output.write(text));
    this.target =
      inspector === undefined
        ? undefined
        : new Target(inspector, {
            coordinates: context.coordinates,
            references: context.references,
            send: (event) => context.send(event),
            onStop: (stop) => context.onStop(stop),
            entry: (configuration.stopOnEntry ?? debuggee === undefined) ? "report" : "pass",
            launched: debuggee !== undefined,
          });
    if (inspector !== undefined) this.#listen(inspector);
    this.ended =
      debuggee === undefined ? this.#attachedEnd(inspector) : this.#launchedEnd(debuggee, inspector);
  }

  /** Starts the program; unless it is not to be debugged, it waits before its first line until target.run(). */
  static async launch(context: LifeContext, configuration: LaunchConfiguration): Promise<Life> {
    const { noDebug, program } = configuration;
    const debuggee = await Debuggee.start(configuration, !noDebug);
    try {
      const inspector = noDebug ? undefined : await Inspector.connect(await debuggee.inspectorUrl());
      const life = new Life(context, configuration, program, debuggee, inspector);
      await life.#prepare();
      return life;
    } catch (error) {
      debuggee.kill("SIGKILL");
      throw error;
    }
  }

  static async attach(context: LifeContext, configuration: AttachConfiguration): Promise<Life> {
    const { host, port, timeout } = configuration;
    const found = await findInspector(host, port, timeout);
    const inspector = await Inspector.connect(found.url);
    try {
      const life = new Life(context, configuration, found.title, undefined, inspector);
      await life.#prepare();
      return life;
    } catch (error) {
      void inspector.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.debuggee?.pid ?? this.target?.pid;
  }

  /** Whether the process is on this machine. */
  get isLocal(): boolean {
    const { configuration } = this;
    return configuration.request === "launch" || /^(localhost|127\..*|::1)$/i.test(configuration.host);
  }

  async #prepare(): Promise<void> {
    if (this.target === undefined) return;
    const { inspector } = this.target;
    // Without it a program that ends would wait for us to go. Other runtimes may not know it.
    inspector.post("NodeRuntime.notifyWhenWaitingForDisconnect", { enabled: true });
    await this.target.enable();
    await this.#context.breakpoints.applyTo(inspector, this.target.scripts);
  }

  #listen(inspector: Inspector): void {
    inspector.on("NodeRuntime.waitingForDisconnect", () => {
      this.#lastLine = "The program has ended.";
      void inspector.close();
    });
    inspector.on("Runtime.consoleAPICalled", (call) => this.#consoleCalled(call));
    inspector.on("Runtime.exceptionThrown", ({ exceptionDetails }) => {
      // A launched program says so itself, on its stderr.
      if (this.debuggee !== undefined) return;
      const text = exceptionDetails.exception?.description ?? detailsMessage(exceptionDetails);
      this.#print("stderr", `Uncaught ${text}\n`);
    });
  }

  #consoleCalled(call: ConsoleCall): void {
    const [mark, id, ...values] = call.args;
    if (mark?.value === LOG_MARK || mark?.value === ERROR_MARK) {
      const found = this.#context.breakpoints.find(asNumber(id?.value));
      const origin = found?.script === undefined ? undefined : this.#origin(found.script, found.line, 0);
      const text = values.map(formatLogged).join("");
      const line = mark.value === LOG_MARK ? text : `A breakpoint's condition failed: ${text}`;
      this.#print("console", `${line}\n`, origin);
    } else if (this.debuggee !== undefined) {
      this.#output.consoleCalled(call);
    } else {
      const category = categoryOf(call);
      if (category !== undefined) this.#print(category, consoleText(call), this.#originOf(call));
    }
  }

  #print(category: Category, text: string, origin?: Origin): void {
    this.#context.send(outputEvent(text, category, origin));
  }

  /** The line of the program that called the console. */
  #originOf(call: ConsoleCall): Origin | undefined {
    const frame = call.stackTrace?.callFrames.find(({ url }) => url !== "" && !url.startsWith("node:"));
    if (frame === undefined || this.target === undefined) return undefined;
    const script = this.target.scripts.get(frame.scriptId);
    return isInternal(script) ? undefined : this.#origin(script, frame.lineNumber, frame.columnNumber);
  }

  #origin(script: Script, line: number, column: number): Origin | undefined {
    const { coordinates } = this.#context;
    const source = this.target?.scripts.toSource(script);
    if (source === undefined) return undefined;
    return { source, line: coordinates.lineToClient(line), column: coordinates.columnToClient(column) };
  }

  async #launchedEnd(debuggee: Debuggee, inspector: Inspector | undefined): Promise<End> {
    let line: string | undefined;
    inspector?.onClose((reason) => {
      const timer = setTimeout(() => {
        if (!debuggee.isRunning) return;
        line = `The connection to the program broke (${reason}), so it was ended.`;
        debuggee.kill("SIGKILL");
      }, END_MS);
      void debuggee.ended.then(() => clearTimeout(timer));
    });
    const exitCode = await debuggee.ended;
    void inspector?.close();
    this.#output.flush();
    return { exitCode, line };
  }

  #attachedEnd(inspector: Inspector | undefined): Promise<End> {
    return new Promise((resolve) => {
      inspector?.onClose((reason) => {
        const line = this.#lastLine ?? `The program is gone (${AppError.from(reason).message}).`;
        resolve({ line });
      });
    });
  }
}
