import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, before, describe, test } from "node:test";
import type { DapClient } from "../support/dapClient.ts";
import { ROOT } from "../support/fixtures.ts";
import { joinLinked, trustingEditorOver } from "../support/linked.ts";
import { begin, heard, initializeArguments } from "../support/scenario.ts";
import { Cli, buildCli } from "./cli/cli.ts";

before(buildCli);

const ADAPTER = ["--", process.execPath, path.join(ROOT, "test/fixtures/askingAdapter/adapter.mjs")];
const SERVERS = ["tcp:port=0", "npipe:pipe=asking"];
const EDITOR = { onReverse: () => ({}) };

/** A served adapter that asks for this and that when its program runs. */
async function serve(t: TestContext) {
  const cli = new Cli(t);
  const { port, joins } = await cli.serve(SERVERS, ADAPTER);
  return { cli, port, join: joins[1] ?? "" };
}

/** The client starts the program; then the adapter has been answered all that it asks, in these words. */
async function run(client: DapClient, ...answers: readonly string[]): Promise<void> {
  await client.request("configurationDone");
  for (const answer of answers) await heard(client, answer);
  await heard(client, "asked all");
}

function asked(client: DapClient): string[] {
  return client.reverseRequests.map(({ command }) => command);
}

describe("what an adapter asks of the client that started the program", () => {
  test("a plain client that opens terminals is asked for one, and for nothing else", async (t) => {
    const { cli, port } = await serve(t);
    const client = await cli.connect(port, EDITOR);
    await begin(client, "any", "launch", {});
    await run(client, "terminal true", "runInTerminal done", "launchVSCode notSupported");
    assert.deepEqual(asked(client), ["runInTerminal"]);
    client.assertNoFaults();
  });

  test("a plain client that opens none is asked for nothing", async (t) => {
    const { cli, port } = await serve(t);
    const client = await cli.connect(port, EDITOR);
    await client.request("initialize", {
      ...initializeArguments("any"),
      supportsRunInTerminalRequest: false,
    });
    await client.request("launch", {});
    await run(client, "runInTerminal notSupported", "launchVSCode notSupported");
    assert.deepEqual(asked(client), []);
  });

  test("who joins is asked for nothing, over plain DAP or the link", async (t) => {
    const { cli, port, join } = await serve(t);
    const driver = await cli.connect(port, EDITOR);
    await begin(driver, "any", "launch", {});
    const guests = [await cli.connect(port, EDITOR), cli.editor(["join", join], EDITOR)];
    for (const guest of guests) {
      await begin(guest, "any", "attach", {});
      await guest.request("configurationDone");
    }
    await run(driver, "runInTerminal done", "launchVSCode notSupported");
    for (const guest of guests) {
      await heard(guest, "asked all");
      assert.deepEqual(asked(guest), []);
    }
  });

  test("nobody else is asked when the one who started it has left", async (t) => {
    const { cli, port } = await serve(t);
    const driver = await cli.connect(port, EDITOR);
    await begin(driver, "any", "launch", {});
    const guest = await cli.connect(port, EDITOR);
    await begin(guest, "any", "attach", {});
    await driver.kill();
    await run(guest, "runInTerminal notSupported", "launchVSCode notSupported");
    assert.deepEqual(asked(guest), []);
  });

  test("`debug-server join` that happens to start it: no terminal is promised, and none asked for", async (t) => {
    const { cli, join } = await serve(t);
    const client = cli.editor(["join", join], EDITOR);
    await begin(client, "any", "launch", {});
    await run(client, "terminal false", "runInTerminal notSupported", "launchVSCode notSupported");
    assert.deepEqual(asked(client), []);
    client.assertNoFaults();
  });

  test("a guest of the link that lets everything pass is asked for nothing by the hub", async (t) => {
    const { port } = await serve(t);
    const joined = await joinLinked(`tcp:server=localhost,port=${port}`, "of the past");
    t.after(() => joined.link.close());
    const { id } = await joined.findSession();
    const client = trustingEditorOver(await joined.link.openSession(id), EDITOR);
    t.after(() => client.kill());
    await begin(client, "any", "launch", {});
    await run(client, "terminal true", "runInTerminal notSupported", "launchVSCode notSupported");
    assert.deepEqual(asked(client), []);
  });

  test("a local editor is asked for all, as by the adapter itself", async (t) => {
    const cli = new Cli(t);
    const editor = cli.editor(["adapter", "-s", "npipe:pipe=front", ...ADAPTER], EDITOR);
    await begin(editor, "any", "launch", {});
    await run(editor, "terminal true", "runInTerminal done", "launchVSCode done");
    assert.deepEqual(asked(editor), ["runInTerminal", "launchVSCode"]);
    editor.assertNoFaults();
  });
});
