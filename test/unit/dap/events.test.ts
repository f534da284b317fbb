import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS } from "../../../src/dap/events.ts";
import { EVENT_NAMES, commandOf } from "../../support/specification.ts";

test("the table of events has every event of DAP, and no other", () => {
  assert.ok(EVENT_NAMES.length >= 17, String(EVENT_NAMES.length));
  assert.deepEqual([...EVENTS].sort(), EVENT_NAMES.map(commandOf).sort());
});
