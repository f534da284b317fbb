import assert from "node:assert/strict";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { PYTHON, adapters, startAdapter } from "../../support/adapters.ts";
import { DapClient } from "../../support/dapClient.ts";
import { type Fixture, ROOT, fixtures } from "../../support/fixtures.ts";
import { otherUsersScript } from "../../support/otherUser.ts";
import { skipWithout } from "../../support/parts.ts";
import {
  type ChildSession,
  type Stop,
  begin,
  heard,
  initializeArguments,
  inspect,
  leave,
  setLines,
} from "../../support/scenario.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const DEBUGPY = ["--", PYTHON, "-m", "debugpy.adapter"] as const;
const PYTHON_PARENT = {
  ...adapters.debugpy.session.arguments,
  program: fixtures.pythonChildren.program,
  subProcess: true,
};

/** Speaks DAP to a port, and says how much it was answered until that was closed. */
const STRANGER = `
const request = JSON.stringify({ seq: 1, type: "request", command: "initialize", arguments: { adapterID: "x" } });
const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1", () =>
  socket.write("Content-Length: " + request.length + "\\r\\n\\r\\n" + request));
let bytes = 0;
socket.on("data", (chunk) => (bytes += chunk.length));
socket.on("error", () => {});
socket.on("close", () => console.log("closed " + bytes));
`;

interface Attach extends DebugProtocol.Event {
  readonly body: { readonly connect: { readonly host: string; readonly port: number } };
}

/** What an editor for Python does with the event by which debugpy asks for a child session. */
async function follow(
  t: TestContext,
  parent: DapClient,
): Promise<{ child: DapClient; offer: Attach["body"] }> {
  const { body } = await parent.waitEvent<Attach>("debugpyAttach");
  const child = await DapClient.connect({ port: body.connect.port }, { name: "editor's child" });
  t.after(() => child.kill());
  const { started } = await begin(child, "debugpy", "attach", body);
  await setLines(child, fixtures.pythonChildren.source, [fixtures.pythonChildren.line("worker")]);
  await setLines(child, fixtures.pythonChild.source, [fixtures.pythonChild.line("child")]);
  await child.request("configurationDone");
  assert.equal((await started).success, true);
  return { child, offer: body };
}

/** Steps, evaluates and looks into an object of the console, as at any stop. */
async function walk(client: DapClient, { threadId, frames }: Stop, fixture: Fixture, mark: string) {
  assert.equal(frames[0]?.line, fixture.line(mark));
  const frameId = frames[0]?.id;
  const typed = await client.request("evaluate", { expression: "[1, 2, 3]", context: "repl", frameId });
  const { variables } = await client.request("variables", { variablesReference: typed.variablesReference });
  await client.request("next", { threadId });
  const stop = await inspect(client, "answer");
  return {
    typed: typed.result,
    length: variables.length,
    line: stop.frames[0]?.line,
    answer: stop.variables.find(({ name }) => name === "answer")?.value,
  };
}

const withoutPort = ({ connect, ...rest }: Attach["body"]) => ({
  ...rest,
  subProcessId: 0,
  name: "",
  connect: { ...connect, port: 0 },
});

/** A guest in the parent is invited to a child, and joins it by the same server. */
async function invited(cli: Cli, guest: DapClient, port: number, type: string): Promise<DapClient> {
  const { configuration } = (await guest.waitRequest("startDebugging")).arguments as ChildSession;
  const child = await cli.connect(port, { name: "guest's child" });
  await begin(child, type, "attach", configuration);
  await child.request("configurationDone");
  return child;
}

