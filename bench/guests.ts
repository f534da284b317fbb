import type { Joined } from "../src/guest/join.ts";
import { holdOpen } from "../test/support/holdOpen.ts";
import { joinLinked } from "../test/support/linked.ts";
import { offer } from "./rpc.ts";

/** Guests of the link, all of one address, and connections that say nothing. */
const JOIN_MS = 120_000;
let letGo = () => {};
let guests: Joined[] = [];

const methods = {
  /** Holds that many connections open; one that is closed is dialled again. */
  async hold({ port, count }: { port: number; count: number }): Promise<void> {
    letGo = await holdOpen(count, () => ({ port, host: "127.0.0.1" }));
  },

  letGo(): void {
    letGo();
  },

  /** They all join at once; milliseconds until the last is in. */
  async join({ server, count }: { server: string; count: number }): Promise<number> {
    const begin = performance.now();
    const join = (_: unknown, index: number) => joinLinked(server, `guest ${index}`, { timeoutMs: JOIN_MS });
    guests = await Promise.all(Array.from({ length: count }, join));
    return performance.now() - begin;
  },

  leave(): void {
    for (const { link } of guests.splice(0)) link.close();
  },
};

export type GuestsMethods = typeof methods;

offer(methods);
