import assert from "node:assert/strict";
import { type TestContext, describe, test } from "node:test";
import { type AdapterEntry, adapters, startAdapter } from "../support/adapters.ts";
import { launchServed } from "../support/joined.ts";
import { portsOf, portsOfTree } from "../support/listening.ts";
import { otherUsersScript } from "../support/otherUser.ts";
import { type Part, skipWithout } from "../support/parts.ts";
import { serveAdapter } from "../support/served.ts";

// What SECURITY.md says of the ports that debug adapters and their programs open, seen by another user of this machine.

/** Those that are open while the program stands at a breakpoint, besides our own. */
async function portsAtStop(
  t: TestContext,
  entry: AdapterEntry,
  more: Readonly<Record<string, unknown>> = {},
): Promise<number[]> {
  const served = await serveAdapter(entry);
  t.after(() => served.close());
  const { session } = entry;
  const { client } = await launchServed(served, {
    ...entry,
    session: { ...session, arguments: { ...session.arguments, ...more } },
  });
  await client.waitEvent("stopped");
  const own = portsOf(process.pid);
  return portsOfTree(process.pid).filter((port) => !own.includes(port));
}

const skip = (part: Part) => skipWithout(part) || skipWithout("otherUser");

describe("ports that an adapter opens", { timeout: 300_000 }, () => {
  for (const [name, part] of [
    ["lldb", "lldb"],
    ["cdt-gdb", "gdb"],
  ] as const)
    test(`none: ${name} on its standard streams`, { skip: skip(part) }, async (t) => {
      assert.deepEqual(await portsAtStop(t, adapters[name]), []);
    });

  test("debugpy's lets in all users of the machine", { skip: skip("debugpy") }, async (t) => {
    const ports = await portsAtStop(t, adapters.debugpy);
    // One greets every client of a child session; the other asks debugged programs for a token, which the list of processes
    // shows. Nothing is written: the adapter may fall over it.
    const script = `
      for (const port of process.argv.slice(1))
        require("node:net").connect(Number(port), "127.0.0.1").setEncoding("utf8").on("error", () => {})
          .on("data", (text) => text.split("\\n").forEach((line) => console.log(line)));`;
    const stranger = otherUsersScript(t, script, ...ports.map(String));
    await stranger.waitLine(/"event": "output".*"debugpy"/);
    await stranger.waitLine(/"command": "pydevdAuthorize"/);
  });

  test("delve's lets in its own user only", { skip: skip("delve") }, async (t) => {
    const running = await startAdapter(adapters.delve);
    t.after(() => running.dispose());
    const script = `
      require("node:net").connect(Number(process.argv[1]), "127.0.0.1")
        .on("data", () => console.log("let in")).on("error", () => {}).on("close", () => console.log("cut off"))
        .write('Content-Length: 61\\r\\n\\r\\n{"seq":1,"type":"request","command":"threads","arguments":{}}');`;
    const [line] = await otherUsersScript(t, script, String(running.port)).waitLine(/^(let in|cut off)$/);
    assert.equal(line, "cut off");
  });

  for (const [how, more, isTold] of [
    ["tells each user a program's id", {}, true],
    [
      "tells nobody, with an option for the program",
      { runtimeArgs: ["--inspect-publish-uid=stderr"] },
      false,
    ],
  ] as const)
    test(`js-debug's inspector ${how}`, { skip: skip("jsDebug") }, async (t) => {
      const ports = await portsAtStop(t, adapters["js-debug"], more);
      const script = `
        const ask = (port) => fetch("http://127.0.0.1:" + port + "/json/list").then((answer) => answer.text(), () => "");
        Promise.all(process.argv.slice(1).map(ask)).then((all) => console.log("told " + JSON.stringify(all.join())));`;
      const [told] = await otherUsersScript(t, script, ...ports.map(String)).waitLine(/^told .*$/);
      assert.equal(told.includes("webSocketDebuggerUrl"), isTold);
    });
});
