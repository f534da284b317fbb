import type { Command } from "commander";
import { Registry, type ServerEntry } from "../../host/registry.ts";
import { listSerialPorts } from "../../transport/serial/port.ts";
import { EXIT } from "../failure.ts";
import { print } from "../output.ts";
import type { Run } from "../program.ts";
import { printable, table } from "../text.ts";

const EXAMPLES = `
What is listed under JOIN is what "debug-server join" takes. Servers that are hidden are not listed.`;

export function addList(program: Command, run: Run): void {
  program
    .command("list")
    .summary("show your servers on this machine")
    .description("Lists the servers that you run on this machine.")
    .option("--ports", "the serial ports of this machine instead, for com:")
    .option("--json", "as a JSON array")
    .addHelpText("after", EXAMPLES)
    .action(({ ports = false, json = false }: { ports?: boolean; json?: boolean }) =>
      run(() => (ports ? listPorts(json) : list(json))),
    );
}

async function list(json: boolean): Promise<number> {
  const servers = await new Registry().list();
  if (json) print(JSON.stringify(servers, undefined, 2));
  else if (servers.length === 0) print("No debug server of yours runs on this machine.");
  else for (const line of table([HEAD, ...servers.map(row)])) print(line);
  return EXIT.ended;
}

async function listPorts(json: boolean): Promise<number> {
  const ports = await listSerialPorts();
  if (json) print(JSON.stringify(ports, undefined, 2));
  else if (ports.length === 0) print("This machine has no serial port.");
  else {
    const rows = ports.map(({ path, description = "" }) => [path, description].map(printable));
    for (const line of table([["PORT", "DESCRIPTION"], ...rows])) print(line);
  }
  return EXIT.ended;
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
