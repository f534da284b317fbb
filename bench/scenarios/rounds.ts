import type { Scripts } from "../build.ts";
import { type Lab, type Way, otherThan } from "../lab.ts";
import { medianRatio } from "../statistics.ts";

/**
 * Measures every way once a round, in an order that changes, so that what else the machine does hits all alike.
 * Each measurement begins at a new stop, so that no way drags along what it was asked before.
 */
export async function rounds<T>(
  lab: Lab,
  ways: readonly Way[],
  count: number,
  measure: (way: Way) => Promise<T>,
): Promise<Map<Way, T[]>> {
  const results = new Map<Way, T[]>(ways.map((way) => [way, []]));
  for (let round = 0; round < count; round++) {
    const shift = round % ways.length;
    const order = [...ways.slice(shift), ...ways.slice(0, shift)];
    // Neither of two neighbours is always the first.
    for (const way of round % 2 === 0 ? order : order.reverse()) {
      await lab.clients.call("step", { group: way.name });
      results.get(way)?.push(await measure(way));
    }
  }
  return results;
}

export function resultsOf<T>(results: ReadonlyMap<Way, readonly T[]>, name: string): readonly T[] {
  for (const [way, values] of results) if (way.name === name) return values;
  return [];
}

/** Its heading, and the cell: ours beside that of another work tree, where there is one (`--against`). */
export function againstColumn({ against }: Scripts): string[] {
  return against === undefined ? [] : ["/ against"];
}

export function againstCell(
  { against }: Scripts,
  name: string,
  valuesOf: (name: string) => readonly number[],
): number[] {
  const other = otherThan(name);
  return against === undefined
    ? []
    : [medianRatio(valuesOf(name), other === undefined ? [] : valuesOf(other))];
}
