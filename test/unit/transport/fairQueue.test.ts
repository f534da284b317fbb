import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FairQueue } from "../../../src/transport/fairQueue.ts";
import type { PeerGroup } from "../../../src/transport/peerGroup.ts";

interface Item {
  readonly group: PeerGroup;
  readonly name: string;
}

function item(network: string, peer: string, name = peer): Item {
  return { group: { network, peer: `${network}.${peer}` }, name };
}

function takeAll(queue: FairQueue<Item>): string[] {
  const names: string[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) names.push(next.name);
  return names;
}

describe("a fair queue", () => {
  test("serves networks in turn, in each its peers, of each the first that came", () => {
    const queue = new FairQueue<Item>();
    for (const name of ["a1", "a2", "a3"]) queue.add(item("n", "a", name));
    for (const name of ["b1", "b2"]) queue.add(item("n", "b", name));
    queue.add(item("m", "c", "c1"));
    assert.deepEqual(takeAll(queue), ["a1", "c1", "b1", "a2", "b2", "a3"]);
    assert.equal(queue.size, 0);
  });

  test("passes over those that may not be served yet, which keep their turn", () => {
    const queue = new FairQueue<Item>();
    for (const name of ["a1", "a2"]) queue.add(item("n", "a", name));
    queue.add(item("m", "b", "b1"));
    assert.equal(queue.take(({ name }) => name !== "a1" && name !== "a2")?.name, "b1");
    assert.deepEqual(takeAll(queue), ["a1", "a2"]);
  });

  test("lets go the newest of the peer that has most, in the network that has", () => {
    const queue = new FairQueue<Item>();
    for (const peer of ["a", "b", "c"]) queue.add(item("crowd", peer));
    queue.add(item("crowd", "b", "b2"));
    for (const name of ["x1", "x2", "x3"]) queue.add(item("n", "x", name));
    assert.equal(queue.mostCrowded()?.name, "b2");
  });

  test("property: whatever others do, who waits is served within the turns of those who wait with it", () => {
    const step = fc.record({
      adds: fc.array(fc.tuple(fc.nat(5), fc.nat(3)), { maxLength: 6 }),
      leaves: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const queue = new FairQueue<Item>();
        const patient = item("its network", "its peer");
        let served = false;
        let turns = 0;
        queue.add(patient);
        // The others come, come again as soon as they were served, and leave as they like: 6 networks, 4 peers in each.
        const others: Item[] = [];
        for (const { adds, leaves } of steps) {
          for (const [network, peer] of adds) {
            const other = item(network === 5 ? "its network" : String(network), String(peer));
            others.push(other);
            queue.add(other);
          }
          const gone = others[leaves];
          if (gone !== undefined) queue.delete(gone);
          const taken = queue.take();
          turns += 1;
          if (taken === patient) served = true;
          if (served) break;
          if (taken !== undefined) queue.add(taken);
          // Five other networks, and four other peers of its own.
          assert.ok(turns <= 6 * 5, `${turns} turns`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
