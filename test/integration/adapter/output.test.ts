import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Client, fixture, lineOf, withClient } from "./client.ts";

async function evaluate(client: Client, expression: string): Promise<void> {
  await client.request("evaluate", { expression, context: "repl" });
}

test("output, complete and in order, with the lines that called the console", () =>
  withClient(async (client) => {
    await client.launch("output.cjs", { launch: { env: { GREETING: "hi" } } });
    const exited = await client.event<DebugProtocol.ExitedEvent>("exited");
    assert.equal(exited.body.exitCode, 3);
    await client.event("terminated");
    assert.equal(
      client.text("stdout"),
      `raw text\nplain line\n{ a: 1, b: [ 1, 2 ] }\nformat has 2\nenv hi ${process.cwd()} \n`,
    );
    assert.equal(client.text("stderr"), "to stderr\nraw stderr\n", "nothing of the inspector's own");
    const origin = (text: string) => {
      const event = client
        .all<DebugProtocol.OutputEvent>("output")
        .find(({ body }) => body.output.includes(text));
      return [event?.body.source?.path, event?.body.line];
    };
    for (const [text, mark] of [
      ["plain line", "plain"],
      ["{ a: 1", "object"],
      ["format has", "format"],
      ["to stderr", "error"],
    ] as const) {
      assert.deepEqual(origin(text), [fixture("output.cjs"), lineOf("output.cjs", mark)], text);
    }
    assert.deepEqual(origin("raw stderr"), [undefined, undefined]);
    const names = client.received.flatMap((message) => ("event" in message ? [message.event] : []));
    assert.deepEqual(names.slice(-3), ["thread", "exited", "terminated"], "no output after the end");
  }));

test("much output at once arrives whole", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    await evaluate(client, "for (let i = 0; i < 5000; i++) console.log('line', i, 'ä€😀')");
    await evaluate(client, "process.stdout.write('x'.repeat(300_000) + '\\nthe end\\n')");
    await client.output("the end");
    const text = client.text("stdout");
    const expected = Array.from({ length: 5000 }, (_, i) => `line ${i} ä€😀\n`).join("");
    assert.equal(text.slice(text.indexOf("line 0")), `${expected}${"x".repeat(300_000)}\nthe end\n`);
  }));

test("groups, errors, empty calls and text without line ends", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    await evaluate(
      client,
      `console.group("group"); console.log("inner\\nlines"); console.groupEnd(); console.log();
       process.stdout.write("no end, "); console.log(new Map([[1, 2]])); console.log(new TypeError("typed").message);
       console.log("100%% of %s at %d%", "all", 5, "rest"); console.log("%o", {}); console.log("last one")`,
    );
    await client.output("last one");
    const text = client.text("stdout");
    assert.equal(
      text.slice(text.indexOf("group")),
      "group\n  inner\n  lines\n\nno end, Map(1) { 1 => 2 }\ntyped\n100% of all at 5% rest\n{}\nlast one\n",
    );
  }));

test("output comes although the program is busy", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    // No question is answered while this sleeps; its output comes all the same.
    const done = evaluate(
      client,
      `process.stdout.write("before\\n"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)`,
    );
    let isDone = false;
    void done.then(() => (isDone = true));
    await client.output("before");
    assert.equal(isDone, false);
    await done;
  }));
