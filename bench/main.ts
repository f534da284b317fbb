import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { buildProcesses, type Scripts } from "./build.ts";
import { type Table, formatTable } from "./report.ts";
import { activation } from "./scenarios/activation.ts";
import { bigBody } from "./scenarios/bigBody.ts";
import { crowd } from "./scenarios/crowd.ts";
import { far } from "./scenarios/far.ts";
import { floods } from "./scenarios/floods.ts";
import { join } from "./scenarios/join.ts";
import { memory } from "./scenarios/memory.ts";
import { roundTrip } from "./scenarios/roundTrip.ts";
import { serial } from "./scenarios/serial.ts";
import { slowLine } from "./scenarios/slowLine.ts";
import { storm } from "./scenarios/storm.ts";
import { throughput } from "./scenarios/throughput.ts";
import { tracker } from "./scenarios/tracker.ts";

const SCENARIOS: Readonly<Record<string, (scripts: Scripts) => Promise<Table>>> = {
  "round-trip": roundTrip,
  throughput,
  "big-body": bigBody,
  storm,
  floods,
  join,
  crowd,
  memory,
  tracker,
  far,
  activation,
  serial,
  "slow-line": slowLine,
};

async function main(args: readonly string[]): Promise<number> {
  const options = read(args);
  if (options === undefined) {
    console.error(`Usage: npm run bench -- [${Object.keys(SCENARIOS).join("|")}]… [--json] [--against DIR]`);
    return 2;
  }
  const { names, json, against } = options;
  const scripts = await buildProcesses(against);
  const tables: Table[] = [];
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const begin = Date.now();
    const table = await scenario(scripts);
    tables.push(table);
    if (!json) console.log(formatTable(table));
    console.error(`${name}: ${Math.round((Date.now() - begin) / 1000)} s`);
  }
  const [cpu] = cpus();
  const machine = {
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${process.platform} ${process.arch}`,
  };
  if (json) console.log(JSON.stringify({ machine, tables }, undefined, 2));
  else console.log(`${Object.values(machine).join(", ")}\n`);
  return 0;
}

interface Options {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly against: string | undefined;
}

/** Undefined if there is something else among them. */
function read(args: readonly string[]): Options | undefined {
  try {
    const { values, positionals: names } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, against: { type: "string" } },
    });
    if (names.some((name) => SCENARIOS[name] === undefined)) return undefined;
    return { names, json: values.json, against: values.against };
  } catch {
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));
