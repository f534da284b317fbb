import { MemoryNetwork, type MemoryOptions } from "./memory.ts";
import { VirtualClock } from "./virtualClock.ts";
import type { TransportFixture } from "./transportContract.ts";

/** The memory transport for the contract suite; with faults that a good transport may have (chunks, latency). */
export function memoryFixture(options: MemoryOptions = {}): TransportFixture {
  const network = new MemoryNetwork(options);
  let names = 0;
  return {
    async listen() {
      const name = `memory ${names++}`;
      return { listener: network.listen(name), connect: (wait) => network.connect(name, wait) };
    },
    connectToNothing: (wait) => network.connect("nobody", wait),
    // Time that never passes.
    connectToSilence: (wait) => new MemoryNetwork({ clock: new VirtualClock() }).connect("silence", wait),
  };
}
