import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { AppError } from "../common/errors.ts";
import { IdHider, InspectorMessages } from "./inspectorMessages.ts";

const INSPECTOR_MS = 30_000;
/** Grandchildren may hold the debuggee's output open for as long as they live: the rest is not waited for. */
const LAST_OUTPUT_MS = 1_000;
export const INSPECT_FLAG = "--inspect-brk=127.0.0.1:0";
/**
 * By default an inspector tells its id to every program that asks its port for `/json/list`: each user of this machine could
 * run code in the program. This keeps it on stderr, also for inspectors that the program or its children open.
 */
const PUBLISH_FLAG = "--inspect-publish-uid=stderr";

export interface LaunchOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | null>>;
  readonly runtimeExecutable: string;
  readonly runtimeArgs: readonly string[];
}

export interface ProgramText {
  readonly category: "stdout" | "stderr";
  readonly text: string;
}

/** All that live: whatever makes our process exit, it leaves no program behind. */
const running = new Set<Debuggee>();

function killRunning(): void {
  for (const debuggee of running) debuggee.kill("SIGKILL");
}

/** The process of a launched program, its output and its end. */
export class Debuggee {
  readonly #child: ChildProcess;
  #listener: ((text: ProgramText) => void) | undefined;
  readonly #unheard: ProgramText[] = [];
  readonly #url: Promise<string>;
  #lastError = "";

  /** Resolves with the exit code once the last output was delivered. A signal counts as 128 plus its number. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess, inspect: boolean) {
    this.#child = child;
    let found: (url: string) => void = () => {};
    this.#url = new Promise((resolve) => (found = resolve));
    const ids = new Set<string>();
    const hiders = { stdout: new IdHider(ids), stderr: new IdHider(ids) };
    const messages = new InspectorMessages((url) => {
      ids.add(url.slice(url.lastIndexOf("/") + 1));
      found(url);
    });
    for (const category of ["stdout", "stderr"] as const) {
      const stream = child[category];
      stream?.setEncoding("utf8");
      stream?.on("error", () => {});
      stream?.on("data", (data: string) => {
        const ofProgram = category === "stderr" && inspect ? messages.filter(data) : data;
        const text = hiders[category].write(ofProgram);
        if (category === "stderr") this.#lastError = (this.#lastError + text).slice(-2000);
        this.#say({ category, text });
      });
    }
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        running.delete(this);
        const status = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
        const finish = () => {
          clearTimeout(timer);
          this.#say({ category: "stdout", text: hiders.stdout.end() });
          this.#say({ category: "stderr", text: hiders.stderr.write(messages.rest()) + hiders.stderr.end() });
          resolve(status);
        };
        const timer = setTimeout(finish, LAST_OUTPUT_MS);
        child.once("close", finish);
      });
    });
  }

  /** Resolves once the process exists. With `inspect` it waits for a debugger before the program's first line. */
  static start(options: LaunchOptions, inspect: boolean): Promise<Debuggee> {
    const env: NodeJS.ProcessEnv = { ...process.env };
    for (const [name, value] of Object.entries(options.env)) {
      if (value === null) delete env[name];
      else env[name] = value;
    }
    env["NODE_OPTIONS"] = [env["NODE_OPTIONS"], PUBLISH_FLAG].filter(Boolean).join(" ");
    // Of the same flag Node takes the last one.
    const flags = inspect ? [INSPECT_FLAG, PUBLISH_FLAG] : [];
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new AppError("adapterFailed", `Cannot start ${options.runtimeExecutable}: ${error.message}.`));
      try {
        const child = spawn(
          options.runtimeExecutable,
          [...options.runtimeArgs, ...flags, options.program, ...options.args],
          {
            cwd: options.cwd,
            env,
            stdio: ["ignore", "pipe", "pipe"],
            windowsHide: true,
            // A process group of its own, so that the program's children end with it.
            detached: process.platform !== "win32",
          },
        );
        const debuggee = new Debuggee(child, inspect);
        child.on("error", fail);
        child.once("spawn", () => {
          // One listener for all of them, however many sessions this process has.
          process.off("exit", killRunning).on("exit", killRunning);
          running.add(debuggee);
          resolve(debuggee);
        });
      } catch (error) {
        fail(AppError.from(error));
      }
    });
  }

  /** From now on the output goes to `listener`, beginning with what had no listener yet. */
  readOutput(listener: (text: ProgramText) => void): void {
    this.#listener = listener;
    for (const text of this.#unheard.splice(0)) listener(text);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The address that Node prints on stderr. */
  inspectorUrl(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new AppError("timeout", "The program's inspector did not start.")),
        INSPECTOR_MS,
      );
      void this.#url.then(resolve).finally(() => clearTimeout(timer));
      void this.ended.then((status) => {
        clearTimeout(timer);
        const message = `The program ended before it could be debugged (exit code ${status}).`;
        reject(new AppError("adapterFailed", message, { hint: this.#lastError.trim() }));
      });
    });
  }

  #say(said: ProgramText): void {
    if (said.text === "") return;
    if (this.#listener === undefined) this.#unheard.push(said);
    else this.#listener(said);
  }

  /** SIGTERM asks the program itself, SIGKILL ends it and its children. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.isRunning) return;
    try {
      if (signal === "SIGTERM") this.#child.kill(signal);
      else if (process.platform !== "win32") process.kill(-pid, signal);
      else spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"], { windowsHide: true });
    } catch {
      this.#child.kill(signal);
    }
  }

  /** Lets the program live on without us. */
  release(): void {
    running.delete(this);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#child.unref();
  }
}
