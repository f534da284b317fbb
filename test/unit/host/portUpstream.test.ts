import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { parseObject } from "../../../src/dap/messages.ts";
import { PortUpstream } from "../../../src/host/portUpstream.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { FuzzPort } from "../../fuzz/harness/fuzzPort.ts";

/** JSON text of objects within each other. */
function nested(depth: number): string {
  return '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
}

test("an adapter's message that is nested too deeply ends nothing: it is left out, or fails what it answers", async () => {
  const adapter = new FuzzPort();
  const upstream = new PortUpstream(adapter, {
    names: ["fake"],
    openChild: () => Promise.reject(new Error("none")),
  });
  const client = new FuzzPort();
  const sessions = new Sessions(upstream);
  sessions.joinRoot(client, sessions.admit({ name: "guest", address: "memory", access: "full" }));
  // Whose conventions are others than the adapter's: what it gets is gone through.
  client.giveObject({ seq: 1, type: "request", command: "initialize", arguments: { adapterID: "fake" } });
  const events: string[] = [];
  upstream.onEvent(({ event }) => events.push(event));
  for (const depth of [LIMITS.nesting - 10, 10_000])
    adapter.give(Buffer.from(`{"seq":1,"type":"event","event":"output","body":${nested(depth)}}`));
  assert.deepEqual(events, ["output"]);

  const outcome = new Promise<{ success: boolean; body?: Buffer | undefined }>((resolve) =>
    upstream.request("evaluate", undefined, resolve),
  );
  const seq = adapter.got.at(-1)?.["seq"];
  adapter.give(
    Buffer.from(
      `{"seq":2,"type":"response","request_seq":${String(seq)},"success":true,"body":${nested(10_000)}}`,
    ),
  );
  const { success, body } = await outcome;
  assert.equal(success, false);
  assert.match(JSON.stringify(parseObject(body)), /nested deeper/u);

  adapter.give(
    Buffer.from(`{"seq":3,"type":"request","command":"startDebugging","arguments":${nested(10_000)}}`),
  );
  assert.deepEqual([adapter.got.at(-1)?.["request_seq"], adapter.got.at(-1)?.["success"]], [3, false]);
  adapter.vanish();
});
