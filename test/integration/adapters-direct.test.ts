import { test } from "node:test";
import { type AdapterEntry, adapters, startAdapter } from "../support/adapters.ts";
import { goldenCompare } from "../support/golden.ts";
import { skipWithout } from "../support/parts.ts";
import { runSession } from "../support/scenario.ts";

/**
 * The standard session directly with each real adapter. It proves the fixtures, the client and the adapters; what
 * it records (UPDATE_GOLDEN=1) is what the same session through the hub is compared with.
 */
const ENTRIES: readonly AdapterEntry[] = Object.values(adapters);

/** Ten times in a row with REPEAT=10: a golden transcript that only mostly fits is worth nothing. */
const REPEAT = Number(process.env["REPEAT"] ?? 1);

for (const entry of ENTRIES) {
  test(
    `${entry.name}: the direct session equals its golden transcript`,
    { skip: skipWithout(...entry.parts) },
    async () => {
      for (let i = 0; i < REPEAT; i++) {
        const running = await startAdapter(entry);
        try {
          const session = await runSession(entry, (options) => running.connect(options));
          const options = { record: true, ports: running.port === undefined ? [] : [running.port] };
          goldenCompare(entry.golden, session.client.transcript, options);
          if (session.root) goldenCompare(`${entry.golden}-root`, session.root.transcript, options);
        } finally {
          await running.dispose();
        }
      }
    },
  );
}
