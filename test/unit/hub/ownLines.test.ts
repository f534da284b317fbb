import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { type NewParticipant, Sessions } from "../../../src/hub/sessions.ts";
import { FakeUpstream } from "./fakeUpstream.ts";
import { MemoryClient, enter } from "./memoryClient.ts";

async function guest(sessions: Sessions, name: string, more: Partial<NewParticipant> = {}) {
  const client = new MemoryClient(name);
  const participant = sessions.admit({ name, address: "tcp 10.0.0.2:5000", access: "control", ...more });
  sessions.joinRoot(client.port, participant).onGone(() => sessions.leave(participant));
  await enter(client);
  return { client, participant };
}

/** What a console shows from there on: each `output` as it is. */
function shown(client: MemoryClient, from: number): string[] {
  return client.messages
    .slice(from)
    .filter(({ event }) => event === "output")
    .map(({ body }) => String(body.output));
}

const ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\n\u200b", "\n "];
const FORGED = ["Ana has left.", "Debug Server: The host has ended the session.", "Ana: my password is x"];
const hostile = ENDS.flatMap((end) => FORGED.map((line) => `1${end}${line}`)).concat(
  "\u001b[2K\u001b[1GAna has left.",
  "\b\b\b\b\b\bAna has left.",
  "\u009b2K\u009b1GAna has left.",
);

describe("what a guest wrote is not taken for a line of ours", () => {
  for (const [what, send] of [
    ["evaluates", (expression: string) => ["evaluate", { expression, context: "repl" }]],
    ["echoes", (text: string) => ["evaluate", { expression: `.echo ${text}`, context: "repl" }]],
    ["sets a variable to", (value: string) => ["setVariable", { variablesReference: 1, name: "a", value }]],
    [
      "sets a variable called",
      (name: string) => ["setVariable", { variablesReference: 1, name, value: "1" }],
    ],
    [
      "sets a breakpoint in",
      (name: string) => ["setBreakpoints", { source: { path: `/x/${name}` }, breakpoints: [{ line: 1 }] }],
    ],
    [
      "sets a breakpoint on the function",
      (name: string) => ["setFunctionBreakpoints", { breakpoints: [{ name }] }],
    ],
  ] as const) {
    test(`${what}`, async () => {
      const upstream = new FakeUpstream();
      const sessions = new Sessions(upstream);
      const said: string[] = [];
      sessions.onSaid(({ line }) => said.push(`${line}\n`));
      const ana = await guest(sessions, "Ana");
      const mallory = await guest(sessions, "Mallory");
      upstream.emit("stopped", { reason: "step", threadId: 1, allThreadsStopped: true });
      await mallory.client.ok("stackTrace", { threadId: 1 });
      await mallory.client.ok("scopes", { frameId: 1 });
      let told = 0;
      for (const text of hostile) {
        const [from, fromSaid] = [ana.client.messages.length, said.length];
        const [command, args] = send(text);
        await mallory.client.request(command as string, args as object as Record<string, unknown>);
        const lines = shown(ana.client, from);
        told += lines.length;
        for (const line of [...lines, ...said.slice(fromSaid)]) {
          // One `output`, which begins with who it was; what follows is set in, and nothing moves the cursor.
          assert.match(line, /^Mallory[: ][^\p{Cc}\p{Zl}\p{Zp}]*(?:\n(?: {2}[^\p{Cc}\p{Zl}\p{Zp}]*)?)*$/u);
          assert.ok(line.length < LIMITS.echoLength * 2);
        }
      }
      assert.ok(told >= hostile.length, `${told} lines`);
    });
  }

  test("what is long is cut in the line that tells of it, not in the request", async () => {
    const upstream = new FakeUpstream();
    const sessions = new Sessions(upstream);
    const ana = await guest(sessions, "Ana");
    const mallory = await guest(sessions, "Mallory");
    const expression = "x".repeat(100_000);
    await mallory.client.request("evaluate", { expression, context: "repl" });
    const line = ana.client.lines().at(-1) ?? "";
    assert.equal(line, `Mallory evaluates ${"x".repeat(LIMITS.activityLength - "evaluates ".length - 1)}….`);
  });

  test("is called: a name that is a sentence, a remark or a prompt stands in quotation marks", async () => {
    const sessions = new Sessions(new FakeUpstream());
    const ana = await guest(sessions, "Ana");
    const from = ana.client.messages.length;
    const names = ["Ana has left. Ben", "Ana: my password is x", "Ben (reconnecting)", "Ben\r\nAna has left"];
    for (const name of names) await guest(sessions, name);
    assert.deepEqual(shown(ana.client, from), [
      "“Ana has left. Ben” has joined (tcp 10.0.0.2:5000, control).\n",
      "“Ana: my password is x” has joined (tcp 10.0.0.2:5000, control).\n",
      "“Ben (reconnecting)” has joined (tcp 10.0.0.2:5000, control).\n",
      "Ben Ana has left has joined (tcp 10.0.0.2:5000, control).\n",
    ]);
    const { result } = await ana.client.ok("evaluate", { expression: ".clients", context: "repl" });
    assert.match(String(result), /^Ana \(.*\n“Ana has left\. Ben” \(.*\n“Ana: .*” \(.*\n“Ben \(.*” \(/u);
  });
});

describe("names of those who take part", () => {
  test("two that look the same are told apart", () => {
    const sessions = new Sessions(new FakeUpstream());
    const names = ["Ana", "ana", "A\u200bna", "A\u2800na", "Аnа", "Ａna", "Ana 2", "Ben"];
    const admitted = names.map((name) => sessions.admit({ name, address: "x", access: "view" }).name);
    assert.deepEqual(admitted, ["Ana", "ana 2", "Ana 3", "Ana 4", "Аnа 5", "Ａna 6", "Ana 2 2", "Ben"]);
  });

  test("nobody is called as the host, or as us", () => {
    const sessions = new Sessions(new FakeUpstream(), { windowOf: "Hoa" });
    const name = (wanted: string) => sessions.admit({ name: wanted, address: "x", access: "view" }).name;
    assert.equal(name("H\u3164oa"), "Hoa 2");
    assert.equal(name("hoа"), "hoа 3");
    assert.equal(name("Debug Server"), "guest");
    assert.equal(name("The Host"), "guest 2");
    assert.equal(name("\u3164\u2800"), "guest 3");
    // The host itself may be called so: it is.
    assert.equal(new Sessions(new FakeUpstream(), { windowOf: "Host" }).window?.name, "Host");
  });

  test("also by the name of their program, which plain DAP gives later", async () => {
    const sessions = new Sessions(new FakeUpstream());
    const client = new MemoryClient("client");
    const participant = sessions.admit({ address: "tcp 10.0.0.2:5000", access: "control" });
    sessions.joinRoot(client.port, participant);
    await enter(client, { clientID: "x", adapterID: "x", clientName: "Debug\u2800 Server" });
    assert.equal(participant.name, "guest");
  });

  test("two hundred of the same name join without a wait", () => {
    const sessions = new Sessions(new FakeUpstream());
    const names = Array.from({ length: 200 }, () =>
      sessions.admit({ name: "Ana", address: "x", access: "view" }),
    );
    assert.equal(new Set(names.map(({ name }) => name)).size, 200);
  });
});
