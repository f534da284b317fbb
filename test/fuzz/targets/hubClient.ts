import assert from "node:assert/strict";
import type { Access } from "../../../src/common/access.ts";
import { AppError } from "../../../src/common/errors.ts";
import { type JsonObject, objects, readClientMessage } from "../../../src/dap/messages.ts";
import { REQUESTS } from "../../../src/dap/requests.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { ALL_CAPABILITIES } from "../../unit/hub/everything.ts";
import { CAPABILITIES, FakeUpstream, type Received } from "../../unit/hub/fakeUpstream.ts";
import { VSCODE } from "../../unit/hub/memoryClient.ts";
import type { Target } from "../harness/fuzz.ts";
import { FuzzPort } from "../harness/fuzzPort.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import { settle } from "../harness/peerStream.ts";
import type { Random } from "../harness/random.ts";
import { COMMANDS, PROFILES, argumentsOf } from "../seeds.ts";

const EXPRESSIONS = [
  "x",
  "x = 1",
  ".echo hi",
  ".clients",
  ".servers",
  ".endsrv 1",
  ".remote_exit",
  ".echo a\nb",
  "f()",
];

/** Commands that end or start something: none of them is anything for less than `full`. */
const FULL = [
  "initialize",
  "launch",
  "attach",
  "configurationDone",
  "disconnect",
  "terminate",
  "restart",
  "terminateThreads",
];

function request(random: Random, seq: number): Buffer {
  const command = random.pick(COMMANDS);
  const args = { ...argumentsOf(command) };
  if (command === "evaluate") args["expression"] = random.pick(EXPRESSIONS);
  if (command === "evaluate")
    args["context"] = random.pick(["repl", "watch", "hover", "clipboard", undefined]);
  if (command === "disconnect" && random.chance(0.8)) return request(random, seq);
  const message = random.chance(0.95)
    ? { seq, type: "request", command, arguments: args }
    : { seq, type: "response", request_seq: random.below(9), success: random.chance(0.5), command, body: {} };
  return mutate(random, Buffer.from(jsonText(random, message, someProbability(random))), 0.02);
}

/** A session at a stop, of an adapter that answers whatever it is asked. */
async function session(): Promise<{ upstream: FakeUpstream; sessions: Sessions; driver: FuzzPort }> {
  const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL_CAPABILITIES } });
  // No command of anybody's is a member that objects have anyway.
  Object.setPrototypeOf(upstream.handlers, null);
  upstream.handlers["setVariable"] = () => ({ value: "1" });
  for (const command of COMMANDS.filter((each) => /^set.*Breakpoints$/u.test(each)))
    upstream.handlers[command] = (args) => ({
      breakpoints: objects(args["breakpoints"]).map((_, i) => ({ id: i + 1, verified: true })),
    });
  const sessions = new Sessions(upstream);
  const driver = new FuzzPort();
  sessions.joinRoot(driver, sessions.admit({ name: "driver", address: "memory", access: "full" }));
  await start(driver, VSCODE);
  upstream.stop();
  return { upstream, sessions, driver };
}

async function start(client: FuzzPort, profile: object): Promise<void> {
  client.giveObject({ seq: 1, type: "request", command: "initialize", arguments: profile });
  client.giveObject({ seq: 2, type: "request", command: "attach", arguments: {} });
  await settle();
  client.giveObject({ seq: 3, type: "request", command: "configurationDone" });
  await settle();
}

const QUESTIONS = [
  ["stackTrace", { threadId: 1 }],
  ["scopes", { frameId: 1 }],
  ["variables", { variablesReference: 1 }],
  ["stepInTargets", { frameId: 1 }],
  ["gotoTargets", { source: { path: "/p/a.c" }, line: 1 }],
] as const;

async function enter(sessions: Sessions, access: Access, profile: object): Promise<FuzzPort> {
  const guest = new FuzzPort();
  sessions.joinRoot(guest, sessions.admit({ name: "guest", address: "memory", access, kind: "guest" }));
  await start(guest, profile);
  // It has been given a handle of each kind.
  QUESTIONS.forEach(([command, args], i) =>
    guest.giveObject({ seq: 4 + i, type: "request", command, arguments: args }),
  );
  await settle();
  return guest;
}

