import { chownSync } from "node:fs";
import { Cli } from "../integration/cli/cli.ts";
import { DapClient } from "./dapClient.ts";
import type { CleanUp } from "./namespaces.ts";
import { TestProcess } from "./process.ts";

/** `nobody`: one who owns nothing. The tests run as root. */
export const OTHER_USER = 65534;

/** The command that runs a command as another user. */
export function asOtherUser(command: string, ...args: readonly string[]): [string, ...string[]] {
  const user = [`--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, "--clear-groups"];
  return ["/usr/bin/setpriv", ...user, command, ...args];
}

/** The command line as another user has it, in a directory of theirs. */
export function otherUsersCli(context: CleanUp): Cli {
  const cli = new Cli(context, { command: asOtherUser });
  chownSync(cli.directory, OTHER_USER, OTHER_USER);
  return cli;
}

/** Standard input and output of a process become the two ends of its connection. */
const BRIDGE = `
const [host, port, localAddress] = process.argv.slice(1);
const socket = require("node:net").connect({ host, port: Number(port), localAddress, allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("error", () => {});
`;

/** A plain DAP client that is a process of another user. */
export function otherUsersClient(
  context: CleanUp,
  port: number,
  host = "127.0.0.1",
  from?: string,
): DapClient {
  const words = [
    process.execPath,
    "-e",
    BRIDGE,
    "--",
    host,
    String(port),
    ...(from === undefined ? [] : [from]),
  ];
  const [command, ...args] = asOtherUser(words[0] ?? "", ...words.slice(1));
  const client = DapClient.spawn(command, args, {});
  context.after(() => client.kill());
  return client;
}

/** Runs a script of Node's as another user; `args` are its `process.argv` from 1 on. */
export function otherUsersScript(context: CleanUp, script: string, ...args: readonly string[]): TestProcess {
  return startScript(context, asOtherUser(process.execPath, "-e", script, "--", ...args));
}

/** The same as this user. */
export function ownScript(context: CleanUp, script: string, ...args: readonly string[]): TestProcess {
  return startScript(context, [process.execPath, "-e", script, "--", ...args]);
}

function startScript(context: CleanUp, [command = "", ...args]: readonly string[]): TestProcess {
  const child = new TestProcess(command, args);
  context.after(() => child.kill());
  return child;
}
