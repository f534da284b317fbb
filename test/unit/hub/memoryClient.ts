import assert from "node:assert/strict";
import type { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import { type JsonObject, encodeJson, isObject } from "../../../src/dap/messages.ts";
import type { DapPort, IncomingMessage } from "../../../src/dap/port.ts";
import type { Client, Participant } from "../../../src/hub/client.ts";
import type { Hub } from "../../../src/hub/hub.ts";

export interface Message {
  readonly seq: number;
  readonly type: string;
  readonly text: string;
  readonly event?: string;
  readonly command?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly message?: string;
  readonly body: JsonObject;
}

/** A port whose other end is a test. `ready = false` makes it a client that does not read. */
class MemoryPort implements DapPort {
  readonly message = new Emitter<IncomingMessage>();
  readonly drain = new Emitter<void>();
  readonly closed = new Emitter<AppError | undefined>();
  readonly onMessage = this.message.event;
  readonly onDrain = this.drain.event;
  readonly onClose = this.closed.event;
  readonly take: (text: string) => void;
  ready = true;
  isClosed = false;

  constructor(take: (text: string) => void) {
    this.take = take;
  }

  start(): void {}

  send(parts: readonly Uint8Array[]): boolean {
    if (!this.isClosed) this.take(Buffer.concat(parts).toString("utf8"));
    return this.ready;
  }

  close(): void {
    this.isClosed = true;
  }
}

let nextParticipant = 1;

export function participant(name: string, more: Partial<Participant> = {}): Participant {
  const id = nextParticipant++;
  return {
    id,
    name,
    access: "full",
    address: "memory",
    kind: "dap",
    program: undefined,
    joinedAt: 0,
    lastActiveAt: 0,
    ticket: `ticket ${id}`,
    isHost: false,
    isAway: false,
    ...more,
  };
}

/** A DAP client that records all that it gets, and checks what every client may rely on. */
export class MemoryClient {
  readonly name: string;
  readonly messages: Message[] = [];
  readonly #port: MemoryPort;
  readonly #pending: { readonly seq: number; readonly resolve: (response: Message) => void }[] = [];
  #seq = 1;
  /** Answers reverse requests; undefined leaves them unanswered. */
  onReverse: (request: Message) => JsonObject | Error | undefined = () => ({});
  /** As the link does: says how many messages it had received. Undefined: as plain DAP, which does not. */
  seen: (() => number) | undefined;

  constructor(name: string) {
    this.name = name;
    this.#port = new MemoryPort((text) => this.#receive(text));
  }

  get port(): DapPort {
    return this.#port;
  }

  get closed(): boolean {
    return this.#port.isClosed;
  }

  /** The number of its last message. */
  get sent(): number {
    return this.#seq - 1;
  }

  /** Requests that have not been answered. */
  get pending(): number {
    return this.#pending.length;
  }

  request(command: string, args?: JsonObject | string): Promise<Message> {
    const seq = this.#seq++;
    return this.send(`{"seq":${seq},"type":"request","command":"${command}"${encodeArguments(args)}}`, seq);
  }

  /** Sends any text; resolves with the answer to `seq`. */
  send(text: string, seq: number): Promise<Message> {
    const response = new Promise<Message>((resolve) => this.#pending.push({ seq, resolve }));
    this.#port.message.fire({
      body: Buffer.from(text),
      ...(this.seen === undefined ? {} : { seen: this.seen() }),
    });
    return response;
  }

  /** Asks in the client's name, as the host does for guests far away; the adapter answers before this resolves. */
  async prefetch(command: string, args: JsonObject): Promise<void> {
    const body = encodeJson({ seq: -1, type: "request", command, arguments: args });
    this.#port.message.fire({ body, isPrefetch: true });
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Sends anything, for which no answer is waited. */
  inject(message: JsonObject): void {
    this.#port.message.fire({ body: encodeJson(message) });
  }

  /** Asserts that it succeeds; resolves with the body. */
  async ok(command: string, args?: JsonObject | string): Promise<JsonObject> {
    const response = await this.request(command, args);
    assert.equal(response.success, true, `${command}: ${response.text}`);
    return response.body;
  }

  /** Asserts that it fails with that code. */
  async fails(code: string, command: string, args?: JsonObject | string): Promise<Message> {
    const response = await this.request(command, args);
    assert.equal(response.success, false, `${command} succeeded`);
    assert.equal(response.message, code, response.text);
    return response;
  }

  /** The connection is gone, without a word. */
  vanish(reason?: AppError): void {
    this.#port.isClosed = true;
    this.#port.closed.fire(reason);
  }

  /** It does not read any more. */
  stall(): void {
    this.#port.ready = false;
  }

  /** It reads again: `count` messages, or from now on. */
  drain(): void {
    this.#port.ready = true;
    this.#port.drain.fire();
  }

  /** The bodies of the events of that name. */
  events(name: string): JsonObject[] {
    return this.messages.filter(({ event }) => event === name).map(({ body }) => body);
  }

  /** What it got since `from`, in short: `event:stopped`, `response:next`. */
  trace(from = 0): string[] {
    return this.messages.slice(from).map(({ type, event, command }) => `${type}:${event ?? command ?? ""}`);
  }

  /** The lines in its debug console. */
  lines(): string[] {
    return this.events("output").map((body) => String(body.output).trimEnd());
  }

  #receive(text: string): void {
    const value: unknown = JSON.parse(text);
    assert.ok(isObject(value));
    const message = { body: {}, ...value, text } as unknown as Message;
    // Sequence numbers are this client's own, without gaps, whatever was dropped or went to others.
    assert.equal(message.seq, (this.messages.at(-1)?.seq ?? 0) + 1, `${this.name}: sequence`);
    this.messages.push(message);
    if (message.type === "response" && Number(message.request_seq) < 0) return;
    if (message.type === "response") {
      const index = this.#pending.findIndex(({ seq }) => seq === message.request_seq);
      const [waiting] = index < 0 ? [] : this.#pending.splice(index, 1);
      assert.ok(waiting, `${this.name}: an answer that it did not wait for: ${text}`);
      waiting.resolve(message);
    } else if (message.type === "request") {
      const answer = this.onReverse(message);
      if (answer !== undefined) queueMicrotask(() => this.#answer(message, answer));
    }
  }

  #answer({ seq, command }: Message, answer: JsonObject | Error): void {
    if (this.#port.isClosed) return;
    const success = !(answer instanceof Error);
    const rest = success ? { body: answer } : { message: answer.message };
    const response = { seq: this.#seq++, type: "response", request_seq: seq, command, success, ...rest };
    this.#port.message.fire({ body: encodeJson(response) });
  }
}

function encodeArguments(args: JsonObject | string | undefined): string {
  if (args === undefined) return "";
  return `,"arguments":${typeof args === "string" ? args : JSON.stringify(args)}`;
}

/** What VS Code says of itself, as far as the hub looks at it. */
export const VSCODE: JsonObject = {
  clientID: "vscode",
  clientName: "Visual Studio Code",
  adapterID: "fake",
  pathFormat: "path",
  linesStartAt1: true,
  columnsStartAt1: true,
  supportsRunInTerminalRequest: true,
  supportsStartDebuggingRequest: true,
  supportsMemoryReferences: true,
  supportsMemoryEvent: true,
  supportsProgressReporting: true,
  supportsInvalidatedEvent: true,
  supportsANSIStyling: true,
};

export interface Joined {
  readonly client: MemoryClient;
  readonly participant: Participant;
  readonly inner: Client;
}

/** Connects a client to a hub, without a word from it yet. */
export function connect(hub: Hub, name: string, more: Partial<Participant> = {}): Joined {
  const client = new MemoryClient(name);
  const who = participant(name, more);
  return { client, participant: who, inner: hub.join(client.port, who) };
}

/** Lets everything that is under way in microtasks come to rest. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** A whole start: initialize, launch, configuration. Works for the driver and for those who join. */
export async function enter(
  client: MemoryClient,
  profile: JsonObject = VSCODE,
  start: JsonObject = {},
): Promise<MemoryClient> {
  await client.ok("initialize", profile);
  const launched = client.ok("launch", start);
  await settle();
  await client.ok("configurationDone");
  await launched;
  await settle();
  return client;
}
