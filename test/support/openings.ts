import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { encodeHeader } from "../../src/dap/codec.ts";
import { KeyAgreement, makeClaim } from "../../src/link/resumption.ts";
import { FrameType, encodeFrameJson } from "../../src/link/frames.ts";
import { DEFLATE, FEATURES, PROTOCOL, RESUME } from "../../src/link/messages.ts";
import { LINK_MAGIC } from "../../src/transport/protocolDetection.ts";

/** A message as plain DAP sends it. */
export function framed(message: unknown): Buffer {
  const body = Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
  return Buffer.concat([encodeHeader(body.length), body]);
}

const HELLO = { protocol: PROTOCOL, features: FEATURES, name: "Ana", client: { name: "test", version: "1" } };
const RESUMABLE = {
  ...HELLO,
  features: [...FEATURES, DEFLATE, RESUME],
  resume: { key: new KeyAgreement().publicKey },
};
const INITIALIZE = {
  seq: 1,
  type: "request",
  command: "initialize",
  arguments: { adapterID: "fake", clientName: "test" },
};

/** What a TLS client of Node's says first: a ClientHello. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(chunk) });
    connect({ socket: wire, servername: "localhost" }).on("error", () => {});
  });
}

/**
 * What those who may come in begin with. Fuzzing mutates it, so whatever a server understands before it has let somebody
 * in belongs here: add a line for each new exchange.
 */
export const OPENINGS: Readonly<Record<string, Buffer>> = {
  "plain DAP": framed(INITIALIZE),
  "plain DAP with a second header": Buffer.from(
    `Content-Length: ${JSON.stringify(INITIALIZE).length}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(INITIALIZE)}`,
  ),
  "plain DAP, all at once": Buffer.concat([
    framed(INITIALIZE),
    framed({ seq: 2, type: "request", command: "attach", arguments: {} }),
    framed({ seq: 3, type: "request", command: "threads" }),
  ]),
  link: Buffer.concat([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, HELLO)]),
  "link that asks at once": Buffer.concat([
    LINK_MAGIC,
    ...encodeFrameJson(FrameType.hello, HELLO),
    ...encodeFrameJson(FrameType.control, { id: 1, method: "listSessions", params: {} }),
  ]),
  "link that can be resumed": Buffer.concat([LINK_MAGIC, ...encodeFrameJson(FrameType.hello, RESUMABLE)]),
  "link that is resumed": Buffer.concat([
    LINK_MAGIC,
    ...encodeFrameJson(FrameType.hello, {
      ...RESUMABLE,
      resumes: makeClaim(Buffer.alloc(32), { link: "5f0f", attempt: 1, received: 7 }),
    }),
  ]),
  TLS: await clientHello(),
};
