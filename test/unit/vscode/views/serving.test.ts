import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type TestContext, describe, test } from "node:test";
import { parseServer } from "../../../../src/address/parse.ts";
import { once } from "../../../../src/common/event.ts";
import { nullLogger } from "../../../../src/common/logger.ts";
import { Registry } from "../../../../src/host/registry.ts";
import { Sessions } from "../../../../src/hub/sessions.ts";
import { type ServableSession, type ServedServer, Serving } from "../../../../src/vscode/host/serving.ts";
import { insecurity, serverLabel } from "../../../../src/vscode/views/serverRow.ts";
import { servingRows } from "../../../../src/vscode/views/servingRows.ts";
import { statusOf } from "../../../../src/vscode/views/status.ts";
import { editorOver, joinLinked } from "../../../support/linked.ts";
import { freePort } from "../../../support/process.ts";
import { initializeArguments } from "../../../support/scenario.ts";
import { FakeUpstream } from "../../hub/fakeUpstream.ts";

/** A window that serves; real servers, real guests, and an adapter in memory. */
function window(t: TestContext) {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dsv-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const serving = new Serving({
    logger: nullLogger,
    registry: new Registry(directory),
    admit: () => async () => "control",
  });
  t.after(() => serving.close("The test is over."));
  return {
    serving,
    debug: (id: string): ServableSession => {
      const sessions = new Sessions(new FakeUpstream());
      const session: ServableSession = { id, name: `Launch ${id}`, type: "node", sessions };
      serving.add(session);
      return session;
    },
    serve: (session: ServableSession, text: string) => serving.start(session, address(text)),
    /** Somebody comes in by the server and takes part. */
    enter: async ({ host, hosted }: ServedServer, name: string): Promise<void> => {
      const guest = await joinLinked(hosted.join, name);
      t.after(() => guest.link.close());
      const client = editorOver(await guest.openSession());
      t.after(() => client.kill());
      const joined = once(host.sessions.onJoined);
      await client.request("initialize", initializeArguments("fake"));
      await client.request("launch", {});
      await client.request("configurationDone");
      await joined;
    },
  };
}

