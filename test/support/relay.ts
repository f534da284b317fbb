import net from "node:net";
import { once } from "node:events";
import type { CleanUp } from "./namespaces.ts";

/** A TCP port that leads to another one, however far away, until the way is cut. */
export class Relay {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #isOpen = true;
  #cut: () => void = () => {};

  private constructor(target: number, delayMs: number) {
    this.#server = net.createServer((near) => {
      if (!this.#isOpen) {
        near.destroy();
        return;
      }
      const far = net.connect(target, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          if (this.#sockets.size === 0) this.#cut();
        });
        if (delayMs === 0) socket.pipe(other);
        else {
          const later = (pass: () => void) => setTimeout(pass, delayMs);
          socket.on("data", (chunk: Buffer) => later(() => other.write(chunk)));
          socket.on("end", () => later(() => other.end()));
        }
      }
    });
  }

  /** `delayMs`: how long everything takes, in each direction. */
  static async start(context: CleanUp, target: number, delayMs = 0): Promise<Relay> {
    const relay = new Relay(target, delayMs);
    relay.#server.listen(0, "127.0.0.1");
    context.after(async () => {
      relay.#server.close();
      await relay.cut();
    });
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Breaks what goes through, at whatever byte it is, and lets nobody through until `mend`. Resolves when all is gone. */
  async cut(): Promise<void> {
    this.#isOpen = false;
    if (this.#sockets.size === 0) return;
    const gone = new Promise<void>((resolve) => (this.#cut = resolve));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await gone;
  }

  mend(): void {
    this.#isOpen = true;
  }
}
