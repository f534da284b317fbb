import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { TYPESCRIPT } from "../../support/typescript.ts";

/** Generous: the machines that run this are busy with other things. */
const DEADLINE_MS = 60_000;

export const ADAPTER_ARGS = [
  ...TYPESCRIPT,
  fileURLToPath(new URL("../../support/embeddedAdapter.ts", import.meta.url)),
];

/** The same with oddities on demand. */
export const MANNERED_ARGS = [...ADAPTER_ARGS, "--mannered"];

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/node/${name}`, import.meta.url));
}

/** The line, from 1, that has `MARK <mark>` in its comment. */
export function lineOf(name: string, mark: string): number {
  const lines = readFileSync(fixture(name), "utf8").split("\n");
  const index = lines.findIndex((line) => line.trimEnd().endsWith(`MARK ${mark}`));
  if (index === -1) throw new Error(`${name} has no mark ${mark}`);
  return index + 1;
}

export class RequestError extends Error {
  readonly response: DebugProtocol.Response;

  constructor(response: DebugProtocol.Response) {
    super(response.message);
    this.response = response;
  }
}

interface Waiting {
  matches(event: DebugProtocol.Event): boolean;
  resolve(event: DebugProtocol.Event): void;
}

/** A plain DAP client. Events are kept until somebody waits for them; waiting takes out what it finds. */
export class Client {
  /** Everything that was received, in order. */
  readonly received: DebugProtocol.ProtocolMessage[] = [];
  readonly process: ChildProcess | undefined;
  readonly #output: Writable;
  readonly #pending = new Map<number, (response: DebugProtocol.Response) => void>();
  #events: DebugProtocol.Event[] = [];
  #waiting: Waiting[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #seq = 0;
  /** Resolves when the adapter's output has ended. */
  readonly closed: Promise<void>;

  constructor(input: Readable, output: Writable, process?: ChildProcess) {
    this.#output = output;
    this.process = process;
    output.on("error", () => {});
    input.on("data", (data: Buffer) => this.#receive(data));
    this.closed = new Promise((resolve) => input.once("close", resolve));
  }

  /** The real thing: the adapter as a process of its own. */
  static spawn(args: readonly string[] = ADAPTER_ARGS): Client {
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    return new Client(child.stdout, child.stdin, child);
  }

  async request<T = Record<string, never>>(command: string, args?: object): Promise<T> {
    const response = await this.send(command, args);
    if (!response.success) throw new RequestError(response);
    return response.body as T;
  }

  send(command: string, args?: object): Promise<DebugProtocol.Response> {
    const seq = ++this.#seq;
    const json = JSON.stringify({ seq, type: "request", command, arguments: args });
    this.#output.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    return withDeadline(
      new Promise((resolve) => this.#pending.set(seq, resolve)),
      `the response to ${command}`,
    );
  }

  /** Sends the same request twice, in one piece: the second comes before anything has come of the first. */
  sendTwice(command: string, args?: object): Promise<DebugProtocol.Response[]> {
    this.#output.cork();
    const both = [this.send(command, args), this.send(command, args)];
    this.#output.uncork();
    return Promise.all(both);
  }

  event<T extends DebugProtocol.Event = DebugProtocol.Event>(
    name: string,
    matches: (event: T) => boolean = () => true,
  ): Promise<T> {
    const isIt = (event: DebugProtocol.Event) => event.event === name && matches(event as T);
    const index = this.#events.findIndex(isIt);
    const [known] = index === -1 ? [] : this.#events.splice(index, 1);
    if (known !== undefined) return Promise.resolve(known as T);
    const coming = new Promise<T>((resolve) => {
      this.#waiting.push({ matches: isIt, resolve: (event) => resolve(event as T) });
    });
    return withDeadline(coming, `the event ${name}`);
  }

  stopped(reason?: string): Promise<DebugProtocol.StoppedEvent> {
    return this.event<DebugProtocol.StoppedEvent>(
      "stopped",
      ({ body }) => reason === undefined || body.reason === reason,
    );
  }

  output(text: string): Promise<DebugProtocol.OutputEvent> {
    return this.event<DebugProtocol.OutputEvent>("output", ({ body }) => body.output.includes(text));
  }

  /** All events of a kind so far, taken out or not. */
  all<T extends DebugProtocol.Event>(name: string): T[] {
    return this.received.filter(
      (message): message is T => message.type === "event" && (message as T).event === name,
    );
  }

  /** The text of one category of output so far. */
  text(category: string): string {
    return this.all<DebugProtocol.OutputEvent>("output")
      .filter(({ body }) => body.category === category)
      .map(({ body }) => body.output)
      .join("");
  }

  /** initialize, launch, breakpoints by line, configurationDone. Resolves with the breakpoints' answer. */
  async launch(
    name: string,
    options: {
      breakpoints?: DebugProtocol.SourceBreakpoint[];
      filters?: string[];
      initialize?: object;
      launch?: object;
    } = {},
  ): Promise<DebugProtocol.Breakpoint[]> {
    await this.request("initialize", { adapterID: "test", pathFormat: "path", ...options.initialize });
    await this.request("launch", { program: fixture(name), ...options.launch });
    await this.event("initialized");
    const { breakpoints } = await this.setBreakpoints(name, options.breakpoints ?? []);
    await this.request("setExceptionBreakpoints", { filters: options.filters ?? [] });
    await this.request("configurationDone");
    return breakpoints;
  }

  setBreakpoints(
    name: string,
    breakpoints: DebugProtocol.SourceBreakpoint[],
  ): Promise<DebugProtocol.SetBreakpointsResponse["body"]> {
    return this.request("setBreakpoints", { source: { path: fixture(name) }, breakpoints });
  }

  async frames(args: object = {}): Promise<DebugProtocol.StackFrame[]> {
    const body = await this.request<DebugProtocol.StackTraceResponse["body"]>("stackTrace", {
      threadId: 1,
      ...args,
    });
    return body.stackFrames;
  }

  async topFrame(): Promise<DebugProtocol.StackFrame> {
    const [top] = await this.frames();
    if (top === undefined) throw new Error("no frames");
    return top;
  }

  async scopes(frameId?: number): Promise<DebugProtocol.Scope[]> {
    const id = frameId ?? (await this.topFrame()).id;
    return (await this.request<DebugProtocol.ScopesResponse["body"]>("scopes", { frameId: id })).scopes;
  }

  async variables(variablesReference: number, page: object = {}): Promise<DebugProtocol.Variable[]> {
    const args = { variablesReference, ...page };
    return (await this.request<DebugProtocol.VariablesResponse["body"]>("variables", args)).variables;
  }

  /** The variables of the top frame's first scope whose name starts so. */
  async scope(name: string): Promise<Map<string, DebugProtocol.Variable>> {
    const scope = (await this.scopes()).find((candidate) => candidate.name.startsWith(name));
    if (scope === undefined) throw new Error(`no scope ${name}`);
    return new Map(
      (await this.variables(scope.variablesReference)).map((variable) => [variable.name, variable]),
    );
  }

  /** Closes stdin and waits for the end of the process: what every test does at last. */
  async dispose(): Promise<void> {
    this.#output.end();
    const { process } = this;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    await withDeadline(new Promise((resolve) => process.once("exit", resolve)), "the adapter's exit");
  }

  #receive(data: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    for (;;) {
      const headerEnd = this.#buffer.indexOf("\r\n\r\n");
      if (headerEnd === -1) return;
      const header = this.#buffer.toString("latin1", 0, headerEnd);
      const length = /^Content-Length: (\d+)$/.exec(header)?.[1];
      // The adapter writes nothing else on its stdout.
      if (length === undefined) throw new Error(`not DAP: ${header}`);
      const end = headerEnd + 4 + Number(length);
      if (this.#buffer.length < end) return;
      const body = this.#buffer.toString("utf8", headerEnd + 4, end);
      this.#buffer = this.#buffer.subarray(end);
      this.#dispatch(JSON.parse(body) as DebugProtocol.ProtocolMessage);
    }
  }

  #dispatch(message: DebugProtocol.ProtocolMessage): void {
    this.received.push(message);
    if (message.type === "response") {
      const response = message as DebugProtocol.Response;
      this.#pending.get(response.request_seq)?.(response);
      this.#pending.delete(response.request_seq);
    } else if (message.type === "event") {
      const event = message as DebugProtocol.Event;
      const index = this.#waiting.findIndex((waiting) => waiting.matches(event));
      const [waiting] = index === -1 ? [] : this.#waiting.splice(index, 1);
      if (waiting === undefined) this.#events.push(event);
      else waiting.resolve(event);
    }
  }
}

/** Runs a test with an adapter of its own. */
export async function withClient(
  run: (client: Client) => Promise<void>,
  args?: readonly string[],
): Promise<void> {
  const client = Client.spawn(args);
  try {
    await run(client);
  } finally {
    await client.dispose();
  }
}

export async function withDeadline<T>(
  promise: Promise<T>,
  what: string,
  milliseconds = DEADLINE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${milliseconds} ms`)), milliseconds);
    // What a test leaves unanswered on purpose holds up nobody: the adapter's streams keep the process alive.
    timer.unref();
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
