import { get } from "node:http";
import { WebSocket } from "ws";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import type { Commands, Events } from "./cdp.ts";

const CONNECT_MS = 15_000;
const CLOSE_MS = 2_000;
/** Properties of huge objects and sources of bundles come in one message; beyond this something is wrong. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/** All objects that were handed out since the last stop belong to this group and are let go of together. */
export const OBJECT_GROUP = "debug-server";

/** Commands after whose result V8 soon sends an event that is waited for: which one. */
const LEADING_TO: ReadonlyMap<string, keyof Events> = new Map([
  ["Debugger.resume", "Debugger.resumed"],
  ["Debugger.stepOver", "Debugger.paused"],
  ["Debugger.stepInto", "Debugger.paused"],
  ["Debugger.stepOut", "Debugger.paused"],
  ["Debugger.restartFrame", "Debugger.paused"],
  ["Debugger.pause", "Debugger.paused"],
]);
/** Ids of the questions that are asked for TCP's sake; commands count from 1. */
const FIRST_ACKNOWLEDGING_ID = 1_000_000_000;
const MAX_ROUNDS = 4;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: AppError): void;
}

interface Incoming {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message?: string };
}

/**
 * A connection to one inspector. V8 is trusted to answer in the shapes that cdp.ts declares: this file is where
 * they are taken for granted. Results and events reach their takers in the order in which V8 sent them.
 */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, ((params: never) => void)[]>();
  readonly #closed = new Emitter<string>();
  #lastId = 0;
  #eventExpected: keyof Events | undefined;
  #acknowledged = 0;
  /** How many questions were asked since the last message that was no answer to one. */
  #rounds = 0;
  #open = true;

  /** Fires once with the reason. No event follows, and everything that waited for a result is rejected. */
  readonly onClose = this.#closed.event;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#receive(data));
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () => this.#end("the connection to the debuggee's inspector was closed"));
  }

  static connect(url: string): Promise<Inspector> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, {
        perMessageDeflate: false,
        handshakeTimeout: CONNECT_MS,
        maxPayload: MAX_MESSAGE_BYTES,
        // One message a turn: the code that awaits a result runs before the event that V8 sent after it. So the answer
        // to `next` always leaves before the `stopped` that the step leads to.
        allowSynchronousEvents: false,
      });
      const fail = (error: Error) => {
        // Without the id in its URL, which is a secret.
        const message = `Cannot connect to the inspector at ${new URL(url).host}: ${error.message}.`;
        reject(new AppError("connectFailed", message));
      };
      socket.once("error", fail);
      socket.once("open", () => {
        socket.off("error", fail);
        resolve(new Inspector(socket));
      });
    });
  }

  /** Subscribe before the domain is enabled: nothing is kept for later subscribers. */
  on<E extends keyof Events>(event: E, listener: (params: Events[E]) => void): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, [listener]);
    else listeners.push(listener);
  }

  send<C extends keyof Commands>(command: C, params: Commands[C][0]): Promise<Commands[C][1]> {
    return new Promise((resolve, reject) => {
      if (!this.#open) {
        reject(new AppError("closed", "The debuggee is gone."));
        return;
      }
      const id = ++this.#lastId;
      this.#eventExpected = LEADING_TO.get(command) ?? this.#eventExpected;
      this.#waiting.set(id, { resolve: (result) => resolve(result as Commands[C][1]), reject });
      this.#socket.send(JSON.stringify({ id, method: command, params }));
    });
  }

  /** Sends a command whose outcome is not waited for. */
  post<C extends keyof Commands>(command: C, params: Commands[C][0]): void {
    this.send(command, params).catch(() => {});
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * V8 removes our breakpoints and lets a paused program run on. Resolves once the connection is closed. That is
   * worth to be waited for: Node crashes now and then if a connection just breaks off (seen with 20.20: one of 50
   * programs that were about to end died of SIGSEGV).
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    this.#end("closed");
    if (this.#socket.readyState !== WebSocket.CLOSED) await closed;
  }

  #receive(data: Buffer): void {
    if (!this.#open) return;
    try {
      const message = JSON.parse(data.toString("utf8")) as Incoming;
      if (message.method === this.#eventExpected) this.#eventExpected = undefined;
      const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
      this.#waiting.delete(message.id ?? 0);
      this.#acknowledge(message);
      if (waiting !== undefined) settle(waiting, message);
      else if (message.method !== undefined) {
        for (const listener of this.#listeners.get(message.method) ?? []) listener(message.params as never);
      }
    } catch (error) {
      this.#end(AppError.from(error).message);
    }
  }

  /**
   * Node's inspector leaves Nagle's algorithm on: a message of its waits until TCP has acknowledged the one before,
   * which takes 40 ms, unless we have something to send. So while another message is waited for, each one is
   * answered at once with a question that costs V8 nothing. Its own result is one more such message, hence the
   * rounds; what takes V8 longer than these few may still come 40 ms late.
   */
  #acknowledge({ id = 0 }: Incoming): void {
    if (id < FIRST_ACKNOWLEDGING_ID) this.#rounds = 0;
    const isMoreExpected = this.#waiting.size > 0 || this.#eventExpected !== undefined;
    if (!isMoreExpected || this.#rounds === MAX_ROUNDS) return;
    this.#rounds++;
    const question = { id: FIRST_ACKNOWLEDGING_ID + ++this.#acknowledged, method: "Runtime.getIsolateId" };
    this.#socket.send(JSON.stringify(question));
  }

  #end(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close();
    if (this.#socket.readyState !== WebSocket.CLOSED) {
      const timer = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
      this.#socket.once("close", () => clearTimeout(timer));
    }
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new AppError("closed", "The debuggee is gone."));
    }
    this.#waiting.clear();
    this.#closed.fire(reason);
  }
}

function settle(waiting: Waiting, { result, error }: Incoming): void {
  if (error === undefined) waiting.resolve(result ?? {});
  else waiting.reject(new AppError("adapterFailed", error.message ?? "The inspector refused."));
}

/** What `http://host:port/json/list` says of a process that runs with `--inspect`. */
export interface InspectorTarget {
  url: string;
  title: string;
}

/** Asks a process for its inspector's address; one that is about to start is asked again until the deadline. */
export async function findInspector(host: string, port: number, timeoutMs: number): Promise<InspectorTarget> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await askForInspector(host, port);
    } catch (error) {
      if (Date.now() >= deadline) {
        throw new AppError("connectFailed", `No inspector answers at ${host}:${port}.`, {
          hint: "Start the program with --inspect=HOST:PORT.",
          cause: error,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function askForInspector(host: string, port: number): Promise<InspectorTarget> {
  return new Promise((resolve, reject) => {
    const request = get({ host, port, path: "/json/list", timeout: 5000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("error", reject);
      response.on("end", () => {
        try {
          const [target] = JSON.parse(text) as { id: string; title?: string }[];
          if (target === undefined) throw new Error("nothing to debug there");
          // Not its webSocketDebuggerUrl: behind a port forwarding that names another host and port.
          const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
          resolve({ url: `ws://${authority}/${target.id}`, title: target.title ?? "node" });
        } catch (error) {
          reject(AppError.from(error, "connectFailed"));
        }
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}
