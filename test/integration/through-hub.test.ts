import { test } from "node:test";
import { type AdapterEntry, adapters } from "../support/adapters.ts";
import { fromFirstStop, goldenCompare } from "../support/golden.ts";
import { skipWithout } from "../support/parts.ts";
import { runSession } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

/** Ten times in a row with REPEAT=10. */
const REPEAT = Number(process.env["REPEAT"] ?? 1);

/** Promise 6: through the hub, a single client cannot tell the adapter from the real one. */
for (const entry of Object.values(adapters) as readonly AdapterEntry[]) {
  test(
    `${entry.name}: the session through the hub equals the direct one`,
    { skip: skipWithout(...entry.parts) },
    async () => {
      for (let i = 0; i < REPEAT; i++) {
        const served = await serveAdapter(entry);
        try {
          const { client, root } = await runSession(entry, (options) => served.connect(options));
          const options = { ports: [served.port] };
          // The host starts a child session, so whoever follows its invitation is a late joiner there: the
          // handshake is that of joining, and from the first stop on all is the same again.
          if (root) {
            goldenCompare(`${entry.golden}-root`, root.transcript, { ...options, without: "startDebugging" });
            goldenCompare(`${entry.golden}-stopped`, fromFirstStop(client.transcript), options);
          } else {
            goldenCompare(entry.golden, client.transcript, options);
          }
        } finally {
          await served.close();
        }
      }
    },
  );
}
