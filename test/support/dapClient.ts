import { type NetConnectOpts, type Socket, connect } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import type { SpawnOptions } from "node:child_process";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapCommands } from "./dapCommands.ts";
import { MessageDecoder, encodeMessage } from "./dapFraming.ts";
import { Mailbox } from "./mailbox.ts";
import { DEADLINE_MS, TestProcess, withDeadline } from "./process.ts";

/** `out`: from the client to the adapter. Messages are recorded in the order in which they were sent or decoded. */
export interface TranscriptEntry {
  readonly direction: "out" | "in";
  readonly message: DebugProtocol.ProtocolMessage;
}

/** Answers a reverse request with its body; a throw is answered as an error. */
export type ReverseHandler = (request: DebugProtocol.Request, client: DapClient) => unknown;

export interface DapClientOptions {
  readonly name?: string;
  readonly deadlineMs?: number;
  /** Take an incoming `seq` that does not grow for a fault. Off by default: delve and lldb-dap always send 0. */
  readonly checkSeq?: boolean;
  readonly onReverse?: ReverseHandler;
}

interface Pending {
  readonly command: string;
  readonly resolve: (response: DebugProtocol.Response) => void;
  readonly reject: (error: Error) => void;
}

/** A response with `success: false`. */
export class DapError extends Error {
  readonly response: DebugProtocol.Response;

  constructor(response: DebugProtocol.Response) {
    const error = (response.body as DebugProtocol.ErrorResponse["body"] | undefined)?.error;
    super(`${response.command}: ${response.message ?? ""} ${error?.format ?? ""}`.trim());
    this.response = response;
  }
}

/**
 * A DAP client for tests: it sends what it is told, records everything in both directions, and notes in `faults`
 * whatever the other side does against the protocol. Every wait has a deadline.
 */
export class DapClient {
  readonly name: string;
  readonly transcript: TranscriptEntry[] = [];
  readonly events: DebugProtocol.Event[] = [];
  readonly reverseRequests: DebugProtocol.Request[] = [];
  readonly faults: string[] = [];
  /** Resolves when no more bytes can come. */
  readonly closed: Promise<void>;
  /** The adapter's process where the client spawned it. */
  process: TestProcess | undefined;
  onReverse: ReverseHandler | undefined;

  readonly #input: Readable;
  readonly #output: Writable;
  readonly #deadlineMs: number;
  readonly #checkSeq: boolean;
  readonly #decoder = new MessageDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #sent = new Map<number, "waiting" | "answered">();
  readonly #eventBox = new Mailbox<DebugProtocol.Event>();
  readonly #requestBox = new Mailbox<DebugProtocol.Request>();
  #seq = 0;
  #lastSeq = -Infinity;
  #isClosed = false;

  constructor(input: Readable, output: Writable, options: DapClientOptions = {}) {
    this.name = options.name ?? "client";
    this.#input = input;
    this.#output = output;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#checkSeq = options.checkSeq ?? false;
    this.onReverse = options.onReverse;
    input.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.closed = new Promise((resolve) => {
      const close = () => {
        this.#close();
        resolve();
      };
      input.once("end", close);
      input.once("close", close);
    });
    input.on("error", () => undefined);
    output.on("error", () => undefined);
  }

  /** Over any Duplex: a socket, one end of an in-memory pair, a TLS stream. */
  static over(stream: Duplex, options?: DapClientOptions): DapClient {
    return new DapClient(stream, stream, options);
  }

