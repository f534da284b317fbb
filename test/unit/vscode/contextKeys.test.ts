import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { DapClient } from "../../support/dapClient.ts";
import { initializeArguments } from "../../support/scenario.ts";
import { FakeUpstream } from "../hub/fakeUpstream.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import { once } from "../../../src/common/event.ts";
import { nullLogger } from "../../../src/common/logger.ts";
import { PRODUCT } from "../../../src/common/product.ts";
import { Registry } from "../../../src/host/registry.ts";
import { Sessions } from "../../../src/hub/sessions.ts";
import { contextOf } from "../../../src/vscode/contextKeys.ts";
import { Joins } from "../../../src/vscode/guest/joins.ts";
import { guestsOf, servedSessions, Serving } from "../../../src/vscode/host/serving.ts";
import { JoinRequests } from "../../../src/vscode/joinRequests.ts";
import { CONTEXT } from "../../../src/vscode/names.ts";

test("the keys of when clauses follow what the window serves and joins", async (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsc-"));
  const serving = new Serving({
    logger: nullLogger,
    registry: new Registry(directory),
    admit: () => undefined,
  });
  const joins = new Joins();
  const requests = new JoinRequests();
  t.after(async () => {
    joins.dispose();
    await serving.close("The test is over.");
    rmSync(directory, { recursive: true, force: true });
  });
  const now = () =>
    Object.entries(contextOf(serving, joins, requests))
      .filter(([, value]) => value)
      .map(([key]) => key);
  assert.deepEqual(now(), []);

  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const sessions = new Sessions(upstream, { name: "a.c" });
  const session = { id: "1", name: "a.c", type: "fake", sessions };
  serving.add(session);
  assert.deepEqual(now(), [CONTEXT.hasSession]);

  const address = parseServer("tcp:port=0");
  assert.ok(address.ok);
  const served = await serving.start(session, address.value);
  assert.deepEqual(now(), [CONTEXT.hasSession, CONTEXT.isServing]);
  assert.deepEqual(servedSessions(serving), [session]);

  const join = parseClient(served.hosted.join);
  assert.ok(join.ok && join.value.kind === "tcp");
  const client = await DapClient.connect({ port: join.value.port });
  t.after(() => client.kill());
  const came = once(sessions.onJoined);
  await client.request("initialize", { ...initializeArguments("fake"), clientName: "Kim" });
  await client.request("launch", {});
  await came;
  assert.deepEqual(now(), [CONTEXT.hasSession, CONTEXT.isServing, CONTEXT.hasGuests]);
  assert.deepEqual(
    guestsOf(serving).map(({ info }) => info.participant.name),
    ["Kim"],
  );
  const left = once(sessions.onLeft);
  await client.kill();
  await left;
  assert.deepEqual(now(), [CONTEXT.hasSession, CONTEXT.isServing]);

  await joins.join(join.value, { name: "Lee", client: PRODUCT }, {});
  assert.deepEqual(now(), [CONTEXT.hasSession, CONTEXT.isServing, CONTEXT.isGuest]);

  const closed = once(joins.onChanged);
  await serving.stop(served);
  await closed;
  assert.deepEqual(now(), [CONTEXT.hasSession]);
  const ended = once(sessions.onEnd);
  sessions.end("The test is over.");
  await ended;
  assert.deepEqual(now(), []);
});
