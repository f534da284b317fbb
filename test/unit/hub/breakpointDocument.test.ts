import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  EMPTY_DOCUMENT,
  type BreakpointDocument,
  type Item,
  applyEdit,
  dropOwner,
  sendOrder,
} from "../../../src/hub/breakpointDocument.ts";

const at = (line: number, more: Record<string, unknown> = {}): Item => ({
  key: `${line}:`,
  spec: { line, ...more },
});
const lines = (group: BreakpointDocument) => [...group.entries.values()].map(({ spec }) => spec.line);

describe("one client's list", () => {
  test("is read as a difference to its previous one", () => {
    const first = applyEdit(EMPTY_DOCUMENT, 1, [at(3), at(5)]);
    const other = applyEdit(first.document, 2, [at(7)]);
    assert.deepEqual(
      lines(other.document),
      [3, 5, 7],
      "who does not know of others' breakpoints deletes none",
    );
    const less = applyEdit(other.document, 1, [at(5)]);
    assert.deepEqual(lines(less.document), [5, 7]);
    assert.deepEqual(
      less.removed.map(({ key }) => key),
      ["3:"],
    );
    assert.deepEqual(less.added, []);
  });

  test("is compared at a cost that grows with its length, and not with its square", () => {
    const count = 1000;
    const list = (from: number) => Array.from({ length: count }, (_, i) => at(from + i));
    const { document: group } = applyEdit(EMPTY_DOCUMENT, 1, list(1));
    let looks = 0;
    const entries = new Map(
      [...group.entries].map(([id, entry]) => [
        id,
        Object.defineProperty({ ...entry }, "key", { get: () => (looks++, entry.key), enumerable: true }),
      ]),
    );
    const edit = applyEdit({ ...group, entries }, 2, list(5001));
    assert.equal(edit.added.length, count);
    assert.ok(looks <= 4 * count, `${looks} looks at a key`);
  });

  test("drops for all what it drops, and its repetition elsewhere does not bring it back", () => {
    const both = applyEdit(applyEdit(EMPTY_DOCUMENT, 1, [at(3)]).document, 2, [at(3)]);
    const dropped = applyEdit(both.document, 1, []);
    assert.deepEqual(lines(dropped.document), []);
    const repeated = applyEdit(dropped.document, 2, [at(3), at(4)]);
    assert.deepEqual(lines(repeated.document), [4]);
    assert.deepEqual(repeated.answer, [undefined, 2]);
    const again = applyEdit(applyEdit(repeated.document, 2, [at(4)]).document, 2, [at(3), at(4)]);
    assert.deepEqual(lines(again.document).sort(), [3, 4], "taken away and put back by hand, it is new");
    const edited = applyEdit(repeated.document, 2, [at(3, { condition: "x" }), at(4)]);
    assert.deepEqual(lines(edited.document).sort(), [3, 4], "edited, it is wanted");
  });

  test("changes what it changes, and not what another has changed meanwhile", () => {
    const both = applyEdit(applyEdit(EMPTY_DOCUMENT, 1, [at(3)]).document, 2, [at(3)]).document;
    const changed = applyEdit(both, 1, [at(3, { condition: "x" })]);
    assert.deepEqual(changed.changed, [1]);
    const same = applyEdit(changed.document, 2, [at(3)]);
    assert.deepEqual(same.changed, []);
    assert.deepEqual(same.document.entries.get(1)?.spec, { line: 3, condition: "x" });
  });

  test("may mirror what others set: without owning it, or taking its condition away", () => {
    const first = applyEdit(EMPTY_DOCUMENT, 1, [at(3, { condition: "x" })]).document;
    const mirrored = applyEdit(first, 2, [at(3)], { meant: [1] });
    assert.deepEqual([...(mirrored.document.entries.get(1)?.owners ?? [])], [1]);
    assert.deepEqual(mirrored.changed, []);
    const edited = applyEdit(first, 2, [at(4, { condition: "y" })], { meant: [1] });
    assert.deepEqual(
      edited.document.entries.get(1)?.spec,
      { condition: "y", line: 3 },
      "at its own place, never the moved one",
    );
    const later = applyEdit(mirrored.document, 2, [at(3, { condition: "z" })]);
    assert.deepEqual(later.changed, [1]);
    assert.deepEqual(lines(applyEdit(mirrored.document, 2, []).document), []);
    const gone = applyEdit(applyEdit(first, 1, []).document, 2, [at(3)], { meant: [1] });
    assert.deepEqual(gone.answer, [undefined], "a mirror of what is gone is no wish");
    assert.deepEqual(applyEdit(gone.document, 2, [at(3)]).answer, [undefined], "and stays none");
  });

  test("goes with its owner, but for what others own as well", () => {
    const both = applyEdit(applyEdit(EMPTY_DOCUMENT, 1, [at(3), at(5)]).document, 2, [at(3), at(7)]);
    const left = dropOwner(both.document, 1);
    assert.deepEqual(lines(left.document), [3, 7]);
    assert.deepEqual(
      left.removed.map(({ key }) => key),
      ["5:"],
    );
    assert.equal(dropOwner(left.document, 1).removed.length, 0);
  });

  test("is sent first, twice what it lists twice", () => {
    const first = applyEdit(EMPTY_DOCUMENT, 1, [at(1)]).document;
    const edit = applyEdit(first, 2, [at(9), at(3), at(9)]);
    assert.deepEqual(
      sendOrder(edit).map(({ spec }) => spec.line),
      [9, 3, 9, 1],
    );
  });
});

describe("properties", () => {
  const list = fc.uniqueArray(fc.integer({ min: 1, max: 6 })).map((all) => all.map((line) => at(line)));
  const edits = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), list), { maxLength: 12 });

  test("a single client's list is what the adapter gets, always", () => {
    fc.assert(
      fc.property(fc.array(list), (lists) => {
        let group = EMPTY_DOCUMENT;
        for (const items of lists) {
          const edit = applyEdit(group, 1, items);
          assert.deepEqual(
            sendOrder(edit).map(({ spec }) => spec),
            items.map(({ spec }) => spec),
          );
          group = edit.document;
        }
      }),
    );
  });

  test("no edit removes what its client never listed, nor adds what it did not list", () => {
    fc.assert(
      fc.property(edits, (all) => {
        let group = EMPTY_DOCUMENT;
        for (const [owner, items] of all) {
          const before = group;
          const edit = applyEdit(group, owner, items);
          group = edit.document;
          const listedBefore = new Set((before.listed.get(owner) ?? []).map(({ entry }) => entry));
          for (const entry of edit.removed) assert.ok(listedBefore.has(entry.id));
          for (const id of edit.added) assert.ok(items.some(({ key }) => key === group.entries.get(id)?.key));
          assert.equal(edit.answer.length, items.length);
          edit.answer.forEach((id, i) => {
            if (id !== undefined) assert.equal(group.entries.get(id)?.key, items[i]?.key);
          });
          const sent = sendOrder(edit);
          assert.equal(new Set(sent).size, group.entries.size);
          assert.deepEqual(before.entries.size, new Set(before.entries.keys()).size);
        }
      }),
    );
  });

  test("when all have left nothing is left", () => {
    fc.assert(
      fc.property(edits, (all) => {
        let group = all.reduce(
          (known, [owner, items]) => applyEdit(known, owner, items).document,
          EMPTY_DOCUMENT,
        );
        for (const owner of [1, 2, 3]) group = dropOwner(group, owner).document;
        assert.equal(group.entries.size, 0);
        assert.equal(group.listed.size, 0);
      }),
    );
  });
});
