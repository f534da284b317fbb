import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { ServerAddress } from "../../../../src/address/model.ts";
import { parseServer } from "../../../../src/address/parse.ts";
import { once } from "../../../../src/common/event.ts";
import { nullLogger } from "../../../../src/common/logger.ts";
import { Registry } from "../../../../src/host/registry.ts";
import { type ServableSession, Serving } from "../../../../src/vscode/host/serving.ts";
import { DapClient } from "../../../support/dapClient.ts";
import { begin, outputOf } from "../../../support/scenario.ts";
import { FakeWindow } from "./fakeWindow.ts";

function address(text: string): ServerAddress {
  const parsed = parseServer(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

/** What a window serves, listed where no other test looks. */
function servingIn(t: TestContext): { serving: Serving; registry: Registry } {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsv-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const registry = new Registry(directory);
  const serving = new Serving({ logger: nullLogger, registry, admit: () => undefined });
  return { serving, registry };
}

async function session(window?: FakeWindow): Promise<ServableSession & { window: FakeWindow }> {
  const running = window ?? (await FakeWindow.started());
  return {
    id: running.id,
    name: running.name,
    type: running.type,
    sessions: running.sessions,
    window: running,
  };
}

async function join(serving: Serving): Promise<DapClient> {
  const [server] = serving.servers;
  assert.ok(server !== undefined && "ports" in server.hosted.server.address);
  const client = await DapClient.connect({ port: server.hosted.server.address.ports.first });
  await begin(client, "any", "attach", {});
  await client.request("configurationDone");
  return client;
}

test("a session is served until it is stopped: guests are told, and the session goes on", async (t) => {
  const { serving, registry } = servingIn(t);
  const running = await session();
  serving.add(running);
  const served = await serving.start(running, address("tcp:port=0"));
  assert.deepEqual(
    (await registry.list()).map(({ session: label }) => label),
    [{ name: "a.c", type: "fake" }],
  );
  const client = await join(serving);
  await serving.stop(served);
  await client.closed;
  assert.match(outputOf(client), /The host no longer serves this session\./);
  assert.deepEqual(serving.servers, []);
  assert.deepEqual(await registry.list(), []);
  assert.equal(serving.servable.length, 1);
  assert.equal(running.window.adapter.commands("disconnect").length, 0);
  running.window.upstream.ended("over");
});

test("with the session its servers end, and what has ended cannot be served", async (t) => {
  const { serving, registry } = servingIn(t);
  const running = await session();
  serving.add(running);
  const served = await serving.start(running, address("tcp:port=0"));
  const client = await join(serving);
  running.window.upstream.ended("The debug session has ended.");
  await client.waitEvent("terminated");
  assert.deepEqual(serving.servable, []);
  client.end();
  await once(served.host.onServerClosed);
  assert.deepEqual(await registry.list(), []);
  await assert.rejects(serving.start(running, address("tcp:port=0")), /has ended meanwhile/);
});

test("a session that VS Code restarts under its old id is served again where it was", async (t) => {
  const { serving } = servingIn(t);
  const started: string[] = [];
  serving.onSession(({ name }) => started.push(name));
  const running = await session();
  serving.add(running);
  await serving.start(running, address("tcp:port=0"));
  const before = serving.servers[0]?.hosted.server.connectionString;
  running.window.upstream.ended("restarted");
  const again = await session();
  serving.add(again);
  while (serving.servers[0]?.session !== again) await once(serving.onChanged);
  assert.equal(serving.servers[0]?.hosted.server.connectionString, before);
  assert.deepEqual(started, ["a.c"]);
  await (await join(serving)).kill();
  again.window.upstream.ended("over");
});

test("the window closes: everybody is told, and no listing stays", async (t) => {
  const { serving, registry } = servingIn(t);
  const running = await session();
  serving.add(running);
  await serving.start(running, address("tcp:port=0"));
  await serving.start(running, address("npipe:pipe=closing_%d"));
  assert.equal((await registry.list()).length, 2);
  const client = await join(serving);
  await serving.close("The host's window has closed.");
  await client.closed;
  assert.match(outputOf(client), /The host's window has closed\./);
  assert.deepEqual(await registry.list(), []);
  running.window.upstream.ended("over");
});
