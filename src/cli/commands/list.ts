import type { Command } from "commander";
import type { NetworkServer } from "../../host/discovery/advert.ts";
import { discover, ofHost } from "../../host/discovery/discover.ts";
import { Registry, type ServerEntry } from "../../host/registry.ts";
import { listSerialPorts } from "../../transport/serial/port.ts";
import { AppError } from "../../common/errors.ts";
import { EXIT, type Run } from "../failure.ts";
import { printNote, print, printJson } from "../output.ts";
import { printable } from "../../common/sanitize.ts";
import { table } from "../text.ts";

interface ListOptions {
  readonly ports?: boolean;
  readonly network?: boolean;
  readonly seconds: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  debug-server list              your servers on this machine
  debug-server list --network    those that are announced on the local network (serve --announce)
  debug-server list '\\\\build7'   those that build7 announces

What is listed under JOIN is what "debug-server join" takes. Servers that are hidden are not listed. What others
announce is their word only: nothing proves it before you join; then a password does, or a certificate that you know.`;

export function addList(program: Command, run: Run): void {
  program
    .command("list")
    .summary("show your servers on this machine, or those on the network")
    .description(
      "Lists the servers that you run on this machine, or those that are announced on the local network.",
    )
    .argument("[host]", "a machine of the local network, as WinDbg writes it: \\\\HOST")
    .option("--network", "those that are announced on the local network")
    .option("--seconds <number>", "how long to listen to the network", "3")
    .option("--ports", "the serial ports of this machine instead, for com:")
    .option("--json", "as a JSON array")
    .addHelpText("after", EXAMPLES)
    .action((host: string | undefined, options: ListOptions) => run(() => list(host, options)));
}

async function list(host: string | undefined, options: ListOptions): Promise<number> {
  const json = options.json === true;
  if (options.ports === true) await showPorts(json);
  else if (host === undefined && options.network !== true) showOwn(await new Registry().list(), json);
  else showNetwork(await discover({ timeoutMs: milliseconds(options.seconds) }), host, json);
  return EXIT.ended;
}

function milliseconds(seconds: string): number {
  const value = /^\d+(\.\d+)?$/.test(seconds) ? Number(seconds) : NaN;
  if (value > 0 && value <= 60) return value * 1000;
  throw new AppError("usage", `--seconds ${printable(seconds)} is no time to listen.`, {
    hint: "Write a number up to 60.",
  });
}

function showOwn(servers: readonly ServerEntry[], json: boolean): void {
  if (json) printJson(servers, 2);
  else if (servers.length === 0) print("No debug server of yours runs on this machine.");
  else for (const line of table([HEAD, ...servers.map(row)])) print(line);
}

function showNetwork(all: readonly NetworkServer[], host: string | undefined, json: boolean): void {
  const servers = host === undefined ? all : ofHost(all, host);
  if (json) {
    // Without the address: its string says the same.
    const shown = servers.map(({ join, session, host: at, password, certificate }) => ({
      join,
      session,
      host: at,
      password,
      certificate,
    }));
    printJson(shown, 2);
  } else if (servers.length === 0) {
    print(
      `No debug server is announced ${host === undefined ? "on the local network" : `by ${printable(host)}`}.`,
    );
    printNote("Servers are announced only where their host wants it: debug-server serve --announce.");
  } else {
    for (const line of table([NETWORK_HEAD, ...servers.map(networkRow)])) print(line);
  }
}

const NETWORK_HEAD = ["HOST", "JOIN", "SESSION", "ASKS FOR"];

function networkRow({ host, join, session, password, certificate }: NetworkServer): string[] {
  const asked = [...(password ? ["password"] : []), ...(certificate ? ["certificate"] : [])];
  return [host, join, session, asked.join(", ") || "nothing"].map(printable);
}

async function showPorts(json: boolean): Promise<void> {
  const ports = await listSerialPorts();
  if (json) printJson(ports, 2);
  else if (ports.length === 0) print("This machine has no serial port.");
  else {
    const rows = ports.map(({ path, description = "" }) => [path, description].map(printable));
    for (const line of table([["PORT", "DESCRIPTION"], ...rows])) print(line);
  }
}

const HEAD = ["ID", "JOIN", "SESSION", "TYPE", "PID", "STARTED"];

/** A guest may have had a say in the type; nothing of it may steer the terminal. */
function row({ id, join, session, pid, startedAt }: ServerEntry): string[] {
  return [id, join, session.name, session.type, String(pid), localTime(startedAt)].map(printable);
}

/** `2026-11-23 14:03:22`, by this machine's clock. */
function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const minutes = time.getTimezoneOffset();
  return new Date(time.getTime() - minutes * 60_000).toISOString().slice(0, 19).replace("T", " ");
}
