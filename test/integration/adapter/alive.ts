import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { withDeadline } from "./client.ts";

/** Tells when a program has ended that we did not start: forever.cjs keeps a connection to us while it lives. */
export class AliveWatch {
  readonly #server: Server;
  readonly #connected: Promise<Socket>;

  private constructor(server: Server) {
    this.#server = server;
    this.#connected = once(server, "connection").then(([socket]) => socket as Socket);
  }

  static async listen(): Promise<AliveWatch> {
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    const watch = new AliveWatch(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return watch;
  }

  get env(): Record<string, string> {
    const address = this.#server.address();
    return { ALIVE_PORT: String(typeof address === "object" && address !== null ? address.port : 0) };
  }

  /** Resolves once the program runs, with its end. */
  async alive(): Promise<{ ended: Promise<void> }> {
    const socket = await withDeadline(this.#connected, "the program's connection");
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return { ended: withDeadline(closed, "the program's end") };
  }

  dispose(): void {
    this.#server.close();
  }
}