describe(
  "child sessions of an editor behind `debug-server adapter`: debugpy",
  { skip: skipWithout("debugpy", "otherUser") },
  () => {
    /** The worker is one of two children that come in either order; the other never stops. */
    async function session(
      t: TestContext,
      editor: DapClient,
      atWorker?: (worker: DapClient) => Promise<unknown>,
    ) {
      const { started } = await begin(editor, "debugpy", "launch", PYTHON_PARENT);
      await editor.request("configurationDone");
      assert.equal((await started).success, true);
      const children = [await follow(t, editor), await follow(t, editor)];
      const stops = children.map(async ({ child, offer }) => ({ child, offer, stop: await inspect(child) }));
      const { child, offer, stop } = await Promise.any(stops);
      const seen = await walk(child, stop, fixtures.pythonChildren, "worker");
      await atWorker?.(child);
      await child.request("continue", { threadId: stop.threadId });
      await child.waitEvent("terminated");
      const next = await follow(t, editor);
      const last = await walk(next.child, await inspect(next.child), fixtures.pythonChild, "child");
      await next.child.request("continue", { threadId: stop.threadId });
      await editor.waitEvent("terminated");
      // debugpy stays for its other child; editors end their adapter.
      await editor.request("disconnect", {});
      for (const each of [editor, child, next.child]) each.assertNoFaults();
      return { offer: withoutPort(offer), seen, last };
    }

    test("are its own, as without it: offered by debugpy's event, driven by a connection of the editor's", async (t) => {
      const bare = DapClient.spawn(PYTHON, DEBUGPY.slice(2), {});
      t.after(() => bare.kill());
      const straight = await session(t, bare);
      const cli = new Cli(t);
      const editor = cli.editor(["adapter", "-s", "tcp:port=0", ...DEBUGPY]);
      const through = await session(t, editor);
      editor.end();
      assert.deepEqual(await editor.process?.waitExit(), { code: 0, signal: null });
      assert.deepEqual(through, straight);
      assert.deepEqual(cli.leftovers(), []);
    });

    test("are joined by who takes part in the parent, and not by other users", async (t) => {
      const cli = new Cli(t);
      const editor = cli.editor(["adapter", "-s", "tcp:port=0", ...DEBUGPY]);
      const { started } = await begin(editor, "debugpy", "launch", PYTHON_PARENT);
      const port = Number((await editor.process?.waitLine(/port=(\d+)/))?.[1]);
      const guest = await cli.connect(port, { name: "guest", onReverse: () => ({}) });
      await begin(guest, "debugpy", "attach", {});
      // What a guest has set before a child runs stops that, too.
      await setLines(guest, fixtures.pythonChild.source, [fixtures.pythonChild.line("child") + 1]);
      await guest.request("configurationDone");
      await editor.request("configurationDone");
      assert.equal((await started).success, true);
      const some = [await follow(t, editor), await follow(t, editor)];
      const guests = [await invited(cli, guest, port, "debugpy"), await invited(cli, guest, port, "debugpy")];
      const stop = await Promise.any(some.map(async ({ child }) => ({ child, at: await inspect(child) })));
      const joined = await Promise.any(guests.map(async (child) => ({ child, at: await inspect(child) })));
      assert.equal(joined.at.frames[0]?.line, fixtures.pythonChildren.line("worker"));
      // The guest steps, and the editor's own session shows it.
      await joined.child.request("next", { threadId: joined.at.threadId });
      assert.equal(
        (await inspect(stop.child, "answer")).frames[0]?.line,
        fixtures.pythonChildren.line("worker") + 1,
      );
      await joined.child.waitEvent("stopped");

      const script = otherUsersScript(t, STRANGER, String(some[0]?.offer.connect.port));
      assert.equal((await script.waitLine(/^closed (\d+)$/))[1], "0");

      await stop.child.request("continue", { threadId: stop.at.threadId });
      const { child } = await follow(t, editor);
      const follower = await invited(cli, guest, port, "debugpy");
      const first = await inspect(child);
      await inspect(follower);
      await child.request("continue", { threadId: first.threadId });
      assert.equal((await inspect(child)).frames[0]?.line, fixtures.pythonChild.line("child") + 1);
      assert.equal((await inspect(follower)).frames[0]?.line, fixtures.pythonChild.line("child") + 1);
      // Nobody but the editor was told of them by the event, and the editor is not invited beside it.
      assert.deepEqual(
        guest.events.filter(({ event }) => event === "debugpyAttach"),
        [],
      );
      assert.deepEqual(editor.reverseRequests, []);
      await leave(editor);
      await follower.waitEvent("terminated");
      for (const each of [editor, child, guest, follower]) each.assertNoFaults();
    });
  },
);

