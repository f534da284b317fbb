import assert from "node:assert/strict";
import { type TestContext, before, describe, test } from "node:test";
import { REQUEST_NAMES, commandOf } from "../../support/specification.ts";
import { maliciousHost } from "../../support/maliciousHost.ts";
import { begin, outputOf } from "../../support/scenario.ts";
import { Cli, buildCli } from "./cli.ts";

before(buildCli);

const SECRET = "s3cr3t-of-the-guest";
const OWN = { type: "debug-server", name: "Ann's", request: "attach" };

describe("a host that means ill, and an editor that joins it by `debug-server join`", () => {
  async function attacked(t: TestContext) {
    const cli = new Cli(t);
    const host = await maliciousHost(t);
    const args = ["join", `tcp:server=127.0.0.1,port=${host.port}`];
    const editor = cli.editor(args, { onReverse: () => ({ secret: SECRET }) }, undefined, { SECRET });
    await begin(editor, "any", "attach", OWN);
    await editor.request("configurationDone");
    return { host, editor, session: await host.session() };
  }

  test("no request of it reaches the editor; each is answered that it is not supported", async (t) => {
    const { editor, session } = await attacked(t);
    const others = ["launchVSCode", "attachToTerminal", "launchUnelevated", "cmd"];
    for (const command of [...REQUEST_NAMES.map(commandOf), ...others]) {
      const args = { kind: "integrated", cwd: "/", args: ["touch", "/tmp/never"], request: "launch" };
      const { success, message } = await session.ask(command, args);
      const expected = command === "startDebugging" ? "badArguments" : "notSupported";
      assert.deepEqual([success, message], [false, expected], command);
    }
    await editor.request("threads");
    assert.deepEqual(editor.reverseRequests, []);
    editor.assertNoFaults();
  });

  test("a child session comes with the editor's own configuration, whatever the host writes", async (t) => {
    const { host, editor, session } = await attacked(t);
    const configuration = {
      type: "evil",
      name: "${env:SECRET}",
      request: "launch",
      adapter: ["touch", "/tmp/never"],
      configuration: { request: "launch" },
      preLaunchTask: "x",
      postDebugTask: "x",
      serverReadyAction: { action: "openExternally", uriFormat: "https://evil" },
      debugServer: 4711,
      nested: { deep: ["${command:workbench.action.quit}"] },
      debugServerSession: "2",
      debugServerTicket: "00ff",
    };
    const answer = await session.ask("startDebugging", { request: "launch", configuration });
    assert.deepEqual([answer.success, answer.body], [true, undefined]);
    assert.deepEqual(
      editor.reverseRequests.map(({ command, arguments: args }) => [command, args as unknown]),
      [
        [
          "startDebugging",
          {
            request: "attach",
            configuration: {
              ...OWN,
              name: "Child session 1",
              debugServerSession: "2",
              debugServerTicket: "00ff",
              debugServerDepth: 1,
            },
          },
        ],
      ],
    );
    for (const debugServerSession of ["${env:SECRET}", "../x", ["2"], "x".repeat(1000)]) {
      const { message } = await session.ask("startDebugging", { configuration: { debugServerSession } });
      assert.equal(message, "badArguments");
    }
    assert.doesNotMatch(JSON.stringify(host.heard), new RegExp(SECRET));
    assert.equal(editor.reverseRequests.length, 1);
  });

  test("events that DAP does not name stay away, and the end asks nobody to begin anew", async (t) => {
    const { editor, session } = await attacked(t);
    session.event("debugpyAttach", { connect: { host: "evil", port: 1 } });
    session.event("terminated", { restart: { evil: true } });
    const terminated = await editor.waitEvent("terminated");
    assert.equal(terminated.body, undefined);
    assert.deepEqual(
      editor.events.map(({ event }) => event),
      ["initialized", "terminated"],
    );
  });

  test("what is no message ends the session, and the editor is told why", async (t) => {
    const { editor, session } = await attacked(t);
    session.text("{'type':'request'}");
    await editor.waitEvent("terminated");
    assert.match(outputOf(editor), /^Debug Server: The host has sent a message that is not a JSON object\./m);
    await editor.request("disconnect", {});
    assert.deepEqual(await editor.process?.waitExit(), { code: 1, signal: null });
    editor.assertNoFaults();
  });
});
