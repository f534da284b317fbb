import { fixtures } from "../../test/support/fixtures.ts";
import { inScope } from "../../test/e2e/support/cleanup.ts";
import { ADDRESSES, type Namespace, connectedFar } from "../../test/support/namespaces.ts";
import { missing } from "../../test/support/parts.ts";
import { leave } from "../../test/support/scenario.ts";
import { type StepTimes, step, stopAt } from "../../test/support/steps.ts";
import { Cli, buildCli } from "../../test/integration/cli/cli.ts";
import type { Table } from "../report.ts";
import { median, quantile } from "../statistics.ts";

const STEPS = 60;
const HANDSHAKES = 20;
const PASSWORD = "Sesame7";
const LINKS = [
  { name: "100 ms round trip", delayMs: 50, loss: 0 },
  { name: "100 ms round trip, 1 % of the packets lost", delayMs: 50, loss: 0.01 },
] as const;

interface Measured {
  readonly name: string;
  /** Milliseconds. */
  readonly roundTrip: number;
  readonly times: readonly StepTimes[];
}

/**
 * A step of a guest far away, through `join` and a server with a password, until the program is said to be stopped, and
 * until call stack and variables are there. In network namespaces; no rows where those cannot be made.
 */
export async function far(): Promise<Table> {
  const measured: Measured[] = [];
  if ([...missing("namespaces"), ...missing("farLink")].length === 0) {
    await buildCli();
    for (const link of LINKS) measured.push(await measure(link));
  }
  const ratios = ({ roundTrip, times }: Measured, what: keyof StepTimes) =>
    times.map((time) => time[what] / roundTrip);
  const rows = measured.map((each) => {
    const [stopped, shown] = [ratios(each, "stopped"), ratios(each, "shown")];
    return [
      each.name,
      each.roundTrip,
      median(stopped),
      quantile(stopped, 0.9),
      median(shown),
      quantile(shown, 0.9),
    ] as const;
  });
  const [clean] = measured;
  return {
    name: "far",
    title: `A step from far away, ${STEPS} times (round trips)`,
    columns: ["link", "round trip (ms)", "stopped p50", "stopped p90", "variables p50", "variables p90"],
    rows,
    aims:
      clean === undefined
        ? []
        : [
            {
              text: "stopped again after 1.2 round trips",
              limit: 1.2,
              measured: median(ratios(clean, "stopped")),
            },
            { text: "variables after 1.2 round trips", limit: 1.2, measured: median(ratios(clean, "shown")) },
          ],
  };
}

function measure({ name, delayMs, loss }: (typeof LINKS)[number]): Promise<Measured> {
  return inScope(async (scope) => {
    const [here, there] = await connectedFar(scope, { delayMs, loss, seed: 11 });
    const { javascriptLoop } = fixtures;
    const serve = await new Cli(scope, here).serve(
      [`tcp:port=0,password=${PASSWORD}`],
      ["--node", javascriptLoop.program],
    );
    const roundTrip = await handshake(there, serve.port);
    const remote = `tcp:server=${ADDRESSES[0]},port=${serve.port},password=${PASSWORD}`;
    const client = new Cli(scope, there).editor(["join", remote]);
    const { threadId } = await stopAt(client, javascriptLoop, "tick");
    const times: StepTimes[] = [];
    for (let i = 0; i < STEPS; i++) times.push(await step(client, threadId));
    await leave(client, false);
    return { name, roundTrip, times };
  });
}

/** The median of TCP's own handshake, in milliseconds: the link as every connection finds it. */
async function handshake(from: Namespace, port: number): Promise<number> {
  const script = `
    const net = require("node:net");
    let left = ${HANDSHAKES};
    const one = () => {
      if (left-- === 0) return;
      const begun = performance.now();
      const socket = net.connect(${port}, "${ADDRESSES[0]}", () => {
        console.log(performance.now() - begun);
        socket.destroy();
        one();
      });
    };
    one();`;
  return median((await from.run(process.execPath, "-e", script)).trim().split("\n").map(Number));
}
