import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { Frames, frame, glimpse } from "./wire.ts";

const LOST_LINES = /(\d+) messages of output were left out/;

/** A DAP client that looks no closer at what it gets than it must. */
export class Connection {
  /** Lines of a storm that came, and lines of which the server said that they were left out. */
  received = 0;
  lost = 0;
  onStormLine: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #frames = new Frames();
  readonly #waiting = new Map<number, (body: Buffer) => void>();
  readonly #events = new Map<string, number>();
  #onEvent: (() => void) | undefined;
  #seq = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      // What the answers set off leaves in one write.
      socket.cork();
      this.#frames.push(chunk, (body) => this.#receive(body));
      socket.uncork();
    });
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** Sends a request; `args` is JSON text. The answer's body is valid until `done` returns. */
  send(command: string, args: string, done: (body: Buffer) => void): void {
    const seq = this.#seq++;
    this.#waiting.set(seq, done);
    this.#socket.write(frame(`{"seq":${seq},"type":"request","command":"${command}","arguments":${args}}`));
  }

  request(command: string, args: object = {}): Promise<Buffer> {
    return new Promise((resolve, reject) =>
      this.send(command, JSON.stringify(args), (body) => {
        if (body.includes('"success":true')) resolve(Buffer.from(body));
        else reject(new Error(`${command}: ${body.toString()}`));
      }),
    );
  }

  /** Takes an event of that name, one that came before or the next to come. */
  async event(name: string): Promise<void> {
    for (;;) {
      const count = this.#events.get(name) ?? 0;
      if (count > 0) {
        this.#events.set(name, count - 1);
        return;
      }
      await new Promise<void>((resolve) => (this.#onEvent = resolve));
    }
  }

  /** From `initialize` to `stopped`; both starting and joining a session look like this. */
  async start(command: "launch" | "attach"): Promise<void> {
    await this.request("initialize", {
      adapterID: "bench",
      clientID: "bench",
      linesStartAt1: true,
      columnsStartAt1: true,
      supportsInvalidatedEvent: true,
    });
    const started = this.request(command);
    await this.event("initialized");
    const configured = this.request("configurationDone");
    await Promise.all([started, configured]);
    await this.event("stopped");
  }

  /** What an editor asks at a stop, up to the variables of the innermost scope. */
  async look(bytes: number): Promise<void> {
    await this.request("threads");
    await this.request("stackTrace", { threadId: 1, startFrame: 0, levels: 20 });
    await this.request("scopes", { frameId: 1 });
    await this.request("variables", { variablesReference: bytes });
  }

  /** Stops or goes on reading. */
  stall(stalled: boolean): void {
    if (stalled) this.#socket.pause();
    else this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(body: Buffer): void {
    const seen = glimpse(body);
    if (seen.kind === "response") {
      const done = this.#waiting.get(seen.requestSeq);
      this.#waiting.delete(seen.requestSeq);
      done?.(body);
    } else if (seen.kind === "storm") {
      this.received++;
      this.onStormLine?.();
    } else {
      this.#event(body);
      if (seen.kind === "lost") this.onStormLine?.();
    }
  }

  #event(body: Buffer): void {
    const message = JSON.parse(body.toString()) as { event?: string; body?: { output?: string } };
    const name = message.event ?? "";
    this.lost += Number(LOST_LINES.exec(message.body?.output ?? "")?.[1] ?? 0);
    this.#events.set(name, (this.#events.get(name) ?? 0) + 1);
    const wake = this.#onEvent;
    this.#onEvent = undefined;
    wake?.();
  }
}
