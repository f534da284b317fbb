import { memoryFixture } from "../../support/memoryTransport.ts";
import { describeTransport } from "../../support/transportContract.ts";

describeTransport("memory", memoryFixture());

// What a network may do to a stream without breaking the contract.
describeTransport(
  "memory, in odd chunks over a short line",
  memoryFixture({
    forth: { chunkSizes: [1, 4096, 3, 60_000], capacity: 100_000, latencyMs: 1 },
    back: { chunkSizes: [7, 65_536, 1], capacity: 1000 },
  }),
);
