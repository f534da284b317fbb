import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { Readable } from "node:stream";

/** Every wait of the tests' support code ends after this, unless told otherwise. Real adapters on a busy machine need it. */
export const DEADLINE_MS = 30_000;

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface LineWaiter {
  readonly pattern: RegExp;
  readonly resolve: (match: RegExpExecArray) => void;
  readonly reject: (error: Error) => void;
}

/** Rejects with `what` if `promise` is not settled in time; the timer is always cleared. */
export async function withDeadline<T>(promise: Promise<T>, what: string, ms = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timeout after ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** What runs still, to be killed with us: a test that crashes or is interrupted must leave nothing behind. */
const running = new Set<number>();
process.once("exit", () => {
  for (const pid of running) for (const id of [...descendants(pid), -pid]) kill(id, "SIGKILL");
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.once(signal, () => process.exit(code));

/**
 * A child process in a process group of its own, with its output collected line by line. `kill()` ends the
 * whole group: adapters start debuggees, debuggees start children.
 */
export class TestProcess {
  readonly child: ChildProcess;
  readonly name: string;
  readonly exited: Promise<ProcessExit>;
  #stdout = "";
  #stderr = "";
  readonly #lines: string[] = [];
  #waiters: LineWaiter[] = [];
  #exit: ProcessExit | undefined;

  /** `stdout: "raw"` leaves stdout to the caller (it carries DAP); everything else is read here. */
  constructor(command: string, args: readonly string[], options: SpawnOptions & { stdout?: "raw" } = {}) {
    const { stdout, ...spawnOptions } = options;
    this.name = [command, ...args].join(" ");
    this.child = spawn(command, [...args], {
      stdio: ["pipe", "pipe", "pipe"],
      ...spawnOptions,
      detached: true,
    });
    const failed = new Promise<ProcessExit>((resolve) => {
      this.child.once("error", (error) => {
        this.#stderr += `${error.message}\n`;
        resolve({ code: 127, signal: null });
      });
    });
    const closed = new Promise<ProcessExit>((resolve) => {
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.exited = Promise.race([failed, closed]).then((exit) => this.#ended(exit));
    if (this.child.pid !== undefined) running.add(this.child.pid);
    this.child.stdin?.on("error", () => undefined);
    if (stdout !== "raw" && this.child.stdout)
      this.#collect(this.child.stdout, (text) => (this.#stdout += text));
    if (this.child.stderr) this.#collect(this.child.stderr, (text) => (this.#stderr += text));
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** All complete lines of stdout and stderr, in the order of arrival. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  /** The first line of stdout or stderr, past or future, that matches. */
  async waitLine(pattern: RegExp, ms = DEADLINE_MS): Promise<RegExpExecArray> {
    for (const line of this.#lines) {
      const match = pattern.exec(line);
      if (match) return match;
    }
    if (this.#exit) throw this.#endedEarly(pattern, this.#exit);
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      this.#waiters.push({ pattern, resolve, reject });
    });
    return withDeadline(found, `line ${String(pattern)} of ${this.name}`, ms);
  }

  /** The exit, or an error after the deadline; the process is not killed. */
  async waitExit(ms = DEADLINE_MS): Promise<ProcessExit> {
    return withDeadline(this.exited, `exit of ${this.name}`, ms);
  }

  /**
   * Kills the process, its group and its descendants (debuggees get groups and sessions of their own), and waits
   * for the process's end. May be called twice, and after the end.
   */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const pid = this.child.pid;
    if (pid === undefined) return;
    const below = this.#exit ? [] : descendants(pid);
    kill(-pid, signal);
    for (const child of below) kill(child, signal);
    await this.waitExit();
    kill(-pid, signal);
  }

  #collect(stream: Readable, append: (text: string) => void): void {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      append(text);
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) this.#line(line.replace(/\r$/, ""));
    });
    stream.on("end", () => {
      if (rest !== "") this.#line(rest);
      rest = "";
    });
    stream.on("error", () => undefined);
  }

  #line(line: string): void {
    this.#lines.push(line);
    this.#waiters = this.#waiters.filter((waiter) => {
      const match = waiter.pattern.exec(line);
      if (match) waiter.resolve(match);
      return !match;
    });
  }

  async #ended(exit: ProcessExit): Promise<ProcessExit> {
    this.#exit = exit;
    running.delete(this.pid);
    // The last lines may still be in the pipes: those who wait for a line get theirs before the bad news.
    setImmediate(() => {
      for (const waiter of this.#waiters) waiter.reject(this.#endedEarly(waiter.pattern, exit));
      this.#waiters = [];
    });
    return exit;
  }

  #endedEarly(pattern: RegExp, exit: ProcessExit): Error {
    const how = exit.signal ?? `exit code ${exit.code}`;
    const tail = this.#lines.slice(-5).join("\n");
    return new Error(`${this.name} ended (${how}) before a line matched ${String(pattern)}\n${tail}`);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone.
  }
}

/** Children, their children and so on, from /proc; nothing on systems without it. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of existsSync("/proc/self/stat") ? readdirSync("/proc") : []) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "latin1");
      // The name in parentheses may hold anything; the parent is the second field after it.
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // Ended while we looked.
    }
  }
  const found: number[] = [];
  const visit = (pid: number) => {
    for (const child of children.get(pid) ?? []) {
      found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** Runs a command to its end and returns its output; throws with that output if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { timeoutMs?: number } = {},
): Promise<string> {
  const { timeoutMs, ...rest } = options;
  const child = new TestProcess(command, args, rest);
  child.child.stdin?.end();
  const closed = once(child.child, "close");
  try {
    const { code, signal } = await child.waitExit(timeoutMs);
    await withDeadline(closed, `end of output of ${child.name}`);
    if (code !== 0) throw new Error(`${child.name}: ${signal ?? code}\n${child.lines.slice(-40).join("\n")}`);
    return child.stdout;
  } finally {
    await child.kill();
  }
}

/**
 * A TCP port that was free a moment ago, and that nobody gets who asks for any: systems give those out from 32768 on
 * (Linux) or 49152 (IANA), so it stays free until the test uses it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer().listen(port);
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
