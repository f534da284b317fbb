import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import { usePki } from "../support/pki.ts";
import { freePort } from "../support/process.ts";
import { Relay } from "../support/relay.ts";
import { begin, leave } from "../support/scenario.ts";
import { noisyLine } from "../support/serialLines.ts";
import { step, stopAt } from "../support/steps.ts";
import { Cli, type Serve, buildCli } from "./cli/cli.ts";

const { javascriptLoop } = fixtures;
const SERIAL = "over a serial line";
const PASSWORD = "zq7Kx-resume";

const tcp = (port: number) => `tcp:server=localhost,port=${port}`;

/** Resolves with what the editor is told of its connection. */
async function told(client: DapClient, text: RegExp): Promise<string> {
  const { body } = await client.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) =>
    text.test(body.output),
  );
  return body.output;
}

const BROKEN = /^Debug Server: .+ Reconnecting, for 60 s at most; what you do meanwhile is kept\.\n$/;
const BACK = /^Debug Server: Connected again; nothing is lost\.\n$/;

/** The lines of `.clients`, as a guest sees them that is in by another way. */
async function clients(witness: DapClient): Promise<string[]> {
  const { result } = await witness.request("evaluate", { expression: ".clients", context: "repl" });
  return result.split("\n");
}

/** Joins what stands already, to look on. */
async function lookOn(client: DapClient): Promise<DapClient> {
  await begin(client, "node", "attach", {});
  await client.request("configurationDone");
  await client.waitEvent("stopped");
  return client;
}

/** How often it was told that the program stopped. */
function stopsOf({ transcript }: DapClient): number {
  return transcript.filter(({ message }) => "event" in message && message.event === "stopped").length;
}