/** What of a guest with `view` may reach an adapter: questions, with what DAP names in them, and nothing that is code. */
function checkLook({ command, args, raw }: Received): void {
  if (command === "cancel") {
    assert.deepEqual(Object.keys(args), ["requestId"]);
    return;
  }
  const rule = REQUESTS.get(command);
  assert.ok(rule?.kind === "query" && rule.access === "view", command);
  const names = Object.keys({ ...rule.required, ...rule.optional });
  for (const [name, value] of Object.entries(args)) {
    assert.ok(names.includes(name), `${command}: ${name}`);
    if (typeof value === "string") assert.match(value, /^[\w-]*$/u);
  }
  assert.deepEqual(JSON.parse(raw ?? "{}"), args);
}

function checkReached(access: Access, received: Received): void {
  if (access === "view") checkLook(received);
  assert.ok(!FULL.includes(received.command), received.command);
  assert.ok(REQUESTS.get(received.command)?.kind !== "reverse");
}

/** Each message has the next number; each request at most one answer; nobody is asked for anything but to join a child. */
function checkGot(
  messages: readonly JsonObject[],
  requests: ReadonlyMap<unknown, number>,
  isDropped: boolean,
): void {
  const answers = new Map<unknown, number>();
  for (const [index, message] of messages.entries()) {
    assert.equal(message["seq"], index + 1);
    if (message["type"] === "request") assert.equal(message["command"], "startDebugging");
    if (message["type"] !== "response") continue;
    const seq = message["request_seq"];
    answers.set(seq, (answers.get(seq) ?? 0) + 1);
  }
  for (const [seq, count] of answers)
    assert.ok(count <= (requests.get(seq) ?? 0), `${String(seq)} is answered twice`);
  if (isDropped) return;
  for (const [seq, count] of requests)
    assert.equal(answers.get(seq), count, `${String(seq)} is not answered`);
}

/** A hub, as a guest with that right talks to it. */
export function hubClient(access: Access, inputs: number): Target {
  return {
    name: `hub-${access}`,
    inputs,
    make: (random) => {
      let seq = 20;
      return random.list(8, 60, () => request(random, ++seq));
    },
    async run(bodies, random) {
      const { upstream, sessions, driver } = await session();
      const profile = random.pick(PROFILES);
      let guest = await enter(sessions, access, profile);
      let requests = new Map<unknown, number>([1, 2, 3, 4, 5, 6, 7, 8].map((seq) => [seq, 1]));
      let valid = 0;
      const before = upstream.received.length;
      for (const body of bodies) {
        if (guest.isClosed) {
          const from = upstream.received.length;
          checkGot(guest.got, requests, true);
          guest = await enter(sessions, access, profile);
          requests = new Map<unknown, number>([1, 2, 3, 4, 5, 6, 7, 8].map((seq) => [seq, 1]));
          upstream.received.splice(from);
        }
        const message = readClientMessage(body);
        if (!(message instanceof AppError)) {
          valid++;
          if (message.type === "request") requests.set(message.seq, (requests.get(message.seq) ?? 0) + 1);
        }
        guest.give(body);
        if (random.chance(0.1)) await settle();
        if (random.chance(0.03)) upstream.emit("continued", { threadId: 1, allThreadsContinued: true });
        if (random.chance(0.03)) upstream.stop();
      }
      await settle();
      await settle();
      for (const received of upstream.received.slice(before)) checkReached(access, received);
      checkGot(guest.got, requests, guest.isClosed);
      assert.deepEqual([driver.isClosed, driver.malformed, guest.malformed], [false, 0, 0]);
      assert.equal(sessions.root.ended, undefined);
      for (const message of driver.got) assert.notEqual(message["type"], "request");
      upstream.end();
      await settle();
      return valid;
    },
  };
}
