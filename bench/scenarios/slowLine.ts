import { parseClient } from "../../src/address/parse.ts";
import { ChildAllowance } from "../../src/guest/childAllowance.ts";
import { GuestSession } from "../../src/guest/guestSession.ts";
import { openLink } from "../../src/link/openLink.ts";
import { connect } from "../../src/transport/open.ts";
import { Cli, buildCli } from "../../test/integration/cli/cli.ts";
import { inScope } from "../../test/e2e/support/cleanup.ts";
import { fixtures } from "../../test/support/fixtures.ts";
import { editorOver } from "../../test/support/linked.ts";
import { missing } from "../../test/support/parts.ts";
import { leave } from "../../test/support/scenario.ts";
import { noisyLine } from "../../test/support/serialLines.ts";
import { step, stopAt } from "../../test/support/steps.ts";
import type { Table } from "../report.ts";
import { median, medianRatio } from "../statistics.ts";

const ROUNDS = 3;
const STEPS = 5;
const BAUDS = [9_600, 115_200] as const;

interface Measured {
  /** Milliseconds until the first stop is seen, and for a step until its variables are there. */
  readonly join: number;
  readonly step: number;
  /** Bytes on the line for a step, both ways. */
  readonly bytes: number;
}

type Row = readonly [name: string, join: number, step: number, bytes: number, ratio: number];

/** A guest on a serial line, with and without the link's feature `deflate`. No rows where there is no socat. */
export async function slowLine(): Promise<Table> {
  const rows: Row[] = [];
  const ratios = new Map<number, number>();
  if (missing("socat").length === 0) {
    await buildCli();
    for (const baud of BAUDS) {
      const [plain, deflated]: [Measured[], Measured[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        plain.push(await measure(baud, false));
        deflated.push(await measure(baud, true));
      }
      const compressed = row(`${baud} baud, deflate`, deflated, plain);
      rows.push(row(`${baud} baud, plain`, plain, plain), compressed);
      ratios.set(baud, compressed[4]);
    }
  }
  return {
    name: "slow-line",
    title: `A guest on a serial line: joining, and a step with its variables (median of ${STEPS}), ${ROUNDS} times`,
    columns: ["line", "join (ms)", "step (ms)", "step (bytes)", "step / plain"],
    rows,
    aims: [
      {
        text: "a step at 115200 baud takes at most half as long as without",
        limit: 0.5,
        measured: ratios.get(115_200) ?? NaN,
      },
    ],
  };
}

function row(name: string, measured: readonly Measured[], plain: readonly Measured[]): Row {
  const steps = each(measured, "step");
  return [
    name,
    median(each(measured, "join")),
    median(steps),
    median(each(measured, "bytes")),
    medianRatio(steps, each(plain, "step")),
  ];
}

function each(all: readonly Measured[], what: keyof Measured): number[] {
  return all.map((one) => one[what]);
}

function measure(baud: number, isSlow: boolean): Promise<Measured> {
  return inScope(async (scope) => {
    const line = await noisyLine(baud, {}, {});
    scope.after(() => line.dispose());
    const { javascriptLoop } = fixtures;
    await new Cli(scope).serve(
      [`com:port=${line.far},baud=${baud},channel=1`],
      ["--node", javascriptLoop.program],
    );
    const address = parseClient(`com:port=${line.near},baud=${baud},channel=1`);
    if (!address.ok || address.value.kind !== "com") throw new Error("no serial line");
    const begun = performance.now();
    const identity = { name: "Bea", client: { name: "bench", version: "1" } };
    const link = await openLink(await connect(address.value, {}), identity, { isSlow });
    scope.after(() => link.close());
    link.start();
    const client = editorOver(
      new GuestSession(await link.openSession("1"), { children: new ChildAllowance(), prefetches: false }),
    );
    const { threadId } = await stopAt(client, javascriptLoop, "tick");
    const join = performance.now() - begun;
    const carried = () => line.forth.carried + line.back.carried;
    const before = carried();
    const times: number[] = [];
    for (let i = 0; i < STEPS; i++) times.push((await step(client, threadId)).shown);
    const bytes = (carried() - before) / STEPS;
    await leave(client, false);
    return { join, step: median(times), bytes };
  });
}
