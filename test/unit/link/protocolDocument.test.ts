import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { LIMITS } from "../../../src/common/limits.ts";
import { guestMessageLimit } from "../../../src/common/messageLimit.ts";
import { makeClaim } from "../../../src/link/resumption.ts";
import { frameLimit, FrameType, HOST_FRAMES } from "../../../src/link/frames.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import { EXAMPLES } from "./examples.ts";

const document = await readFile(new URL("../../../docs/PROTOCOL.md", import.meta.url), "utf8");

/** The document's ```hex NAME blocks, without their comments. */
function blocks(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", body = ""] of document.matchAll(/^```hex (\w+)\n(.*?)^```$/gmsu)) {
    found.set(name, body.replace(/#.*$/gmu, "").replace(/\s/gu, ""));
  }
  return found;
}

test("each example of the document is what we send, and none is missing", () => {
  const found = blocks();
  assert.deepEqual([...found.keys()].sort(), Object.keys(EXAMPLES).sort());
  for (const [name, parts] of Object.entries(EXAMPLES)) {
    assert.equal(found.get(name), Buffer.concat(parts).toString("hex"), name);
  }
});

test("the document's table of frame types is the code's", () => {
  const rows = [...document.matchAll(/^\| 0x([0-9a-f]{2}) \| ([A-Z_]+) +\|/gmu)];
  const camel = (name: string) =>
    name.toLowerCase().replace(/_(.)/gu, (_, letter: string) => letter.toUpperCase());
  const table = Object.fromEntries(rows.map(([, type = "", name = ""]) => [camel(name), parseInt(type, 16)]));
  assert.deepEqual(table, { ...FrameType });
});

test("the document's example of a proof is ours", () => {
  const [, link = "", attempt, received, proof] =
    /`\["(\w+)",(\d+),(\d+)\]` has the proof\s+`([0-9a-f]{64})`/u.exec(document) ?? [];
  const claim = makeClaim(Buffer.alloc(32), { link, attempt: Number(attempt), received: Number(received) });
  assert.equal(claim.proof, proof);
});

test("the document's limits are the code's", () => {
  for (const limit of [
    frameLimit(FrameType.hello, undefined),
    frameLimit(FrameType.dap, HOST_FRAMES),
    frameLimit(0xbf, HOST_FRAMES),
    frameLimit(FrameType.control, HOST_FRAMES),
    guestMessageLimit("view").bytes,
    guestMessageLimit("control").bytes,
    LINK_LIMITS.guestControlFrameBytes,
    LIMITS.stallBytes,
    LINK_LIMITS.controlBacklogBytes,
    LINK_LIMITS.streams,
    LINK_LIMITS.controlRequests,
    LINK_LIMITS.nameLength,
    LINK_LIMITS.textLength,
    LINK_LIMITS.pathLength,
    LINK_LIMITS.sourceChunkBytes,
    LIMITS.sourceBytes,
    LINK_LIMITS.admissionWaitMs,
    LINK_LIMITS.retransmitBytes,
    LINK_LIMITS.keepMs,
  ]) {
    assert.match(document, new RegExp(`\\b${limit}\\b`, "u"));
  }
});
