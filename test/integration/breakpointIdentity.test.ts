import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adapters } from "../support/adapters.ts";
import type { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import { joinServed } from "../support/joined.ts";
import { skipWithout } from "../support/parts.ts";
import { begin, inspect } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";

const { source, line } = fixtures.c;

/** The values of `n` in `square` at which the program stops, to its end. */
async function stops(client: DapClient): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { variables, threadId } = await inspect(client, "n");
    seen.push(String(variables.find(({ name }) => name === "n")?.value));
    await client.request("continue", { threadId });
  }
  await client.waitEvent("terminated");
  return seen;
}

describe("cdt-gdb: two breakpoints of one list in one line, each with its condition", () => {
  const entry = adapters["cdt-gdb"];
  const two = {
    source: { path: source },
    breakpoints: ["n == 2", "n == 3"].map((condition) => ({ line: line("square"), condition })),
  };

  for (const guest of [false, true])
    test(
      `the program stops at both${guest ? ", also when a guest has set others in that file" : ""}`,
      { skip: skipWithout(...entry.parts) },
      async (t) => {
        const served = await serveAdapter(entry);
        t.after(() => served.close());
        const host = await served.connect({ name: "host" });
        const { started } = await begin(host, entry.adapterID, "launch", entry.session.arguments);
        const { breakpoints } = await host.request("setBreakpoints", two);
        assert.deepEqual(
          breakpoints.map(({ verified }) => verified),
          [true, true],
        );
        if (guest) {
          const { client } = await joinServed(served, entry, "guest");
          await client.request("setBreakpoints", {
            source: { path: source },
            breakpoints: [{ line: line("twice"), condition: "n == -1" }],
          });
        }
        await host.request("configurationDone");
        assert.equal((await started).success, true);
        assert.deepEqual(await stops(host), ["2", "3"]);
      },
    );
});