describe(
  "child sessions of an editor behind `debug-server adapter`: js-debug",
  { skip: skipWithout("jsDebug") },
  () => {
    const { session, adapterID } = adapters["js-debug"];

    async function scene(t: TestContext) {
      const cli = new Cli(t);
      const running = await startAdapter(adapters["js-debug"]);
      t.after(() => running.dispose());
      const args = ["adapter", "-s", "tcp:port=0", "--connect", `127.0.0.1:${String(running.port)}`];
      const start = () => cli.editor(args, { onReverse: () => ({}) });
      const editor = start();
      const { started } = await begin(editor, adapterID, "launch", session.arguments);
      const port = Number((await editor.process?.waitLine(/port=(\d+)/))?.[1]);
      return { cli, running, start, editor, started, port };
    }

    test("are offered as the adapter sends it, and found by the same command, started once more", async (t) => {
      const { cli, start, editor, started, port } = await scene(t);
      const guest = await cli.connect(port, { name: "guest", onReverse: () => ({}) });
      await begin(guest, adapterID, "attach", {});
      await guest.request("configurationDone");
      await editor.request("configurationDone");
      assert.equal((await started).success, true);
      const { request, configuration } = (await editor.waitRequest("startDebugging"))
        .arguments as ChildSession;
      assert.equal(typeof configuration["__pendingTargetId"], "string");
      assert.equal(configuration["debugServerSession"], undefined);

      const child = start();
      const begun = await begin(child, adapterID, request, {
        ...configuration,
        __sessionId: "an editor's own",
      });
      await setLines(child, session.fixture.source, [session.fixture.line("call")]);
      await child.request("configurationDone");
      assert.equal((await begun.started).success, true);
      const stop = await inspect(child, session.structure);
      assert.equal(stop.frames[0]?.line, session.fixture.line("call"));
      // It serves nothing of its own: guests come by the parent's server.
      assert.equal(child.process?.stderr, "");
      const joined = await invited(cli, guest, port, adapterID);
      const seen = await inspect(joined, session.structure);
      await joined.request("stepIn", { threadId: seen.threadId });
      assert.match((await inspect(child)).frames[0]?.name ?? "", /square/);
      await leave(child);
      assert.deepEqual(await child.process?.waitExit(), { code: 0, signal: null });
      await joined.waitEvent("terminated");
      await editor.waitEvent("terminated");
      await leave(editor);
      for (const each of [editor, child, guest, joined]) each.assertNoFaults();
      assert.deepEqual(cli.leftovers(), []);
    });

    test("are not taken for what another session of the same command is", async (t) => {
      const { running, start, editor, started } = await scene(t);
      await editor.request("configurationDone");
      assert.equal((await started).success, true);
      await editor.waitRequest("startDebugging");
      const other = start();
      assert.equal((await other.raw("initialize", initializeArguments(adapterID))).success, true);
      const launched = other.raw("launch", session.arguments);
      await other.process?.waitLine(/^Debugger Server/);
      await other.waitEvent("initialized");
      await other.request("configurationDone");
      assert.equal((await launched).success, true);
      await other.waitRequest("startDebugging");
      other.assertNoFaults();
      void running;
    });
  },
);

describe("child sessions of an editor behind `debug-server adapter`: at a port of their own", () => {
  const ADAPTER = ["--", process.execPath, path.join(ROOT, "test/fixtures/childServer/adapter.mjs")];
  for (const [ask, where, member] of [
    ["attachedChildSession", "__jsDebugChildServer", "config"],
    ["startDebugging", "debugServer", "configuration"],
  ] as const)
    test(`${ask} with ${where} leads to a port of ours, and is otherwise as the adapter sends it`, async (t) => {
      const cli = new Cli(t);
      const editor = cli.editor(["adapter", "-s", "tcp:port=0", "--quiet", ...ADAPTER], {
        onReverse: () => ({}),
      });
      await begin(editor, "any", "launch", { ask, where });
      const port = Number((await editor.process?.waitLine(/port=(\d+)/))?.[1]);
      const guest = await cli.connect(port, { name: "guest", onReverse: () => ({}) });
      await begin(guest, "any", "attach", {});
      await guest.request("configurationDone");
      await editor.request("configurationDone");
      const request = await editor.waitRequest(ask);
      const said = await editor.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) =>
        /^port/.test(body.output),
      );
      const order = editor.transcript.map(({ message }) => message);
      assert.ok(order.indexOf(request) < order.indexOf(said));
      const args = request.arguments as Record<string, Record<string, unknown>>;
      const { [where]: own, ...rest } = args[member] ?? {};
      assert.deepEqual(rest, { type: "any", request: "attach", name: "Child", which: "the child" });
      assert.notEqual(`port ${String(own)}\n`, said.body.output);
      assert.equal(typeof own, where === "debugServer" ? "number" : "string");
      await heard(editor, "asked true");

      const child = await DapClient.connect({ port: Number(own) }, { name: "child", checkSeq: true });
      t.after(() => child.kill());
      await begin(child, "any", "attach", args[member]);
      const joined = invited(cli, guest, port, "any");
      await child.request("configurationDone");
      await heard(child, "attached to the child");
      await heard(child, "the child runs");
      await heard(await joined, "the child runs");
      assert.equal(editor.reverseRequests.length, 1);
      await child.request("disconnect", {});
      await child.closed;
      await (await joined).waitEvent("terminated");
      for (const each of [editor, child, guest]) each.assertNoFaults();
    });
});
