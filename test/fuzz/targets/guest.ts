import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import { EVENTS as DAP_EVENTS } from "../../../src/dap/events.ts";
import { type JsonObject, isObject } from "../../../src/dap/messages.ts";
import { ChildAllowance } from "../../../src/guest/childAllowance.ts";
import { EditorEndpoint } from "../../../src/guest/editor.ts";
import { GuestSession } from "../../../src/guest/guestSession.ts";
import { readHostMessage } from "../../../src/guest/messages.ts";
import { HostFiles } from "../../../src/guest/sources/hostFiles.ts";
import { hostTexts } from "../../../src/vscode/guest/hostTexts.ts";
import { assertAsTableSays } from "../../support/hostTexts.ts";
import type { Target } from "../harness/fuzz.ts";
import { FuzzPort } from "../harness/fuzzPort.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import { settle } from "../harness/peerStream.ts";
import { EVENTS, RESPONSES, REVERSE, argumentsOf } from "../seeds.ts";

/** By what the guest has joined itself. */
const START = { type: "debug-server", name: "own", request: "attach", connection: "tcp:server=h,port=1" };
const OWN = [...Object.keys(START), "debugServerSession", "debugServerTicket", "debugServerDepth"];
const TOKEN = /^[A-Za-z0-9_-]{1,64}$/u;
const ASKED = [
  "initialize",
  "attach",
  ...Object.keys(RESPONSES).filter((name) => !["initialize", "attach", "launch"].includes(name)),
];

/** A host that answers questions about files with whatever the link lets through. */
function files(random: { chance(probability: number): boolean }): HostFiles {
  const sha256 = "0".repeat(64);
  const request = async (method: string) => {
    if (random.chance(0.3)) throw new AppError(random.chance(0.5) ? "notAvailable" : "notSupported", "No.");
    if (method === "describeSource") return { size: 4, sha256, relativePath: "../../x" };
    return method === "findSource" ? { path: "/p/a.c" } : { size: 4, data: "AAAA", end: true };
  };
  return new HostFiles({ request: request });
}

/** The only thing that a host may ask of an editor, and what of it is the host's. */
function checkInvitation(message: JsonObject): void {
  assert.equal(message["command"], "startDebugging");
  const args = message["arguments"];
  assert.ok(isObject(args) && isObject(args["configuration"]));
  assert.deepEqual(Object.keys(args).sort(), ["configuration", "request"]);
  const { configuration } = args;
  assert.deepEqual([args["request"], configuration["request"]], ["attach", "attach"]);
  for (const name of Object.keys(configuration)) assert.ok(OWN.includes(name), name);
  assert.equal(configuration["type"], START.type);
  assert.equal(configuration["connection"], START.connection);
  assert.match(String(configuration["debugServerSession"]), TOKEN);
  const { debugServerTicket: ticket } = configuration;
  assert.ok(ticket === undefined || (typeof ticket === "string" && TOKEN.test(ticket)));
  assert.ok(!JSON.stringify(configuration).includes("${"));
  assert.doesNotMatch(String(configuration["name"]), /[[(]\w+:|\$\(|www\.|[<>`]/u);
}

function checkGot(messages: readonly JsonObject[], asked: ReadonlyMap<number, string>): void {
  const answered = new Set<unknown>();
  for (const message of messages) {
    // An editor that is VS Code gets it by the table of all fields.
    const seen = hostTexts(message);
    if (seen !== undefined) assertAsTableSays(seen);
    const { type, event, command, request_seq: seq } = message as Record<string, unknown>;
    if (type === "request") checkInvitation(message);
    else if (type === "event") assert.ok(DAP_EVENTS.has(String(event)), String(event));
    else {
      assert.equal(type, "response");
      assert.equal(command, asked.get(Number(seq)));
      assert.ok(!answered.has(seq), `${String(seq)} is answered twice`);
      answered.add(seq);
    }
  }
}

/** A guest's session, from the link's stream to its editor, as a host talks to it. */
export const guest: Target = {
  name: "guest",
  inputs: 20_000,
  make: (random) =>
    random.list(2, 20, () => {
      const seq = random.between(1, 1000);
      const kind = random.below(8);
      const [event, eventBody] = random.pick(
        Object.entries(EVENTS).filter(([name]) => name !== "terminated" || random.chance(0.1)),
      );
      const [command, args] = random.pick(Object.entries(REVERSE));
      const at = random.below(ASKED.length);
      const answered = ASKED[at] ?? "";
      const message =
        kind < 3
          ? { seq, type: "event", event, body: eventBody }
          : kind === 3
            ? { seq, type: "request", command, arguments: args }
            : {
                seq,
                type: "response",
                request_seq: at + 1,
                success: random.chance(0.9),
                command: answered,
                body: RESPONSES[answered],
              };
      const text = Buffer.from(jsonText(random, message, random.chance(0.6) ? 0 : someProbability(random)));
      return mutate(random, text, 0.02);
    }),
  async run(inputs, random) {
    const host = new FuzzPort();
    const editor = new FuzzPort();
    const pushes = random.chance(0.5);
    const session = new GuestSession(host, {
      children: new ChildAllowance(),
      prefetches: pushes,
      sources: {
        host: files(random),
        session: "1",
        local: {
          folders: () => ["/ws"],
          read: async (path) =>
            path.startsWith("/ws") || random.chance(0.2) ? Buffer.from("text") : undefined,
        },
        hostSources: random.chance(0.5) ? { kind: "uri", joinId: "j1" } : { kind: "reference" },
      },
    });
    const endpoint = new EditorEndpoint(editor);
    endpoint.join(session);
    const asked = new Map<number, string>();
    ASKED.forEach((command, i) => {
      asked.set(i + 1, command);
      const args = command === "attach" ? START : argumentsOf(command);
      editor.giveObject({ seq: i + 1, type: "request", command, arguments: args });
    });
    let valid = 0;
    for (const input of inputs) {
      if (!(readHostMessage(input) instanceof AppError) && !host.isClosed) valid++;
      if (pushes && random.chance(0.1)) host.push([{ request: random.pick(inputs), response: input }]);
      host.give(input);
      if (random.chance(0.2)) await settle();
    }
    await settle();
    await settle();
    assert.equal(editor.malformed, 0, "an editor gets JSON");
    checkGot(editor.got, asked);
    endpoint.close();
    host.vanish();
    await settle();
    return valid;
  },
};
