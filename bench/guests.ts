import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { parseClient } from "../src/address/parse.ts";
import { type Joined, joinServer } from "../src/guest/join.ts";
import { offer } from "./rpc.ts";

/** Guests of the link, all of one address, and connections that say nothing. */
const JOIN_MS = 120_000;
let silent: AbortController | undefined;
let guests: Joined[] = [];

async function join(text: string, name: string): Promise<Joined> {
  const address = parseClient(text);
  if (!address.ok) throw new Error(address.message);
  const identity = { name, client: { name: "bench", version: "1" } };
  return joinServer(address.value, identity, { timeoutMs: JOIN_MS });
}

const methods = {
  /** Holds that many connections open; one that is closed is dialled again. */
  async hold({ port, count }: { port: number; count: number }): Promise<void> {
    const over = (silent = new AbortController());
    const sockets = new Set<Socket>();
    const dial = async (): Promise<void> => {
      const socket = connect({ port, host: "127.0.0.1" });
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        if (!over.signal.aborted) setImmediate(() => void dial());
      });
      await once(socket, "connect");
    };
    over.signal.addEventListener("abort", () => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(Array.from({ length: count }, dial));
  },

  letGo(): void {
    silent?.abort();
  },

  /** They all join at once; milliseconds until the last is in. */
  async join({ server, count }: { server: string; count: number }): Promise<number> {
    const begin = performance.now();
    guests = await Promise.all(Array.from({ length: count }, (_, index) => join(server, `guest ${index}`)));
    return performance.now() - begin;
  },

  leave(): void {
    for (const { link } of guests.splice(0)) link.close();
  },
};

export type GuestsMethods = typeof methods;

offer(methods);
