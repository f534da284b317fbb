import { createHash } from "node:crypto";
import {
  encodeAck,
  encodeDap,
  encodeFrameJson,
  encodePing,
  encodeStreamJson,
  FrameType,
} from "../../../src/link/frames.ts";
import { encodePush } from "../../../src/link/push.ts";
import { LINK_MAGIC } from "../../../src/transport/protocolDetection.ts";

const FILE = Buffer.from("let n = 1;\n");
const text = (value: string) => Buffer.from(value);

/** The examples of docs/PROTOCOL.md, by name, as this implementation encodes them. */
export const EXAMPLES: Readonly<Record<string, readonly Uint8Array[]>> = {
  hello: [
    LINK_MAGIC,
    ...encodeFrameJson(FrameType.hello, {
      protocol: { min: 1, max: 1 },
      features: ["push"],
      name: "Ada",
      client: { name: "example", version: "1.0" },
    }),
  ],
  wait: encodeFrameJson(FrameType.wait, { ms: 60000, message: "The host is being asked." }),
  welcome: encodeFrameJson(FrameType.welcome, {
    protocol: 1,
    features: [],
    guest: { id: 2 },
    host: { name: "Debug Server", version: "0.1.0" },
    access: "control",
    sessions: [{ id: "s1", name: "app.js", type: "node", state: "stopped" }],
  }),
  open: encodeStreamJson(FrameType.open, 1, { session: "s1" }),
  opened: encodeStreamJson(FrameType.opened, 1, {}),
  dapRequest: encodeDap(1, 0, [text('{"seq":1,"type":"request","command":"threads"}')]),
  dapResponse: encodeDap(1, 1, [
    text(
      '{"seq":1,"type":"response","request_seq":1,"success":true,"command":"threads","body":{"threads":[]}}',
    ),
  ]),
  say: encodeFrameJson(FrameType.control, { id: 1, method: "say", params: { text: "hi" } }),
  said: encodeFrameJson(FrameType.control, {
    method: "said",
    params: { client: 2, name: "Ada", text: "hi" },
  }),
  done: encodeFrameJson(FrameType.control, { id: 1, result: {} }),
  refused: encodeFrameJson(FrameType.control, {
    id: 2,
    error: { code: "notAllowed", message: "Only the host can do this." },
  }),
  readSource: encodeFrameJson(FrameType.control, {
    id: 3,
    method: "readSource",
    params: { session: "s1", path: "/app/a.js", offset: 0 },
  }),
  chunk: encodeFrameJson(FrameType.control, {
    id: 3,
    result: { size: FILE.length, data: FILE.toString("base64"), end: true },
  }),
  findSource: encodeFrameJson(FrameType.control, {
    id: 4,
    method: "findSource",
    params: {
      session: "s1",
      path: "/home/ada/app/a.js",
      sha256: createHash("sha256").update(FILE).digest("hex"),
    },
  }),
  found: encodeFrameJson(FrameType.control, { id: 4, result: { path: "/app/a.js" } }),
  ping: encodePing(FrameType.ping, Buffer.from([0, 0, 0, 0, 0, 0, 0, 7])),
  pong: encodePing(FrameType.pong, Buffer.from([0, 0, 0, 0, 0, 0, 0, 7])),
  push: encodePush(1, [
    {
      request: text('{"seq":-1,"type":"request","command":"threads"}'),
      response: text('{"seq":9,"type":"response","request_seq":-1,"success":true,"command":"threads"}'),
    },
  ]),
  ack: encodeAck(64),
  skipped: [Buffer.from([0, 0, 0, 4, 0xbf, 1, 2, 3])],
  closeStream: encodeStreamJson(FrameType.closeStream, 1, {}),
  close: encodeFrameJson(FrameType.close, { code: "closed", message: "The server has ended." }),
};
