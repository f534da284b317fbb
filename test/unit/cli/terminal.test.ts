import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { TestProcess } from "../../support/process.ts";
import { shellWords, Terminal } from "../../support/terminal.ts";
import { TYPESCRIPT } from "../../support/typescript.ts";

const MODULE = JSON.stringify(fileURLToPath(new URL("../../../src/cli/terminal.ts", import.meta.url)));

/** Asks; the answer, or why there is none, comes out of standard error as JSON. */
const PROGRAM = `
import { askSecret } from ${MODULE};
const signal = process.env.GIVE_UP === undefined ? undefined : AbortSignal.timeout(Number(process.env.GIVE_UP));
const result = await askSecret("Secret\\u001b[2J:", { instead: "Write it down.", signal }).then(
  (secret) => ({ secret }),
  ({ code, hint }) => ({ code, hint }),
);
console.error(JSON.stringify(result));
`;

const ARGS = [...TYPESCRIPT, "--input-type=module", "-e", PROGRAM];

/** What is beside the terminal: an input that must stay unread, and an output that must stay empty. */
function asking(t: TestContext, env?: NodeJS.ProcessEnv): Terminal {
  const command = shellWords([process.execPath, ...ARGS]);
  const inside = `printf unread | { ${command} | sed s/^/stdout:/; printf 'rest:'; cat; echo; }; stty -a`;
  return new Terminal(t, inside, env);
}

async function answered(t: TestContext, typed: string, env?: NodeJS.ProcessEnv): Promise<string> {
  const terminal = asking(t, env);
  await terminal.sees("Secret\ufffd[2J: ");
  terminal.type(typed);
  return terminal.end();
}

/** The terminal shows again what is typed. */
const RESTORED = /(^|\s)echo(\s|;)/;

describe("askSecret", () => {
  test("reads from the terminal, unseen; standard input and output are left alone", async (t) => {
    const shown = await answered(t, "nope\x15wromg\x7f\x7fng ünseen\r");
    assert.ok(shown.includes(JSON.stringify({ secret: "wrong ünseen" })), shown);
    assert.equal(shown.split("ünseen").length, 2, "only where the test's program prints it");
    assert.ok(shown.includes("rest:unread"), shown);
    assert.ok(!shown.includes("stdout:"), shown);
    assert.match(shown, RESTORED);
  });

  for (const [key, typed] of [
    ["Ctrl-C", "half\x03"],
    ["Ctrl-D", "\x04"],
  ] as const) {
    test(`${key} gives up`, async (t) => {
      const shown = await answered(t, typed);
      assert.ok(shown.includes(JSON.stringify({ code: "aborted" })), shown);
      assert.ok(!shown.includes("half"));
      assert.match(shown, RESTORED);
    });
  }

  test("the signal ends it", async (t) => {
    const terminal = asking(t, { GIVE_UP: "1" });
    const shown = await terminal.end();
    assert.ok(shown.includes(JSON.stringify({ code: "aborted" })), shown);
    assert.match(shown, RESTORED);
  });

  test("without a terminal: how to give it otherwise", async (t) => {
    // It leads a session of its own, which has no terminal.
    const child = new TestProcess(process.execPath, ARGS);
    t.after(() => child.kill());
    await child.waitLine(/"code":"notAvailable","hint":"Write it down."/);
  });
});
