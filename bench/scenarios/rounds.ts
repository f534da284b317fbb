import type { Lab, Way } from "../lab.ts";

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
    for (const way of [...ways.slice(shift), ...ways.slice(0, shift)]) {
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
