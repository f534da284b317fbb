import assert from "node:assert/strict";
import { readAdapterMessage } from "../../../src/dap/envelope.ts";
import type { JsonObject } from "../../../src/dap/messages.ts";
import { PortUpstream } from "../../../src/host/portUpstream.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { FakeUpstream } from "../../unit/hub/fakeUpstream.ts";
import { VSCODE } from "../../unit/hub/memoryClient.ts";
import type { Target } from "../harness/fuzz.ts";
import { FuzzPort } from "../harness/fuzzPort.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import { settle } from "../harness/peerStream.ts";
import { EVENTS, PROFILES, RESPONSES, REVERSE, argumentsOf } from "../seeds.ts";

const QUESTIONS = Object.keys(RESPONSES).filter(
  (command) => !["initialize", "launch", "attach"].includes(command),
);

/** A hub with a driver and two guests, as their adapter talks to it. */
export const hubAdapter: Target = {
  name: "hub-adapter",
  inputs: 20_000,
  make: (random) =>
    random.list(8, 60, () => {
      const seq = random.below(1000);
      const kind = random.below(8);
      const [event, body] = random.pick(Object.entries(EVENTS).filter(([name]) => name !== "terminated"));
      const [command, args] = random.pick(Object.entries(REVERSE));
      const [answered, answer] = random.pick(Object.entries(RESPONSES));
      const message =
        kind < 3
          ? { seq, type: "event", event, body }
          : kind === 3
            ? { seq, type: "request", command, arguments: args }
            : {
                seq,
                type: "response",
                request_seq: random.between(3, 60),
                success: random.chance(0.9),
                command: answered,
                message: random.chance(0.2) ? "failed" : undefined,
                body: answer,
              };
      return mutate(random, Buffer.from(jsonText(random, message, someProbability(random))), 0.05);
    }),
  async run(inputs, random) {
    let isStarted = false;
    const asked: JsonObject[] = [];
    const adapter: FuzzPort = new FuzzPort((message) => {
      if (message["type"] !== "request") return;
      asked.push(message);
      if (isStarted) return;
      const command = String(message["command"]);
      queueMicrotask(() => {
        adapter.giveObject({
          seq: 1,
          type: "response",
          request_seq: message["seq"],
          success: true,
          command,
          body: RESPONSES[command],
        });
        if (command === "initialize") adapter.giveObject({ seq: 1, type: "event", event: "initialized" });
      });
    });
    const upstream = new PortUpstream(adapter, {
      names: ["fake"],
      openChild: async () => new FakeUpstream(),
    });
    const sessions = new Sessions(upstream);
    const clients: FuzzPort[] = [];
    for (const profile of [VSCODE, ...PROFILES]) {
      const client = new FuzzPort();
      clients.push(client);
      sessions.joinRoot(
        client,
        sessions.admit({ name: "guest", address: "memory", access: "full", kind: "guest" }),
      );
      client.giveObject({ seq: 1, type: "request", command: "initialize", arguments: profile });
      client.giveObject({ seq: 2, type: "request", command: "attach", arguments: {} });
      await settle();
      client.giveObject({ seq: 3, type: "request", command: "configurationDone" });
      await settle();
    }
    isStarted = true;
    let valid = 0;
    for (const [index, input] of inputs.entries()) {
      const client = random.pick(clients);
      const command = random.pick(QUESTIONS);
      client.giveObject({ seq: 10 + index, type: "request", command, arguments: argumentsOf(command) });
      adapter.give(input);
      if (readAdapterMessage(input) !== undefined) valid++;
      if (random.chance(0.1)) await settle();
    }
    await settle();
    for (const [index, client] of clients.entries()) {
      // What an adapter writes within its messages passes as it is, also what is no JSON.
      const seqs = client.got.map((message) => Number(message["seq"]));
      assert.ok(seqs.every((seq, i) => seq > (seqs[i - 1] ?? 0)));
      // The driver is the first of them; the others are only ever invited.
      const commands = client.got
        .filter((message) => message["type"] === "request")
        .map((message) => message["command"]);
      if (index > 0)
        assert.ok(
          commands.every((each) => each === "startDebugging"),
          commands.join(),
        );
    }
    adapter.vanish();
    await settle();
    for (const { hub } of sessions.list()) hub.upstream.dispose();
    await settle();
    return valid;
  },
};
