import dgram from "node:dgram";
import type { EventEmitter } from "node:events";
import { Bonjour } from "bonjour-service";
import { type Advert, SERVICE_TYPE } from "./advert.ts";

// The one place that knows the library. It is loaded only where the user has turned the network on.

export interface Published {
  /** Resolves when the goodbye has been sent. */
  close(): Promise<void>;
}

export interface Browsing {
  close(): void;
}

/** How often what may have got lost is asked again. */
const QUERY_MS = 1_000;

/** Announces a service until it is closed. `failed` hears what goes wrong. */
export function publish(advert: Advert, failed: (error: Error) => void): Published {
  const bonjour = open(failed);
  // Its name is its own already: no other machine is asked whether it has it, too.
  const service = bonjour.publish({ ...advert, type: SERVICE_TYPE, probe: false });
  return {
    close: () =>
      new Promise((resolve) => {
        const stop = service.stop as (done: () => void) => void;
        stop(() => bonjour.destroy(() => resolve()));
      }),
  };
}

/** Services of our type that are announced, or no longer: of any shape, by any machine of the network. */
export interface Heard {
  readonly found: (service: unknown) => void;
  readonly lost: (service: unknown) => void;
  readonly failed: (error: Error) => void;
}

export function browse({ found, lost, failed }: Heard): Browsing {
  const bonjour = open(failed);
  const browser = bonjour.find({ type: SERVICE_TYPE });
  browser.on("up", found);
  browser.on("down", lost);
  const asking = setInterval(() => browser.update(), QUERY_MS);
  return {
    close() {
      clearInterval(asking);
      browser.stop();
      bonjour.destroy();
    },
  };
}

function open(failed: (error: Error) => void): Bonjour {
  const socket = dgram.createSocket({ type: "udp4", reuseAddr: true });
  // Any machine may send packets, and where the library stumbles over one it throws into the socket's event.
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string, ...rest: unknown[]) => {
    if (event !== "message") return emit(event, ...rest);
    try {
      return emit(event, ...rest);
    } catch {
      return true;
    }
  };
  const options = { socket } as unknown as ConstructorParameters<typeof Bonjour>[0];
  const bonjour = new Bonjour(options, failed);
  // Its types do not show it, and an "error" without a listener ends the process.
  const { server } = bonjour as unknown as { server: { mdns: EventEmitter } };
  server.mdns.on("error", failed);
  return bonjour;
}