  /** Over a socket. Until the deadline, a refused connection is tried again: the server may still be starting. */
  static async connect(
    target: { port: number; host?: string } | { path: string },
    options: DapClientOptions = {},
  ): Promise<DapClient> {
    const end = Date.now() + (options.deadlineMs ?? DEADLINE_MS);
    const address: NetConnectOpts = "path" in target ? target : { host: "127.0.0.1", ...target };
    for (;;) {
      try {
        return DapClient.over(await dial(address, end - Date.now()), options);
      } catch (error) {
        if (Date.now() >= end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  /** Over the standard streams of a process that it starts. */
  static spawn(
    command: string,
    args: readonly string[],
    options: DapClientOptions & { spawn?: SpawnOptions } = {},
  ): DapClient {
    const child = new TestProcess(command, args, { ...options.spawn, stdout: "raw" });
    const { stdout, stdin } = child.child;
    if (!stdout || !stdin) throw new Error(`${child.name} has no pipes`);
    const client = new DapClient(stdout, stdin, options);
    client.process = child;
    return client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Events that no `waitEvent` has taken. */
  get unconsumed(): readonly DebugProtocol.Event[] {
    return this.#eventBox.items;
  }

  /** Sends a request and resolves with its response, successful or not. Calls may overlap: sending is synchronous. */
  raw(command: string, args?: unknown, deadlineMs = this.#deadlineMs): Promise<DebugProtocol.Response> {
    if (this.#isClosed) return Promise.reject(new Error(`${this.name} is closed: ${command}`));
    const seq = this.#seq + 1;
    const answer = new Promise<DebugProtocol.Response>((resolve, reject) => {
      this.#pending.set(seq, { command, resolve, reject });
      this.#sent.set(seq, "waiting");
    });
    this.send({ type: "request", command, ...(args === undefined ? {} : { arguments: args }) });
    return withDeadline(answer, `${this.name}: response to ${command}`, deadlineMs);
  }

  /** Sends a request and resolves with the body of its response; throws a DapError if it was not successful. */
  async request<C extends keyof DapCommands>(
    command: C,
    args?: DapCommands[C]["arguments"],
    deadlineMs?: number,
  ): Promise<DapCommands[C]["body"]> {
    const response = await this.raw(command, args, deadlineMs);
    if (!response.success) throw new DapError(response);
    return response.body as DapCommands[C]["body"];
  }

  /** Sends any message with the next `seq`, which is returned. */
  send(message: { type: string; [key: string]: unknown }): number {
    const numbered = { seq: ++this.#seq, ...message };
    this.transcript.push({ direction: "out", message: numbered });
    this.#output.write(encodeMessage(numbered));
    return numbered.seq;
  }

  /** Writes bytes as they are, for tests of bad framing. */
  sendBytes(bytes: Uint8Array | string): void {
    this.#output.write(bytes);
  }

  /**
   * Takes the first event of this name (or one of these names) that fits and that nobody has taken yet: one that
   * came before, else the next to come. An event is given to one caller only; `events` keeps them all.
   */
  async waitEvent<E extends DebugProtocol.Event = DebugProtocol.Event>(
    name: string | readonly string[],
    predicate: (event: E) => boolean = () => true,
    deadlineMs = this.#deadlineMs,
  ): Promise<E> {
    const names: readonly string[] = typeof name === "string" ? [name] : name;
    const test = (event: DebugProtocol.Event) => names.includes(event.event) && predicate(event as E);
    const what = `${this.name}: event ${names.join("|")}`;
    try {
      return (await this.#eventBox.take(test, what, deadlineMs)) as E;
    } catch (error) {
      const seen = this.events.map((event) => event.event).join(" ");
      throw new Error(`${error instanceof Error ? error.message : what}; saw ${seen}`, { cause: error });
    }
  }

  /** Takes the first reverse request of this command that nobody has taken yet. `onReverse` answers it all the same. */
  async waitRequest(command: string, deadlineMs = this.#deadlineMs): Promise<DebugProtocol.Request> {
    const what = `${this.name}: request ${command}`;
    return this.#requestBox.take((request) => request.command === command, what, deadlineMs);
  }

  /** Stops and goes on reading: a client that stalls. */
  pause(): void {
    this.#input.pause();
  }

  resume(): void {
    this.#input.resume();
  }

  /** Ends our direction in order; the other side may still send. */
  end(): void {
    this.#output.end();
  }

  /** Cuts the connection without a word. A spawned adapter is killed with all that it started. */
  async kill(): Promise<void> {
    this.#output.destroy();
    this.#input.destroy();
    await this.process?.kill();
  }

  /** Throws if the other side broke the protocol, or has left requests unanswered. */
  assertNoFaults(): void {
    if (this.faults.length > 0) throw new Error(`${this.name}: ${this.faults.join("; ")}`);
  }

  #receive(chunk: Buffer): void {
    const messages = this.#decoder.push(chunk);
    for (const message of messages) this.#dispatch(message);
    if (this.#decoder.fault !== undefined && !this.faults.includes(this.#decoder.fault)) {
      this.faults.push(this.#decoder.fault);
    }
  }

  #dispatch(message: DebugProtocol.ProtocolMessage): void {
    this.transcript.push({ direction: "in", message });
    if (this.#checkSeq && !(message.seq > this.#lastSeq)) {
      this.faults.push(`seq ${message.seq} after ${this.#lastSeq}`);
    }
    this.#lastSeq = message.seq;
    if (message.type === "response") this.#onResponse(message as DebugProtocol.Response);
    else if (message.type === "event") this.#onEvent(message as DebugProtocol.Event);
    else if (message.type === "request") void this.#onRequest(message as DebugProtocol.Request);
    else this.faults.push(`message of type ${message.type}`);
  }

  #onResponse(response: DebugProtocol.Response): void {
    const seq = response.request_seq;
    const state = this.#sent.get(seq);
    const pending = this.#pending.get(seq);
    if (state === undefined) this.faults.push(`response to no request: ${response.command} ${seq}`);
    else if (state === "answered") this.faults.push(`second response to ${response.command} ${seq}`);
    else if (pending && pending.command !== response.command) {
      this.faults.push(`response to ${pending.command} ${seq} says ${response.command}`);
    }
    if (typeof response.success !== "boolean")
      this.faults.push(`response without success: ${response.command}`);
    if (state !== undefined) this.#sent.set(seq, "answered");
    this.#pending.delete(seq);
    pending?.resolve(response);
  }

  #onEvent(event: DebugProtocol.Event): void {
    this.events.push(event);
    this.#eventBox.put(event);
  }

  async #onRequest(request: DebugProtocol.Request): Promise<void> {
    this.reverseRequests.push(request);
    this.#requestBox.put(request);
    const answer = { type: "response", request_seq: request.seq, command: request.command };
    try {
      if (!this.onReverse) throw new Error("not supported by this client");
      const body: unknown = await this.onReverse(request, this);
      this.send({ ...answer, success: true, ...(body === undefined ? {} : { body }) });
    } catch (error) {
      this.send({
        ...answer,
        success: false,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#decoder.pendingBytes > 0)
      this.faults.push(`closed within a message (${this.#decoder.pendingBytes} bytes)`);
    const error = new Error(`${this.name}: connection closed`);
    for (const { command, reject } of this.#pending.values()) {
      reject(new Error(`${this.name}: connection closed before the response to ${command}`));
    }
    this.#pending.clear();
    this.#eventBox.close(error);
    this.#requestBox.close(error);
  }
}

function dial(address: NetConnectOpts, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(new Error("timeout while connecting")), timeoutMs);
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
