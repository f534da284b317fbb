import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  encodeSerialFrame,
  type SerialFrame,
  MAX_FRAME,
  MAX_PAYLOAD,
  MAX_WINDOW,
  sizeOnLine,
} from "../../../../src/transport/serial/frames.ts";

const document = await readFile(new URL("../../../../docs/PROTOCOL.md", import.meta.url), "utf8");

const GUEST = 0xa1b2c3d4;
const HOST = 0x0badcafe;
const channel = 3;
const EXAMPLES: Readonly<Record<string, SerialFrame>> = {
  open: { type: "open", channel, to: 0, from: GUEST, version: 1 },
  accept: { type: "accept", channel, to: GUEST, from: HOST, version: 1 },
  data: {
    type: "data",
    channel,
    to: HOST,
    sequence: 0,
    ack: 0,
    window: 64,
    payload: Buffer.from("DBGSRV1\n"),
  },
  ack: {
    type: "ack",
    channel,
    to: GUEST,
    ack: 1,
    window: 63,
    selective: Buffer.from("0500000000000000", "hex"),
  },
};

test("each serial frame in the document is what we send, and none is missing", () => {
  const found = new Map<string, string>();
  for (const [, name = "", body = ""] of document.matchAll(/^```serial (\w+)\n(.*?)^```$/gmsu)) {
    found.set(name, body.replace(/#.*$/gmu, "").replace(/\s/gu, ""));
  }
  assert.deepEqual([...found.keys()], Object.keys(EXAMPLES));
  for (const [name, frame] of Object.entries(EXAMPLES)) {
    assert.equal(found.get(name), encodeSerialFrame(frame).toString("hex"), name);
  }
});

test("the document's limits of the serial datalink are the code's", () => {
  for (const text of [
    `longer than ${MAX_FRAME} bytes`,
    `payload 1–${MAX_PAYLOAD} bytes`,
    `takes, ${MAX_WINDOW} at most`,
    `√(${sizeOnLine(0)} · bytes`,
  ]) {
    assert.ok(document.includes(text), text);
  }
});
