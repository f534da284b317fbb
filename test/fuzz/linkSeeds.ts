import { RESUME, DEFLATE } from "../../src/link/messages.ts";
import { KeyAgreement, makeClaim } from "../../src/link/resumption.ts";
import { FrameType, encodeAck, encodeDap, encodeFrame, encodePing } from "../../src/link/frames.ts";
import { encodePush } from "../../src/link/push.ts";
import { jsonText, someProbability } from "./harness/json.ts";
import type { Random } from "./harness/random.ts";
import { anyMessage } from "./targets/dapMessages.ts";

const KEY = new KeyAgreement().publicKey;
const SHA256 = "0123456789abcdef".repeat(4);

export const HELLO = {
  protocol: { min: 1, max: 1 },
  features: ["push", DEFLATE, RESUME],
  name: "Ada",
  client: { name: "test", version: "1" },
  resume: { key: KEY },
};
export const RESUMING = {
  ...HELLO,
  resumes: makeClaim(Buffer.alloc(32), { link: "5f0f", attempt: 1, received: 7 }),
};
const SESSION = { id: "1", name: "app.js", type: "node", state: "stopped" };
const CLIENT = {
  id: 2,
  name: "Ada",
  kind: "guest",
  access: "control",
  from: "tcp 192.0.2.7:5005",
  joinedAt: 1,
  away: true,
};

export const WELCOME = {
  protocol: 1,
  features: ["push"],
  guest: { id: 2 },
  host: { name: "Debug Server", version: "1" },
  access: "control",
  sessions: [SESSION, { ...SESSION, id: "2", parent: "1" }],
};
export const RESUMABLE = {
  ...WELCOME,
  features: ["push", RESUME],
  resume: { link: "5f0f", key: KEY, keepMs: 60_000 },
};
export const WAIT = { ms: 1000, message: "The host is being asked." };
export const REASON = { code: "closed", message: "The server has ended.", hint: "Join again." };

const SOURCE = { session: "1", path: "/p/a.c" };

/** What a guest asks for: the parameters of its requests. */
export const PARAMS = {
  listClients: {},
  listSessions: {},
  listServers: {},
  say: { text: "hi" },
  setAccess: { client: 2, access: "view" },
  removeClient: { client: 2, message: "Bye." },
  endSession: { session: "1" },
  endServer: { server: 1 },
  describeSource: SOURCE,
  readSource: { ...SOURCE, offset: 0 },
  findSource: { ...SOURCE, sha256: SHA256, samePlace: true },
};
export const RESULTS = {
  listClients: { clients: [CLIENT] },
  listSessions: { sessions: [SESSION] },
  listServers: { servers: [{ id: 1, address: "tcp:port=5005" }] },
  say: {},
  setAccess: {},
  removeClient: {},
  endSession: {},
  endServer: {},
  describeSource: { size: 11, sha256: SHA256, relativePath: "a.c" },
  readSource: { size: 11, data: "bGV0IG4gPSAxOwo=", end: true },
  findSource: { path: "/p/a.c" },
};
export const NOTIFICATIONS = {
  clients: { clients: [CLIENT] },
  sessions: { sessions: [SESSION] },
  said: { client: 2, name: "Ada", text: "hi" },
  access: { access: "view" },
  ended: { session: "1", message: "It is over." },
};

function frame(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** A JSON frame, some of whose values are hostile. */
export function jsonFrame(random: Random, type: number, value: object): Buffer {
  return frame(encodeFrame(type, [Buffer.from(jsonText(random, value, someProbability(random)))]));
}

function streamJson(random: Random, type: number, stream: number, value: object): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(stream);
  return frame(encodeFrame(type, [id, Buffer.from(jsonText(random, value, someProbability(random)))]));
}

function dapJson(random: Random): Buffer {
  return Buffer.from(jsonText(random, anyMessage(random), someProbability(random)));
}

/** A frame that either side may send after WELCOME, mostly of a stream that is open. */
export function eitherFrame(random: Random): Buffer {
  const stream = random.chance(0.9) ? 1 : random.pick([2, 3, 0, 0xffffffff]);
  switch (random.below(7)) {
    case 0:
    case 1:
    case 2:
      return frame(
        encodeDap(stream, random.chance(0.9) ? 0 : random.pick([1, 0xffffffff]), [dapJson(random)]),
      );
    case 3:
      return frame(
        encodePing(
          random.pick([FrameType.ping, FrameType.pong]),
          random.chance(0.9) ? Buffer.alloc(8) : random.bytes(9),
        ),
      );
    case 4:
      return frame(
        random.chance(0.9)
          ? encodeAck(random.pick([0, 0, 0, 1, 2 ** 52]))
          : encodeFrame(FrameType.ack, [random.bytes(9)]),
      );
    case 5:
      return frame(encodeFrame(0x80 | random.below(0x80), [random.bytes(64)]));
    default:
      return random.chance(0.8)
        ? streamJson(random, FrameType.closeStream, random.pick([1, 1, 2]), random.pick([{}, REASON]))
        : jsonFrame(
            random,
            random.pick([FrameType.close, FrameType.open, FrameType.welcome, 0x2f, 0x30]),
            REASON,
          );
  }
}

/** A frame of a guest's that is in. */
export function guestFrame(random: Random, nextStream: () => number, nextId: () => number): Buffer {
  switch (random.below(4)) {
    case 0:
      return streamJson(random, FrameType.open, random.chance(0.9) ? nextStream() : random.below(5), {
        session: "1",
      });
    case 1:
    case 2: {
      const [method, params] = random.pick(Object.entries(PARAMS));
      const id = random.chance(0.9) ? nextId() : random.below(3);
      return jsonFrame(random, FrameType.control, { id, method, params });
    }
    default:
      return eitherFrame(random);
  }
}

/** A frame of a host's whose guest has asked `asked` requests and opened stream 1. */
export function hostFrame(random: Random, asked: readonly string[]): Buffer {
  switch (random.below(6)) {
    case 0: {
      const [method, params] = random.pick(Object.entries(NOTIFICATIONS));
      return jsonFrame(random, FrameType.control, { method, params });
    }
    case 1: {
      const at = random.below(asked.length);
      const method = asked[at] as keyof typeof RESULTS;
      const reply = random.chance(0.7) ? { result: RESULTS[method] } : { error: REASON };
      return jsonFrame(random, FrameType.control, {
        id: random.chance(0.95) ? at + 1 : random.below(100),
        ...reply,
      });
    }
    case 2: {
      const answers = random.list(0, 3, () => ({ request: dapJson(random), response: dapJson(random) }));
      return frame(encodePush(random.chance(0.95) ? 1 : 2, answers));
    }
    case 3:
      return random.chance(0.8)
        ? streamJson(random, FrameType.opened, random.chance(0.95) ? 1 : 2, {})
        : jsonFrame(random, FrameType.control, { id: 1, method: "listClients", params: {} });
    default:
      return eitherFrame(random);
  }
}
