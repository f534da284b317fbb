import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../../src/address/format.ts";
import { parseScript } from "../../../../src/address/script.ts";
import { AppError } from "../../../../src/common/errors.ts";
import {
  type ScriptOutcome,
  type ScriptTarget,
  problemLine,
  runCommands,
  summary,
} from "../../../../src/vscode/commands/scriptRun.ts";

/** A session in which port 1 is taken. */
class Session implements ScriptTarget {
  readonly done: string[] = [];

  async serve(...[address]: Parameters<ScriptTarget["serve"]>): Promise<string> {
    const text = format(address, { secrets: "mask" });
    if (address.kind === "tcp" && address.ports.first === 1)
      throw new AppError("addressInUse", "Port 1 is taken.", { hint: "Choose another." });
    this.done.push(`serve ${text}`);
    return text;
  }

  async end(server: number): Promise<void> {
    if (server > 0) throw new AppError("badArguments", `There is no server ${server} here.`);
    this.done.push(`end ${server}`);
  }

  servers = () => "0 - Debugger Server - tcp:port=2";
  clients = () => "Ana (this window)";
  say(text: string): void {
    this.done.push(`say ${text}`);
  }
}

function run(text: string, session: ScriptTarget = new Session()): Promise<ScriptOutcome> {
  const script = parseScript(text);
  assert.ok(script.ok, text);
  return runCommands(script.commands, session);
}

describe("running a script", () => {
  test("does its commands in their order, and answers as WinDbg does", async () => {
    const session = new Session();
    const outcome = await run(
      "* a comment\n.server tcp:port=2\n.servers\n.clients\n.echo hello, all\n.endsrv 0\n.server npipe:pipe=x",
      session,
    );
    assert.deepEqual(session.done, ["serve tcp:port=2", "say hello, all", "end 0", "serve npipe:pipe=x"]);
    assert.deepEqual(outcome, {
      output: [
        "Debugger Server - tcp:port=2",
        "0 - Debugger Server - tcp:port=2",
        "Ana (this window)",
        "hello, all",
        "Server 0 has ended.",
        "Debugger Server - npipe:pipe=x",
      ],
      started: 2,
      failures: [],
    });
    assert.equal(summary("a.dbgsrv", outcome), "a.dbgsrv: 2 servers started.");
  });

  test("goes on after what fails, and says in which line", async () => {
    const outcome = await run("\n.server tcp:port=1,password=zq7Kx\n.server tcp:port=2\n.endsrv 7");
    assert.deepEqual(
      outcome.failures.map(({ line, error }) => [line, error.code, error.toLine()]),
      [
        [1, "addressInUse", "tcp:port=1,Password=*: Port 1 is taken. Choose another."],
        [3, "badArguments", "There is no server 7 here."],
      ],
    );
    assert.equal(
      summary("a.dbgsrv", outcome),
      "a.dbgsrv: 1 server started, but not all. Line 2: tcp:port=1,Password=*: Port 1 is taken. Choose another. (and 1 more)",
    );
  });

  test("that starts nothing", async () => {
    assert.equal(summary("a.dbgsrv", await run("# nothing")), "a.dbgsrv: nothing to do.");
    assert.equal(summary("a.dbgsrv", await run(".echo x")), "a.dbgsrv: done.");
    assert.match(
      summary("a.dbgsrv", await run(".server tcp:port=1")),
      /^a\.dbgsrv: failed\. Line 1: tcp:port=1: /,
    );
  });

  test("that is wrong is described by its first problem", () => {
    const script = parseScript("\n.sevrer tcp:port=1\n.server tcp:prot=1");
    assert.ok(!script.ok);
    assert.equal(
      problemLine(script.problems),
      'Line 2: This command is not known. Did you mean ".server"? (and 1 more)',
    );
  });
});
