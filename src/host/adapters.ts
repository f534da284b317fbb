import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../common/errors.ts";
import { type Logger, nullLogger } from "../common/logger.ts";
import { AdapterDecoder } from "../dap/adapterDecoder.ts";
import { adapterPort } from "../dap/childOffer.ts";
import { type JsonObject, isObject } from "../dap/messages.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { Upstream } from "../hub/upstream.ts";
import type { Channel, Peer } from "../transport/channel.ts";
import { otherUser } from "../security/otherUser.ts";
import { connectTcp } from "../transport/tcp.ts";
import { PortUpstream } from "./portUpstream.ts";

/** How a debug adapter is reached. */
export type AdapterSource =
  | { readonly kind: "process"; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export interface AdapterOptions {
  readonly logger?: Logger;
  /** Receives the adapter's standard error, a line at a time. */
  readonly onStderr?: (line: string) => void;
  readonly cwd?: string;
}

/** How long an adapter that was just started may take until it listens. */
const CONNECT_PATIENCE_MS = 5_000;
const CONNECT_RETRY_MS = 100;
/** How long an adapter process has to end by itself after its input was closed. */
const EXIT_GRACE_MS = 2_000;
/** How much of an adapter's standard error is kept to explain its death. */
const STDERR_TAIL_CHARS = 2_000;

/** Starts or connects to an adapter. Rejects with an AppError that says which and why. */
export async function openAdapter(source: AdapterSource, options: AdapterOptions = {}): Promise<Upstream> {
  return source.kind === "process" ? startAdapter(source, options) : connectAdapter(source, options);
}

/** An adapter that listens. One that was started just before may need a moment: a refused connection is retried. */
async function connectAdapter(
  source: Extract<AdapterSource, { kind: "tcp" }>,
  options: AdapterOptions,
): Promise<Upstream> {
  const channel = await connectPatiently(source.host, source.port);
  void tellOfOtherUser(channel.peer, options.logger ?? nullLogger);
  const decoder = new AdapterDecoder();
  return new PortUpstream(new StreamPort(channel.stream, { decoder }), {
    names: [],
    decoder,
    logger: options.logger,
    openChild: (configuration) => openAdapter(childSource(configuration) ?? source, options),
  });
}

/** Any user of this machine may have taken the adapter's port before it. */
async function tellOfOtherUser(peer: Peer, logger: Logger): Promise<void> {
  const user = await otherUser(peer);
  if (user === undefined) return;
  logger.log(
    "warn",
    `The debug adapter at ${peer.address} is a program of another user of this machine (${user}): it gets all that is said in the session, and decides what it shows.`,
  );
}

async function connectPatiently(host: string, port: number): Promise<Channel> {
  const end = Date.now() + CONNECT_PATIENCE_MS;
  for (;;) {
    try {
      return await connectTcp({ host, port });
    } catch (thrown) {
      if (AppError.from(thrown).code !== "connectFailed" || Date.now() >= end) throw thrown;
      await delay(CONNECT_RETRY_MS);
    }
  }
}

async function startAdapter(
  source: Extract<AdapterSource, { kind: "process" }>,
  options: AdapterOptions,
): Promise<Upstream> {
  const { command, args } = source;
  // A process group of its own: Ctrl+C in our terminal is for us, who end the adapter in order.
  const detached = process.platform !== "win32";
  const child = spawn(command, [...args], { cwd: options.cwd, stdio: ["pipe", "pipe", "pipe"], detached });
  const { stdin, stdout, stderr } = child;
  const tail = collectStderr(stderr, options);
  // A write to an adapter that has just died is no error of its own: its end is reported by its exit.
  stdin.on("error", () => {});
  await started(child, command);
  const stream = Duplex.from({ readable: stdout, writable: stdin });
  const exited = once(child, "exit");
  const decoder = new AdapterDecoder();
  return new PortUpstream(new StreamPort(stream, { decoder }), {
    names: adapterNames(command, args),
    decoder,
    logger: options.logger,
    openChild: (configuration) => openAdapter(childSource(configuration) ?? source, options),
    onDispose: () => endProcess(child),
    explainEnd: async () => {
      let isStuck = false;
      const timer = setTimeout(() => {
        isStuck = true;
        child.kill("SIGKILL");
      }, EXIT_GRACE_MS);
      await exited.catch(() => undefined);
      clearTimeout(timer);
      const how = isStuck ? "closed its output and went on running" : undefined;
      return explainExit(command, child, tail.text(), how);
    },
  });
}

async function started(child: ChildProcess, command: string): Promise<void> {
  try {
    await once(child, "spawn");
  } catch (thrown) {
    const missing = isObject(thrown) && thrown.code === "ENOENT";
    throw new AppError(
      "adapterFailed",
      `The debug adapter "${command}" could not be started: ${missing ? "no such program" : AppError.from(thrown).message}.`,
      {
        hint: "Check the command after --, and that it is on the PATH.",
        cause: thrown,
      },
    );
  }
}

/** Closes the adapter's input, which ends a well-behaved one, and kills it if it is still there after a while. */
function endProcess(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_GRACE_MS);
  timer.unref();
  child.once("exit", () => clearTimeout(timer));
}

function collectStderr(stderr: NodeJS.ReadableStream, options: AdapterOptions): { text(): string } {
  const logger = options.logger ?? nullLogger;
  let tail = "";
  let partial = "";
  stderr.setEncoding("utf8");
  stderr.on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-STDERR_TAIL_CHARS);
    const lines = (partial + chunk).split(/\r?\n/);
    partial = (lines.pop() ?? "").slice(-STDERR_TAIL_CHARS);
    for (const line of lines) {
      logger.log("debug", `adapter: ${line}`);
      options.onStderr?.(line);
    }
  });
  return { text: () => tail };
}

/** One line: how it ended, and the last thing it said. */
function explainExit(
  command: string,
  child: ChildProcess,
  stderr: string,
  how = child.signalCode === null
    ? `ended (exit code ${child.exitCode ?? "unknown"})`
    : `ended (signal ${child.signalCode})`,
): string {
  const last = stderr.trimEnd().split(/\r?\n/).at(-1) ?? "";
  return `The debug adapter ${baseName(command)} ${how}${last === "" ? "." : `: ${last}`}`;
}

/** The adapter of a child session is at the port that its configuration names; otherwise it is reached as its parent was. */
function childSource(configuration: JsonObject): AdapterSource | undefined {
  const at = adapterPort(configuration);
  return at && { kind: "tcp", ...at };
}

/** What a command tells of an adapter's kind. That it is written for Node says nothing: `node` is a debug type, too. */
function adapterNames(command: string, args: readonly string[]): string[] {
  const names = [command, ...args].map(baseName);
  return /^node(\.exe)?$/i.test(names[0] ?? "") && names.length > 1 ? names.slice(1) : names;
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
