import { ContinuedEvent, LoadedSourceEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { CallFrame, Commands, Paused } from "./cdp.ts";
import { SUPPORT_SETUP } from "./conditions.ts";
import type { Coordinates } from "./coordinates.ts";
import { INSPECT_FLAG } from "./debuggee.ts";
import { Handles } from "./handles.ts";
import { type Inspector, OBJECT_GROUP } from "./inspector.ts";
import { InternalsPasser, type ResumeCommand } from "./internals.ts";
import { outputEvent } from "./output.ts";
import { isInternal, Scripts, type SourceReferences } from "./scripts.ts";
import { type Expectation, explainPause, type DebuggeeStop } from "./stops.ts";
import { type Container, VariableReader } from "./variables.ts";

/** There is one thread: workers and child processes are not debugged. */
export const THREAD_ID = 1;

export type ExceptionMode = Commands["Debugger.setPauseOnExceptions"][0]["state"];

export interface TargetOptions {
  coordinates: Coordinates;
  references: SourceReferences;
  send(event: DebugProtocol.Event): void;
  onStop(stop: DebuggeeStop): void;
  /** What to do at the pause before the first line of a program that was started with --inspect-brk. */
  entry: "report" | "pass";
  launched: boolean;
}

/** One life of a debuggee, as V8 shows it: running or stopped, its scripts, frames and variables. */
export class Target {
  readonly inspector: Inspector;
  readonly scripts: Scripts;
  readonly variables: VariableReader;
  readonly containers = new Handles<Container>();
  readonly #options: TargetOptions;
  readonly #frames = new Handles<CallFrame>();
  #frameIds: number[] = [];
  #stop: DebuggeeStop | undefined;
  #expected: Expectation = "attached";
  #internals: InternalsPasser;
  /** How often V8 will say `resumed` because we asked for it. */
  #resumesAsked = 0;
  #pid: number | undefined;
  #mentionedSourceMaps = false;

  constructor(inspector: Inspector, options: TargetOptions) {
    this.inspector = inspector;
    this.#options = options;
    this.scripts = new Scripts(inspector, options.coordinates, options.references);
    this.variables = new VariableReader(inspector, this.containers);
    this.#internals = new InternalsPasser(this.scripts, this.#expected);
    inspector.on("Debugger.paused", (paused) => this.#paused(paused));
    inspector.on("Debugger.resumed", () => this.#resumed());
    inspector.on("Debugger.scriptParsed", (parsed) => {
      const script = this.scripts.add(parsed);
      if (script === undefined || isInternal(script)) return;
      options.send(new LoadedSourceEvent("new", this.scripts.toSource(script)));
      if (parsed.sourceMapURL && !this.#mentionedSourceMaps) this.#mentionSourceMaps();
    });
    inspector.on("Runtime.executionContextCreated", ({ context }) => {
      const pid = /\[(\d+)\]$/.exec(context.name)?.[1];
      this.#pid ??= pid === undefined ? undefined : Number(pid);
    });
  }

  /** Makes V8 tell of everything; a program that waits for a debugger goes on waiting until run(). */
  async enable(): Promise<void> {
    const { inspector } = this;
    await inspector.send("Runtime.enable", {});
    await inspector.send("Debugger.enable", {});
    this.#prepare();
  }

  run(): void {
    if (this.#expected === "attached") this.#expect("nothing");
    this.inspector.post("Runtime.runIfWaitingForDebugger", {});
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get isStopped(): boolean {
    return this.#stop !== undefined;
  }

  /** What the program is stopped by. */
  get stop(): DebuggeeStop {
    if (this.#stop === undefined) throw new AppError("notStopped", "The program is running.");
    return this.#stop;
  }

  async resume(command: ResumeCommand): Promise<void> {
    // The first of two that want to step at the same moment wins; the other one is told that nothing is stopped.
    const { stop } = this;
    this.#leaveStop();
    this.#resumesAsked++;
    const steppedFrom = command === "Debugger.stepInto" ? stop.frames : undefined;
    this.#expect(command === "Debugger.resume" ? "nothing" : "step", steppedFrom);
    await this.#orBack(this.inspector.send(command, {}), stop);
  }

  async restartFrame(frame: CallFrame): Promise<void> {
    const { stop } = this;
    this.#leaveStop();
    this.#resumesAsked++;
    this.#expect("restartedFrame");
    const { callFrameId } = frame;
    await this.#orBack(this.inspector.send("Debugger.restartFrame", { callFrameId, mode: "StepInto" }), stop);
  }

  async pause(): Promise<void> {
    if (this.isStopped) return;
    this.#expect("pause");
    await this.inspector.send("Debugger.pause", {});
  }

  /** Lets a stopped program run although no client has asked for it, so that all clients are told. */
  resumeUnasked(): void {
    if (this.isStopped) this.inspector.post("Debugger.resume", {});
  }

  /** The ids of the frames of this stop, top first. They are made here, once: a client may ask in pages. */
  get frameIds(): readonly number[] {
    if (this.#frameIds.length === 0) {
      this.#frameIds = this.stop.frames.map((frame) => this.#frames.create(frame));
    }
    return this.#frameIds;
  }

  frame(id: number): CallFrame {
    const frame = this.#frames.get(id);
    if (frame !== undefined) return frame;
    if (!this.isStopped) throw new AppError("notStopped", "The program is running.");
    throw new AppError("staleHandle", `There is no frame ${id} at this stop.`);
  }

  container(reference: number): Container {
    const container = this.containers.get(reference);
    if (container === undefined) {
      throw new AppError("staleHandle", `There is no variable with the reference ${reference} any more.`);
    }
    return container;
  }

  #paused(paused: Paused): void {
    const stop = explainPause(paused, this.#expected);
    if (stop.reason === "entry") {
      // Only now is everything of Node in place, in all versions.
      this.#prepare();
      if (this.#options.entry === "pass" && this.#expected !== "pause") {
        this.#goOn("Debugger.resume");
        return;
      }
    }
    const command = this.#internals.pass(stop);
    if (command !== undefined) {
      this.#goOn(command);
      return;
    }
    this.#expect("nothing");
    this.#stop = stop;
    this.#options.onStop(stop);
  }

  /** Resumes from a stop that no client was told of. */
  #goOn(command: ResumeCommand): void {
    this.#resumesAsked++;
    this.inspector.post(command, {});
  }

  #expect(expected: Expectation, steppedFrom?: readonly CallFrame[]): void {
    this.#expected = expected;
    this.#internals = new InternalsPasser(this.scripts, expected, steppedFrom);
  }

  #resumed(): void {
    if (this.#resumesAsked > 0) {
      this.#resumesAsked--;
      return;
    }
    if (this.#stop === undefined) return;
    this.#leaveStop();
    this.#options.send(new ContinuedEvent(THREAD_ID, true));
  }

  #leaveStop(): void {
    this.#stop = undefined;
    this.#frames.clear();
    this.#frameIds = [];
    this.containers.clear();
    this.variables.changed = false;
    this.inspector.post("Runtime.releaseObjectGroup", { objectGroup: OBJECT_GROUP });
  }

  async #orBack(sent: Promise<unknown>, stop: DebuggeeStop): Promise<void> {
    try {
      await sent;
    } catch (error) {
      if (this.#resumesAsked === 0) {
        // Another debugger on the same inspector was faster: it does run.
        this.#options.send(new ContinuedEvent(THREAD_ID, true));
      } else {
        this.#resumesAsked--;
        if (this.inspector.isOpen) this.#stop = stop;
      }
      throw error;
    }
  }

  #prepare(): void {
    const evaluate = (expression: string) =>
      this.inspector.post("Runtime.evaluate", { expression, silent: true, includeCommandLineAPI: true });
    evaluate(SUPPORT_SETUP);
    // fork() hands our flag on to child processes, which then would wait for a debugger forever.
    if (this.#options.launched) {
      evaluate(
        `{ const at = process.execArgv.indexOf("${INSPECT_FLAG}"); if (at >= 0) process.execArgv.splice(at, 1); }`,
      );
    }
  }

  #mentionSourceMaps(): void {
    this.#mentionedSourceMaps = true;
    const text =
      "This program has source maps, which this adapter does not read: you see the code that runs. " +
      "VS Code's own JavaScript debugger reads them.\n";
    this.#options.send(outputEvent(text, "console"));
  }
}
