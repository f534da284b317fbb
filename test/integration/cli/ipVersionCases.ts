import assert from "node:assert/strict";
import os from "node:os";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { fixtures } from "../../support/fixtures.ts";
import { byKind } from "../../support/kinds.ts";
import { Cli } from "./cli.ts";

// Which addresses a server is reached at, through the real command line.

export const LOOP = ["--node", fixtures.javascriptLoop.program, "--continue"];
export const interfaces = Object.entries(os.networkInterfaces()).flatMap(([name, all = []]) =>
  all.map((each) => ({ ...each, name })),
);
export const noIPv6 = interfaces.some(({ address }) => address === "::1")
  ? false
  : "this machine has no IPv6";

/** A server, and whether it is reached over IPv4 and over IPv6. */
type Row = readonly [server: string, over4: boolean, over6: boolean];
const ROWS: readonly Row[] = [
  ["tcp:port=0", true, true],
  ["tcp:port=0,ipversion=6", false, true],
  ["tcp:port=0,ipversion=6,password=env:SECRET", false, true],
  ["tcp:port=0,bind=::1", false, true],
  ["tcp:port=0,bind=127.0.0.1", true, false],
  ["tcp:port=0,bind=localhost,ipversion=6", false, true],
  ["tcp:port=0,bind=0.0.0.0,insecure", true, false],
  ["tcp:port=0,bind=::,insecure", true, true],
];

/** The first of each kind, and the others. */
export const BINDINGS = byKind(ROWS, ([, over4, over6]) => `${over4} ${over6}`);

/** `in`, or what the editor is told. */
export async function tries(cli: Cli, string: string): Promise<string> {
  const editor = cli.editor(["join", string]);
  const answer = await editor.raw("initialize", { adapterID: "test" });
  if (!answer.success) return (answer.body as DebugProtocol.ErrorResponse["body"]).error?.format ?? "";
  await editor.request("disconnect");
  await editor.process?.waitExit();
  return "in";
}

export function bindingCases(rows: readonly Row[]): void {
  for (const [server, over4, over6] of rows) {
    test(`${server}: over IPv4 ${over4}, over IPv6 ${over6}`, async (t) => {
      const cli = new Cli(t);
      const { port, joins } = await cli.serve([server], LOOP, undefined, { SECRET: "zq7Kx" });
      const password = server.includes("password") ? ",password=zq7Kx" : "";
      for (const [host, expected] of [
        ["127.0.0.1", over4],
        ["::1", over6],
        ["localhost", true],
      ] as const) {
        const outcome = await tries(cli, `tcp:server=${host},port=${port}${password}`);
        if (expected) assert.equal(outcome, "in", host);
        else assert.match(outcome, /refused the connection: nobody listens there/);
      }
      // As it tells others: by a name of this machine that need not be known on it.
      if (/server=localhost/.test(joins[0] ?? "")) assert.equal(await tries(cli, joins[0] ?? ""), "in");
    });
  }
}