function address(text: string) {
  const parsed = parseServer(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

describe("the view of what is served", () => {
  test("is empty without servers, whatever could be served", (t) => {
    const { serving, debug } = window(t);
    debug("shop");
    assert.deepEqual(servingRows(serving.servers, [], 0), []);
    assert.equal(statusOf(serving.servers), undefined);
  });

  test("sessions, their servers, their guests", async (t) => {
    const { serving, debug, serve, enter } = window(t);
    const [shop, till] = [debug("shop"), debug("till")];
    const first = await serve(shop, "tcp:port=0,insecure,bind=127.0.0.1");
    const other = await serve(till, "tcp:port=0");
    const second = await serve(shop, "tcp:port=0");
    await enter(first, "Ana");

    const rows = servingRows(serving.servers, [], Date.now());
    assert.deepEqual(
      rows.map(({ presentation }) => [
        presentation.id,
        presentation.label,
        presentation.description,
        presentation.context,
      ]),
      [
        ["session/shop", "Launch shop", "node · 1 guest", "session"],
        ["session/till", "Launch till", "node · no guests", "session"],
      ],
    );
    const [served, quiet] = rows[0]?.children ?? [];
    assert.ok(served !== undefined && quiet !== undefined);
    assert.ok("served" in served && served.served === first && served.session === shop);
    assert.ok("served" in quiet && quiet.served === second);
    assert.equal(served.presentation.icon.name, "warning");
    assert.match(served.presentation.description, /^insecure! · tcp:port=\d+,bind=127\.0\.0\.1,insecure$/);
    assert.match(
      served.presentation.spoken,
      /^Server, TCP port \d+, insecure: Every program .*, 1 guest, tcp:/,
    );
    assert.equal(quiet.presentation.icon.name, "broadcast");
    assert.equal(quiet.presentation.description, second.hosted.server.connectionString);
    assert.equal(quiet.presentation.tooltip.warning, undefined);
    assert.equal(
      new Map(quiet.presentation.tooltip.facts).get("Lets in"),
      "your own programs, when you let them in",
    );
    assert.equal(new Set([served, quiet, ...rows].map(({ presentation }) => presentation.id)).size, 4);

    const [guest] = served.children;
    assert.ok(guest !== undefined && "guest" in guest && guest.host === first.host);
    assert.equal(guest.presentation.label, "Ana");
    assert.match(guest.presentation.description, /^control · (\d+ ms · )?active now$/);
    assert.deepEqual(
      rows[1]?.children.map((row) => "served" in row && row.served),
      [other],
    );
    assert.deepEqual(
      rows[1]?.children[0]?.children.map(({ presentation }) => [presentation.label, presentation.context]),
      [["No guests yet", "nobody"]],
    );

    const status = statusOf(serving.servers);
    assert.equal(status?.text, "$(broadcast) 1 guest");
    assert.equal(status?.warning, false);
    assert.match(status?.spoken ?? "", /^Debug Server, 3 servers, 1 guest$/);
    assert.deepEqual(
      status?.tooltip.facts.map(([name]) => name),
      ["Launch shop", "Launch till", "Launch shop"],
    );
  });

  test("a server that is open to the network colours the status bar", async (t) => {
    const { serving, debug, serve } = window(t);
    await serve(debug("shop"), "tcp:port=0,insecure");
    const status = statusOf(serving.servers);
    assert.equal(status?.text, "$(broadcast) No guests");
    assert.equal(status?.warning, true);
    assert.match(status?.tooltip.warning ?? "", /^Whoever can reach this machine/);
    assert.match(
      servingRows(serving.servers, [], 0)[0]?.presentation.tooltip.warning ?? "",
      /^Whoever can reach/,
    );
  });
});

test("a guest's breakpoint that is not in VS Code's list: whose, where, when, and why", async (t) => {
  const { serving, debug, serve, enter } = window(t);
  const served = await serve(debug("shop"), "tcp:port=0,insecure,bind=127.0.0.1");
  await enter(served, "Ana");
  const guest = served.host.guests()[0]?.participant.id;
  const rows = (more: object, others = ["Other [x](command:y)"], isSecond = false) => {
    const spec = { line: 9, ...more };
    const held = { tree: "shop", key: "file:///p/app.js", spec, guest, others, isSecond };
    const all = servingRows(serving.servers, [], 0, [held, { ...held, tree: "another" }]);
    return all[0]?.children
      .slice(1)
      .map(({ presentation }) => [presentation.label, presentation.description]);
  };
  const why = "not in your list while “Other [x] (command:y)” runs";
  assert.deepEqual(rows({ condition: "i > 3" }), [["app.js:9", `Ana · ${why} · when i > 3`]]);
  assert.deepEqual(rows({ logMessage: "$(x)\n{i}", hitCondition: ">5" }), [
    ["app.js:9", `Ana · ${why} · at hits >5, that logs $ (x)\ufffd{i}`],
  ]);
  assert.deepEqual(rows({ condition: "i" }, []), [
    ["app.js:9", "Ana · changes your breakpoint, in this session only · when i"],
  ]);
  assert.deepEqual(rows({ condition: "i" }, [], true), [
    ["app.js:9", "Ana · the second one there, where your list has one · when i"],
  ]);
  const long = `i > ${"9".repeat(100)}`;
  assert.deepEqual(rows({ condition: long }), [["app.js:9", `Ana · ${why} · when i > ${"9".repeat(20)}…`]]);
  const held = {
    tree: "shop",
    key: "file:///p/app.js",
    spec: { line: 9, condition: long },
    guest,
    others: [],
    isSecond: false,
  };
  const row = servingRows(serving.servers, [], 0, [held])[0]?.children.at(-1);
  for (const text of [row?.presentation.tooltip.title, row?.presentation.spoken])
    assert.ok(text?.includes(long), text);
});

test("a server that calls its guest: that it does, why it is in vain, and that it has got it", async (t) => {
  const { serving, debug, serve, enter } = window(t);
  const port = await freePort();
  const shop = debug("shop");
  const failed = once(serving.onChanged);
  const served = await serve(shop, `tcp:port=${port},clicon=localhost`);
  const presentation = () => servingRows(serving.servers, [], Date.now())[0]?.children[0]?.presentation;
  const until = async (pattern: RegExp) => {
    while (!pattern.test(JSON.stringify(presentation()))) await once(serving.onChanged);
  };
  await failed;
  assert.equal(presentation()?.label, `TCP to localhost:${port}`);
  assert.equal(presentation()?.description, `calling localhost… · tcp:port=${port},clicon=localhost`);
  await until(/Last call/);
  assert.match(new Map(presentation()?.tooltip.facts).get("Last call") ?? "", /nobody listens there/);
  assert.match(presentation()?.spoken ?? "", /, calling localhost…, no guests, /);
  assert.equal(served.hosted.join, `tcp:clicon=localhost,port=${port}`);

  await enter(served, "Ana");
  assert.equal(presentation()?.description, `connected · tcp:port=${port},clicon=localhost`);
  assert.equal(new Map(presentation()?.tooltip.facts).has("Last call"), false);
  const left = once(served.host.sessions.onLeft);
  served.host.removeGuest(served.host.guests()[0]?.participant.id ?? -1);
  await left;
  await until(/calling localhost…/);
});

describe("what servers are called", () => {
  const labels: Record<string, string> = {
    "tcp:port=5005": "TCP port 5005",
    "tcp:port=5005,clicon=box": "TCP to box:5005",
    "ssl:proto=tls1,certuser=me,port=5005": "TLS port 5005",
    "ssl:proto=tls1,certuser=me,port=5005,clicon=box": "TLS to box:5005",
    "npipe:pipe=shop": "Pipe shop",
    "spipe:proto=tls1,certuser=me,pipe=shop": "TLS pipe shop",
    "com:port=/dev/ttyS0,baud=115200,channel=3": "Serial line /dev/ttyS0, channel 3",
  };
  for (const [text, label] of Object.entries(labels))
    test(text, () => assert.equal(serverLabel(address(text)), label));

  test("what is open is called so, by what it is open to", () => {
    for (const text of [
      "tcp:port=5005",
      "tcp:port=5005,clicon=::1",
      "npipe:pipe=x",
      "tcp:port=5,password=abc",
    ])
      assert.equal(insecurity(address(text)), undefined, text);
    assert.equal(insecurity(address("com:port=2,baud=9600,channel=0,password=abc")), undefined);
    for (const [text, badge, warning] of [
      ["tcp:port=5005,insecure", "insecure", /^Whoever can reach this machine can join without/],
      [
        "tcp:port=5005,insecure,bind=::1",
        "insecure",
        /^Every program and user of this machine can join without/,
      ],
      ["tcp:port=5005,clicon=box,insecure", "insecure", /^Whoever answers at box can join without/],
      [
        "tcp:port=5005,clicon=::1,insecure",
        "insecure",
        /^Every program and user of this machine can join without/,
      ],
      ["npipe:pipe=x,insecure", "insecure", /can join without a password; you are not asked\.$/],
      ["tcp:port=5005,any-user", "any user", /^Every program and user of this machine can ask to join, /],
      ["com:port=2,baud=9600,channel=0", "no password", /^Whatever is at the other end .* can ask to join, /],
      [
        "com:port=2,baud=9600,channel=0,insecure",
        "insecure",
        /^Whatever is at the other end .* can join without/,
      ],
    ] as const) {
      const found = insecurity(address(text));
      assert.equal(found?.badge, badge, text);
      assert.match(found.warning, warning);
    }
  });
});
