import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { AdmissionQueue, type HalfOpenConnection } from "../../../src/host/admissionQueue.ts";
import { VirtualClock } from "../../support/virtualClock.ts";
import type { PeerGroup } from "../../../src/transport/peerGroup.ts";

const IN_TURN = LIMITS.pendingClientsInTurn;
const ADMISSION_MS = 10_000;

function group(network: string, peer = ""): PeerGroup {
  return { network, peer: `${network}.${peer}` };
}

/** A queue in virtual time. */
function scene() {
  const clock = new VirtualClock();
  return { clock, queue: new AdmissionQueue(ADMISSION_MS, clock) };
}

/** One that has said something. */
function speaking(queue: AdmissionQueue, by: PeerGroup): HalfOpenConnection {
  const client = queue.add(by);
  client.turn().catch(() => {});
  return client;
}

function several<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function reason({ signal }: HalfOpenConnection): string | undefined {
  return signal.aborted ? AppError.from(signal.reason).code : undefined;
}

const inTurn = (clients: readonly HalfOpenConnection[]) =>
  clients.filter(({ stage }) => stage === "inTurn").length;

describe("clients that have not been let in", () => {
  test("have their turn at once while there is room, and resolve then", async () => {
    const { queue } = scene();
    const client = queue.add(group("n"));
    assert.equal(client.stage, "silent");
    await client.turn();
    assert.equal(client.stage, "inTurn");
    client.leave();
    assert.equal(queue.size, 0);
    assert.equal(reason(client), undefined);
  });

  test("that are silent take no turn, however many they are, and are cut off when their time is over", () => {
    const { clock, queue } = scene();
    const silent = several(LIMITS.pendingClients - 1, () => queue.add(group("n")));
    const client = speaking(queue, group("n"));
    assert.equal(client.stage, "inTurn");
    client.leave();
    clock.advance(ADMISSION_MS - 1);
    assert.equal(queue.size, silent.length);
    clock.advance(1);
    assert.equal(queue.size, 0);
    assert.ok(silent.every((each) => reason(each) === "timeout"));
  });

  test("wait for their turn when it is that of as many as may be, and their time starts with it", () => {
    const { clock, queue } = scene();
    const first = several(IN_TURN, () => speaking(queue, group("n")));
    const late = speaking(queue, group("n"));
    assert.equal(late.stage, "waiting");
    clock.advance(900);
    for (const each of first) each.progressed();
    assert.equal(late.stage, "waiting", "those who make steps keep their turn");
    first[0]?.leave();
    assert.equal(late.stage, "inTurn");
    assert.equal(late.remainingMs, ADMISSION_MS);
    clock.advance(400);
    assert.equal(late.remainingMs, ADMISSION_MS - 400);
  });

  test("that make no step give way to those that wait, the longest idle first, and only then", () => {
    const { clock, queue } = scene();
    const first = several(IN_TURN, () => {
      clock.advance(1);
      return speaking(queue, group("n"));
    });
    clock.advance(5_000);
    assert.equal(inTurn(first), IN_TURN, "nobody waits");
    for (const each of first.slice(2)) each.progressed();
    const late = speaking(queue, group("n"));
    clock.advance(0);
    assert.equal(reason(first[0] as HalfOpenConnection), "busy");
    assert.equal(late.stage, "inTurn");
    assert.equal(inTurn(first), IN_TURN - 1);
  });

  test("of one peer give way before those of others do", () => {
    const { clock, queue } = scene();
    const few = several(4, () => speaking(queue, group("few")));
    clock.advance(10);
    const many = several(IN_TURN - 4, () => speaking(queue, group("many")));
    clock.advance(2_000);
    const late = several(10, () => speaking(queue, group("late")));
    clock.advance(0);
    assert.equal(inTurn(late), 10);
    assert.equal(inTurn(few), 4);
    assert.equal(inTurn(many), IN_TURN - 14);
  });

  test("have turns by network and peer, not by how many connections they make", () => {
    const { queue } = scene();
    const first = several(IN_TURN, () => speaking(queue, group("crowd")));
    several(100, () => speaking(queue, group("crowd")));
    const guest = speaking(queue, group("guest"));
    first[0]?.leave();
    first[1]?.leave();
    assert.equal(guest.stage, "inTurn");
  });

  test("whose guess waits to be answered take no turn, and their time stands still", () => {
    const { clock, queue } = scene();
    const guessers = several(IN_TURN, () => speaking(queue, group("n")));
    for (const each of guessers) each.queued();
    const guest = speaking(queue, group("n"));
    assert.equal(guest.stage, "inTurn");
    clock.advance(3 * ADMISSION_MS);
    assert.equal(guessers[0]?.stage, "queued");
    assert.equal(reason(guest), "timeout");
    for (const each of guessers) each.answered();
    assert.equal(guessers[0]?.remainingMs, ADMISSION_MS);
    clock.advance(ADMISSION_MS);
    assert.ok(guessers.every((each) => reason(each) === "timeout"));
  });

  test("have one time for all of their turn, however many steps they make", () => {
    const { clock, queue } = scene();
    const client = speaking(queue, group("n"));
    for (let step = 0; step < 12; step++) {
      clock.advance(900);
      client.progressed();
    }
    assert.equal(reason(client), "timeout");
  });

  test("are so many at most, and who has most of them loses one, the longest silent first", () => {
    const { clock, queue } = scene();
    const guest = queue.add(group("guest"));
    const crowd = several(LIMITS.pendingClients - 1, (index) => queue.add(group("crowd", String(index % 7))));
    clock.advance(1_000);
    const late = queue.add(group("late"));
    assert.equal(queue.size, LIMITS.pendingClients);
    assert.deepEqual([reason(guest), reason(late)], [undefined, undefined]);
    assert.equal(crowd.filter((each) => reason(each) === "busy").length, 1);
    assert.equal(reason(crowd[0] as HalfOpenConnection), "busy");
    assert.deepEqual([reason(guest), reason(late)], [undefined, undefined]);
  });

  test("may be some more while those that have just come may be about to speak, then the longest silent go", () => {
    const { clock, queue } = scene();
    const flood = several(LIMITS.pendingClients, () => queue.add(group("flood")));
    clock.advance(100);
    const guest = queue.add(group("guest"));
    clock.advance(149);
    assert.equal(queue.size, LIMITS.pendingClients + 1);
    clock.advance(1);
    assert.equal(queue.size, LIMITS.pendingClients);
    assert.equal(reason(flood[0] as HalfOpenConnection), "busy");
    // Beyond that room the newest of the crowd goes.
    const fresh = several(LIMITS.pendingClients, () => queue.add(group("new flood")));
    assert.equal(reason(fresh.at(-1) as HalfOpenConnection), "busy");
    assert.equal(queue.size, LIMITS.pendingClients + LIMITS.pendingClientsOver);
    clock.advance(250);
    assert.equal(queue.size, LIMITS.pendingClients);
    assert.equal(reason(guest), undefined);
  });

  test("do not give way for the time that this system takes to tell whose they are, but have no longer for that", () => {
    const { clock, queue } = scene();
    const first = several(IN_TURN, () => speaking(queue, group("n")));
    for (const each of first) each.lookedUp();
    const late = several(IN_TURN + 1, () => speaking(queue, group("n")));
    clock.advance(1_000);
    assert.deepEqual(first.map(reason), Array(IN_TURN).fill(undefined));
    assert.equal(reason(late[0] as HalfOpenConnection), "busy");
    clock.advance(ADMISSION_MS - 1_000);
    assert.deepEqual(first.map(reason), Array(IN_TURN).fill("timeout"));
  });

  test("that wait are cut off in the end, and all of them with the server", () => {
    const { clock, queue } = scene();
    const first = several(IN_TURN, () => speaking(queue, group("n")));
    const waiting = speaking(queue, group("n"));
    queue.close();
    assert.deepEqual([...first, waiting].map(reason), Array(IN_TURN + 1).fill("closed"));
    assert.equal(reason(queue.add(group("n"))), "closed");
    assert.equal(queue.size, 0);
    assert.equal(clock.waiting, 0, "no timer is left");
  });

  test("property: whatever the others do, a guest has its turn within as many as there are networks", () => {
    // Others connect, speak, make steps, guess, leave, or do nothing for as long as they like.
    const act = fc.record({
      network: fc.nat(5),
      what: fc.constantFrom("connect", "connect", "speak", "speak", "step", "guess", "leave", "pass"),
      count: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const { clock, queue } = scene();
        const others: HalfOpenConnection[] = [];
        const some = (stage: string) => others.filter((each) => each.stage === stage);
        for (const { network, what, count } of acts) {
          if (what === "connect") others.push(...several(count, () => queue.add(group(String(network)))));
          if (what === "speak")
            for (const each of some("silent").slice(0, count)) void each.turn().catch(() => {});
          if (what === "step") for (const each of some("inTurn").slice(0, count)) each.progressed();
          if (what === "guess") for (const each of some("inTurn").slice(0, count)) each.queued();
          if (what === "leave") for (const each of others.splice(0, count)) each.leave();
          if (what === "pass") clock.advance(10 * count);
          assert.ok(queue.size <= LIMITS.pendingClients + LIMITS.pendingClientsOver);
          assert.ok(inTurn(others) <= IN_TURN);
        }
        const guest = speaking(queue, group("guest"));
        // Each that is in its turn gives way at the latest when it has made no step for a second: here none does.
        for (let turn = 0; turn < 6 && guest.stage === "waiting"; turn++) clock.advance(1_000);
        assert.equal(guest.stage, "inTurn");
      }),
      { numRuns: 150 },
    );
  });
});