describe("a broken connection", { concurrency: true }, () => {
  const pki = usePki();
  before(buildCli);

  const env = () => ({
    ...pki.hosts,
    RIGHT: PASSWORD,
  });

  interface Scene {
    readonly cli: Cli;
    readonly serving: Serve;
    readonly relay: Pick<Relay, "cut" | "mend">;
    readonly guest: DapClient;
  }

  /** What differs between the ways to a host: how it is served, and how it is joined through a relay. */
  const ways: Readonly<Record<string, (t: TestContext) => Promise<Scene>>> = {
    "over TCP": (t) => through(t, "tcp:port=0", tcp),
    "over TCP with a password": (t) =>
      through(t, "tcp:port=0,password=env:RIGHT", (port) => `${tcp(port)},password=env:RIGHT`),
    "over TLS with a certificate": (t) =>
      through(
        t,
        "ssl:port=0,proto=tls1,certuser=devbox",
        (port) => `ssl:proto=tls1,server=localhost,port=${port},certuser=devbox`,
      ),
    "to a guest that the server calls": async (t) => {
      const cli = new Cli(t);
      const port = await freePort();
      const relay = await Relay.start(t, port);
      const serving = await cli.serve(
        [`tcp:clicon=localhost,port=${relay.port}`, "npipe:pipe=witness"],
        ["--node", javascriptLoop.program],
      );
      const guest = cli.editor(["join", `tcp:clicon=localhost,port=${port}`, "--name", "Fay"]);
      return { cli, serving, relay, guest };
    },
    [SERIAL]: async (t) => {
      const line = await noisyLine(921_600, {}, {});
      t.after(() => line.dispose());
      const { cli, serving } = await served(t, `com:port=${line.far},baud=921600,channel=1`);
      const guest = cli.editor(["join", `com:port=${line.near},baud=921600,channel=1`, "--name", "Fay"]);
      const relay = { cut: async () => line.cut(true), mend: () => line.cut(false) };
      return { cli, serving, relay, guest };
    },
  };

  async function served(t: TestContext, server: string, program = javascriptLoop.program) {
    const cli = new Cli(t);
    return {
      cli,
      serving: await cli.serve([server, "npipe:pipe=witness"], ["--node", program], undefined, env()),
    };
  }

  async function through(t: TestContext, server: string, client: (port: number) => string): Promise<Scene> {
    const { cli, serving } = await served(t, server);
    const relay = await Relay.start(t, Number(/port=(\d+)/.exec(serving.joins[0] ?? "")?.[1]));
    const guest = cli.editor(["join", client(relay.port), "--name", "Fay"], {}, undefined, env());
    return { cli, serving, relay, guest };
  }

  /** A guest that stands, and has lost its connection. */
  async function cutOff(t: TestContext, server: string): Promise<Scene> {
    const scene = await through(t, server, tcp);
    await stopAt(scene.guest, javascriptLoop, "tick");
    await scene.relay.cut();
    await told(scene.guest, BROKEN);
    return scene;
  }

  for (const [way, scene] of Object.entries(ways)) {
    test(`${way}: is restored; the step that was asked for meanwhile is made, once`, async (t) => {
      const { cli, serving, relay, guest } = await scene(t);
      const { threadId } = await stopAt(guest, javascriptLoop, "tick");
      const witness = await lookOn(cli.editor(["join", serving.joins[1] ?? ""]));

      await relay.cut();
      await told(guest, BROKEN);
      const stepped = step(guest, threadId);
      await serving.reported("away", "Fay");
      const [line = ""] = (await clients(witness)).filter((each) => each.startsWith("Fay "));
      assert.match(line, / \(reconnecting\)$/);
      relay.mend();
      await told(guest, BACK);
      await serving.reported("back", "Fay");
      await stepped;
      await witness.waitEvent("stopped");

      // And once more, while nobody asks anything; that a serial line is dead is known after 20 s only.
      const cuts = way === SERIAL ? 1 : 2;
      if (cuts === 2) {
        await relay.cut();
        await told(guest, BROKEN);
        relay.mend();
        await told(guest, BACK);
        await step(guest, threadId);
        await witness.waitEvent("stopped");
      }
      assert.equal(stopsOf(witness), 1 + cuts);
      assert.equal(stopsOf(guest), 1 + cuts);
      assert.equal(serving.events().filter(({ event }) => event === "joined").length, 2);

      await guest.request("continue", { threadId });
      await leave(guest, false);
      guest.assertNoFaults();
      await serving.reported("left", "Fay");
    });
  }

  test("nothing of what a program says is lost or comes twice, however often the line is cut", async (t) => {
    const program = path.join(pki.directory, "count.js");
    writeFileSync(program, 'let n = 0;\nsetInterval(() => console.log("n=" + n++), 2);\n');
    const { cli, serving } = await served(t, "tcp:port=0", program);
    const relay = await Relay.start(t, serving.port);
    const guest = cli.editor(["join", tcp(relay.port)]);
    await begin(guest, "node", "attach", {});
    await guest.request("configurationDone");
    const said = () => {
      const outputs = guest.transcript.flatMap(({ message }) =>
        "event" in message && message.event === "output"
          ? [(message as DebugProtocol.OutputEvent).body.output]
          : [],
      );
      return [...outputs.join("").matchAll(/^n=(\d+)$/gm)].map(([, n]) => Number(n));
    };
    for (let cut = 0; cut < 5; cut++) {
      const before = said().at(-1) ?? 0;
      await guest.waitEvent<DebugProtocol.OutputEvent>(
        "output",
        ({ body }) => Number(/^n=(\d+)$/m.exec(body.output)?.[1]) > before + 50,
      );
      await relay.cut();
      await told(guest, BROKEN);
      relay.mend();
      await told(guest, BACK);
    }
    const all = said();
    assert.ok(all.length > 250);
    assert.deepEqual(
      all,
      all.map((_, i) => (all[0] ?? 0) + i),
    );
  });

  test("a host that has started anew knows the guest no more, and says so", async (t) => {
    const { cli, serving } = await served(t, "tcp:port=0");
    const relay = await Relay.start(t, serving.port);
    const guest = cli.editor(["join", tcp(relay.port)]);
    await stopAt(guest, javascriptLoop, "tick");
    await serving.process.kill();
    await told(guest, BROKEN);
    await served(t, `tcp:port=${serving.port}`);
    assert.match(
      await told(guest, /Join again/),
      /The host does not know this connection any more\. Join again\./,
    );
    await guest.waitEvent("terminated");
    guest.assertNoFaults();
  });

  test("a place is kept until somebody else needs it, and then that is told", async (t) => {
    const { cli, serving, relay, guest } = await cutOff(t, "tcp:port=0,maxclients=1");
    await serving.reported("away", "Fay");
    const other = cli.editor(["join", tcp(serving.port), "--name", "Toni"]);
    await lookOn(other);
    await serving.reported("left", "Fay");
    relay.mend();
    await told(guest, /Others have taken your place while you were away/);
    await guest.waitEvent("terminated");
  });

  test("who leaves meanwhile need not wait; the host keeps their place until the time is over", async (t) => {
    const { cli, serving, guest } = await cutOff(t, "tcp:port=0");
    await leave(guest, false);
    assert.deepEqual(await guest.process?.waitExit(), { code: 0, signal: null });
    const witness = await lookOn(cli.editor(["join", serving.joins[1] ?? ""]));
    assert.match(
      (await clients(witness)).find((each) => each.startsWith("Fay ")) ?? "",
      / \(reconnecting\)$/,
    );
  });
});
