import { startAdapter } from "../support/adapters.ts";
import { DapClient } from "../support/dapClient.ts";
import { ROOT } from "../support/fixtures.ts";
import { joinServed } from "../support/joined.ts";
import type { ChildSession } from "../support/scenario.ts";
import { serveAdapter } from "../support/served.ts";
import type { Ground } from "./grounds.ts";
import { alone, together } from "./normal.ts";
import { type Move, movesOf } from "./random.ts";
import { shortest } from "./shortest.ts";
import { type Plan, type Walked, walk } from "./walk.ts";

const CLI = `${ROOT}/dist/cli.cjs`;
const MOVES = 40;
/** Seeds that follow each other: one person alone, then two, then three. */
const PEOPLE = 3;

export interface Difference {
  readonly before: string;
  readonly direct: string;
  readonly through: string;
  /** What was asked, up to where it shows. */
  readonly steps: readonly string[];
}

export function planOf(seed: number): Plan {
  const people = 1 + (seed % PEOPLE);
  return { seed, people, moves: movesOf(seed, MOVES, people) };
}

export interface Compared {
  /** Undefined if no one could tell the walk through the hub from that directly with the adapter. */
  readonly found?: Difference;
  /** Two walks directly with the adapter, or two through the hub, can be told apart as well: by this. */
  readonly chance?: Difference;
}

export async function compare(ground: Ground, plan: Plan): Promise<Compared> {
  const direct = await walkDirectly(ground, plan);
  const found = await throughHub(ground, plan, direct);
  if (found === undefined) return {};
  const again = difference(ground, plan, direct, await walkDirectly(ground, plan));
  if (again !== undefined && again.at <= found.at) return { chance: again };
  const shows = ground.byAddress !== true || (await throughHub(ground, plan, direct)) !== undefined;
  return shows ? { found } : { chance: found };
}

/** The difference by the fewest moves that still show one, found within so many milliseconds. */
export async function least(
  ground: Ground,
  plan: Plan,
  found: Difference,
  milliseconds: number,
): Promise<Difference> {
  let best = found;
  const shows = async (moves: readonly Move[]) => {
    const { found: shorter } = await compare(ground, { ...plan, moves });
    if (shorter === undefined) return false;
    best = shorter;
    return true;
  };
  await shortest(plan.moves.slice(0, found.steps.length), shows, milliseconds);
  return best;
}

/** For people: what to do by hand to see it. */
export function describe({ entry }: Ground, { seed, people }: Plan, found: Difference): string {
  return [
    `${entry.name} can be told from ${entry.name} behind the hub; seed ${seed}, ${people} at the session:`,
    ...found.steps.map((step) => `  ${step}`),
    `before    ${found.before}`,
    `direct    ${found.direct}`,
    `through   ${found.through}`,
    `Again:    npm run walk 60 ${seed} ${entry.name}`,
  ].join("\n");
}

async function walkDirectly(ground: Ground, plan: Plan): Promise<Walked> {
  const { entry } = ground;
  const adapter = await startAdapter(entry);
  try {
    const driver = await adapter.connect({ onReverse: () => ({}) });
    const openChild = childOpener(() => adapter.connect());
    return await walk(ground, { driver, openChild: entry.session.child ? openChild : undefined }, plan);
  } finally {
    await adapter.dispose();
  }
}

/** Who is alone speaks to `debug-server adapter` as an editor does, which has the adapter's word from the first byte. */
async function walkThroughHub(ground: Ground, plan: Plan): Promise<Walked> {
  const { entry } = ground;
  if (plan.people === 1 && entry.start.kind === "stdio") {
    const front = [CLI, "adapter", "--quiet", "-s", "tcp:port=0", "--", ...entry.start.command];
    const driver = DapClient.spawn(process.execPath, front, { onReverse: () => ({}) });
    try {
      return await walk(ground, { driver }, plan);
    } finally {
      await driver.kill();
    }
  }
  const served = await serveAdapter(entry);
  try {
    const driver = await served.connect({ onReverse: () => ({}), checkSeq: false });
    const openChild = childOpener(() => served.connect());
    const join = async (name: string) => (await joinServed(served, entry, name)).client;
    return await walk(ground, { driver, openChild: entry.session.child ? openChild : undefined, join }, plan);
  } finally {
    await served.close();
  }
}

/** A walk that the hub does not let go on is a difference as well. */
async function throughHub(
  ground: Ground,
  plan: Plan,
  direct: Walked,
): Promise<ReturnType<typeof difference>> {
  try {
    return difference(ground, plan, direct, await walkThroughHub(ground, plan));
  } catch (error) {
    const through = error instanceof Error ? error.message : String(error);
    return { at: -1, before: "the start", direct: "the walk, to its end", through, steps: direct.steps };
  }
}

function childOpener(connect: () => Promise<DapClient>) {
  return async (root: DapClient) => {
    const { request, configuration } = (await root.waitRequest("startDebugging")).arguments as ChildSession;
    return { client: await connect(), spec: { request, arguments: configuration } };
  };
}

function difference(
  ground: Ground,
  { people }: Plan,
  direct: Walked,
  through: Walked,
): (Difference & { readonly at: number }) | undefined {
  const linesOf = (walked: Walked) => {
    const lines = people === 1 ? alone(ground, walked) : together(ground, walked);
    return ground.byAddress === true
      ? lines.map((line) => line.replace(/<(ref|frame) \d+>/g, "<$1>"))
      : lines;
  };
  const [one, other] = [linesOf(direct), linesOf(through)];
  const at = Array.from({ length: Math.max(one.length, other.length) }).findIndex(
    (_, i) => one[i] !== other[i],
  );
  if (at < 0) return undefined;
  return {
    at,
    before: one[at - 1] ?? "the start",
    direct: one[at] ?? "the end",
    through: other[at] ?? "the end",
    steps: through.steps.slice(0, asked(other, at) - (asked(other, other.length) - through.steps.length)),
  };
}

/** How many requests there are among so many lines. */
function asked(lines: readonly string[], count: number): number {
  return lines.slice(0, count).filter((line) => line.includes('{"out":{"type":"request"')).length;
}
