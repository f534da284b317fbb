import { parseServer } from "../src/address/parse.ts";
import { openAdapter } from "../src/host/adapters.ts";
import { DebugServer } from "../src/host/server.ts";
import { Sessions } from "../src/hub/sessions.ts";
import { offer } from "./rpc.ts";

/** A served session, as the product runs it, in a process of its own that also says what it costs. */
let sessions: Sessions | undefined;
let peakOutboxes = 0;

export interface Cost {
  readonly rss: number;
  /** The highest since the process began, by the system's account. */
  readonly peakRss: number;
  readonly heap: number;
  readonly outboxes: number;
  readonly peakOutboxes: number;
  readonly cpuMs: number;
  readonly clients: number;
  readonly participants: number;
}

const SAMPLE_MS = 5;

function outboxBytes(): number {
  let sum = 0;
  for (const client of sessions?.root.clients ?? []) sum += client.outboxBytes;
  peakOutboxes = Math.max(peakOutboxes, sum);
  return sum;
}

const methods = {
  async serve({ adapterPort }: { adapterPort: number }): Promise<number> {
    const upstream = await openAdapter({ kind: "tcp", host: "127.0.0.1", port: adapterPort });
    sessions = new Sessions(upstream, { name: "bench" });
    setInterval(outboxBytes, SAMPLE_MS).unref();
    return methods.listen({ server: "tcp:port=0,access=full" });
  },

  /** Another server of the same session; its port. */
  async listen({ server: text }: { server: string }): Promise<number> {
    const address = parseServer(text);
    if (!address.ok) throw new Error(address.message);
    if (sessions === undefined) throw new Error("There is no session yet.");
    const server = await DebugServer.start(address.value, sessions);
    return "ports" in server.address ? server.address.ports.first : 0;
  },

  /** With `collect`, garbage is collected first. */
  cost({ collect }: { collect: boolean }): Cost {
    if (collect) globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    return {
      rss,
      peakRss: maxRSS * 1024,
      heap: heapUsed,
      outboxes: outboxBytes(),
      peakOutboxes,
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      clients: sessions?.root.clients.size ?? 0,
      participants: sessions?.participants().length ?? 0,
    };
  },
};

export type HostMethods = typeof methods;

offer(methods);
