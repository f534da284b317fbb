import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { AppError } from "../../../src/common/errors.ts";
import { acceptLink } from "../../../src/link/hostHandshake.ts";
import { KeyAgreement, makeClaim } from "../../../src/link/resumption.ts";
import { ResumableLinks } from "../../../src/link/resumableLinks.ts";
import { openLink } from "../../../src/link/openLink.ts";
import { checkPassword, provePassword } from "../../../src/security/password/exchange.ts";
import { recordPassword, startLogin } from "../../../src/security/password/opaque.ts";
import { PasswordTurns } from "../../../src/security/password/passwordTurns.ts";
import { readProtocol } from "../../../src/transport/protocolDetection.ts";
import { memoryPair } from "../../support/memory.ts";
import { ACCEPT, CALM, HELLO, IDENTITY, WELCOME, handlers, hear, pair } from "./helpers.ts";

// Version 1 of the link protocol as its first guests and hosts spoke it (commit c4844d8), written byte by byte and not by
// our own encoders: peers that are not updated go on speaking so.

/** A frame: u32 length of the rest, type, payload. */
function frame(type: number, payload: Buffer | string): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(1 + bytes.length);
  header[4] = type;
  return Buffer.concat([header, bytes]);
}

function numbered(type: number, numbers: readonly number[], payload = ""): Buffer {
  const fields = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, i) => fields.writeUInt32BE(number, 4 * i));
  return frame(type, Buffer.concat([fields, Buffer.from(payload)]));
}

/** The old peer: what it has got, frame by frame, and what it says. */
class OldPeer {
  readonly #stream: ReturnType<typeof pair>["near"]["stream"];
  readonly #frames: { readonly type: number; readonly payload: Buffer }[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(stream: ReturnType<typeof pair>["near"]["stream"], magicBytes: number) {
    this.#stream = stream;
    let toSkip = magicBytes;
    stream.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.#bytes.length < toSkip) return;
      this.#bytes = this.#bytes.subarray(toSkip);
      toSkip = 0;
      while (this.#bytes.length >= 5 && this.#bytes.length >= 4 + this.#bytes.readUInt32BE(0)) {
        const end = 4 + this.#bytes.readUInt32BE(0);
        this.#frames.push({ type: this.#bytes[4] ?? 0, payload: this.#bytes.subarray(5, end) });
        this.#bytes = this.#bytes.subarray(end);
      }
      this.#wake();
    });
  }

  say(...frames: readonly Buffer[]): void {
    this.#stream.write(Buffer.concat(frames));
  }

  /** The payload of the next frame of that type; pings are not looked at. */
  async next(type: number): Promise<Buffer> {
    for (;;) {
      const got = this.#frames.shift();
      if (got === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (got.type === type) return got.payload;
      else
        assert.ok([0x0a, 0x0b, 0x0c].includes(got.type), `a frame of type ${got.type} came before ${type}`);
    }
  }

  async json(type: number, from = 0): Promise<Record<string, unknown>> {
    return JSON.parse((await this.next(type)).toString("utf8", from)) as Record<string, unknown>;
  }
}

const MAGIC = Buffer.from("DBGSRV1\n");
const OLD_HELLO = {
  protocol: { min: 1, max: 1 },
  features: ["push", "resume"],
  name: "Ada",
  client: { name: "Debug Server", version: "0.1.0" },
};
const THREADS = '{"seq":1,"type":"request","command":"threads"}';
const ANSWER = '{"seq":1,"type":"response","request_seq":1,"success":true,"command":"threads"}';

test("an old guest is let in, asks, is answered, and comes back after a break", async (t) => {
  const resumable = new ResumableLinks();
  const first = pair(t);
  const guest = new OldPeer(first.near.stream, 0);
  const accepting = acceptLink(first.far, { ...ACCEPT, resumable });
  const agreement = new KeyAgreement();
  const hello = { ...OLD_HELLO, resume: { key: agreement.publicKey } };
  guest.say(MAGIC, frame(0x01, JSON.stringify(hello)));
  const host = await accepting;
  host.start(
    handlers({
      openSession(request) {
        const port = request.accept();
        port.onMessage(({ body }) => {
          assert.equal(body.toString(), THREADS);
          port.send([Buffer.from(ANSWER)]);
          port.push([{ request: Buffer.from(THREADS), response: Buffer.from(ANSWER) }]);
        });
        port.start();
      },
    }),
  );
  const welcome = await guest.json(0x02);
  assert.deepEqual([welcome["protocol"], welcome["features"]], [1, ["push", "resume"]]);

  guest.say(numbered(0x05, [1], '{"session":"1"}'));
  assert.deepEqual(await guest.json(0x06, 4), {});
  guest.say(numbered(0x08, [1, 0], THREADS));
  assert.equal((await guest.next(0x08)).toString("utf8", 8), ANSWER);
  const push = await guest.next(0x0d);
  assert.deepEqual(
    [push.readUInt32BE(0), push.readUInt32BE(4), push.readUInt32BE(8)],
    [1, 1, THREADS.length],
  );
  guest.say(frame(0x09, '{"id":1,"method":"listClients","params":{}}'));
  assert.deepEqual(await guest.json(0x09), { id: 1, result: { clients: [] } });

  // OPENED, DAP, PUSH and CONTROL: four frames.
  const { link, key } = welcome["resume"] as { link: string; key: string };
  const secret = agreement.secretWith(key);
  assert.ok(secret);
  first.near.stream.destroy();
  const second = pair(t);
  const again = new OldPeer(second.near.stream, 0);
  const resuming = acceptLink(second.far, { ...ACCEPT, resumable });
  const resumes = makeClaim(secret, { link, attempt: 1, received: 4 });
  again.say(MAGIC, frame(0x01, JSON.stringify({ ...hello, resumes })));
  assert.deepEqual((await again.json(0x02))["resumed"], { received: 3 });
  assert.equal(await resuming, host);
  again.say(numbered(0x08, [1, 1], THREADS));
  assert.equal((await again.next(0x08)).toString("utf8", 8), ANSWER);
  again.say(frame(0x03, "{}"));
});

test("a guest of now is let in by an old host, compressed where the line is slow", async (t) => {
  const { near, far } = pair(t);
  const host = new OldPeer(far.stream, MAGIC.length);
  const opening = openLink(near, IDENTITY, { timing: CALM, isSlow: true });
  const hello = await host.json(0x01);
  const { min, max } = hello["protocol"] as { min: number; max: number };
  assert.ok(min <= 1 && max >= 1);
  for (const feature of ["push", "deflate"]) assert.ok((hello["features"] as string[]).includes(feature));
  host.say(frame(0x02, JSON.stringify({ ...WELCOME, features: ["push", "deflate"] })));
  const link = await opening;
  link.start();
  const session = link.openSession("1");
  await host.next(0x05);
  host.say(numbered(0x06, [1], "{}"));
  const heard = hear(await session);
  const long = THREADS.replace("}", `,"arguments":{"text":"${"a".repeat(200)}"}}`);
  heard.port.send([Buffer.from(long)]);
  const sent = await host.next(0x48);
  const plain = inflateRawSync(sent.subarray(4));
  assert.deepEqual([sent.readUInt32BE(0), plain.toString("utf8", 8)], [plain.length, long]);
  // Each direction has its own past; what is not compressed may come all the same.
  const reply = numbered(0x08, [1, 1], ANSWER.repeat(3)).subarray(5);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(reply.length);
  host.say(frame(0x48, Buffer.concat([length, deflateRawSync(reply)])), numbered(0x08, [1, 1], ANSWER));
  await heard.until(2);
  assert.deepEqual(
    heard.messages.map(({ body }) => body.toString()),
    [ANSWER.repeat(3), ANSWER],
  );
  link.close();
});

// The password exchange of the same time: a guest's first line did not yet say how long it waits.
const BINDING = Buffer.alloc(32, 7);
const oldProof = (side: string, key: Buffer) =>
  createHmac("sha256", key).update(`debug-server password 1 ${side}\n`).update(BINDING).digest("base64url");

/** The old side of it: lines of JSON, one after the other. */
function oldLines({ stream }: ReturnType<typeof memoryPair>["near"]) {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  const text = async () => String((await lines.next()).value);
  return {
    say: (line: object) => stream.write(`${JSON.stringify(line)}\n`),
    text,
    next: async () => JSON.parse(await text()) as Record<string, string>,
  };
}

test("an old guest's password is proved to a host of now, and the other way round", async () => {
  const record = await recordPassword("zq7Kx");
  const first = memoryPair();
  first.near.stream.write("KNOCK01\n");
  assert.equal(await readProtocol(first.far.stream), "password");
  const atHost = checkPassword({ ...first.far, binding: BINDING }, record, {
    turns: new PasswordTurns(),
    group: { peer: "a", network: "n" },
  });
  const guest = oldLines(first.near);
  const login = await startLogin("zq7Kx");
  guest.say({ start: login.startLoginRequest });
  const done = login.finish((await guest.next())["answer"] ?? "");
  assert.ok(done);
  guest.say({ finish: done.finishLoginRequest, proof: oldProof("guest", done.key) });
  assert.equal((await guest.next())["proof"], oldProof("host", done.key));
  await atHost;

  const second = memoryPair();
  const atGuest = provePassword({ ...second.near, binding: BINDING }, "zq7Kx");
  const host = oldLines(second.far);
  assert.equal(await host.text(), "KNOCK01");
  const { start = "" } = await host.next();
  const answering = record.start(start);
  host.say({ answer: answering.loginResponse });
  const { finish = "", proof } = await host.next();
  const key = answering.finish(finish);
  assert.equal(proof, oldProof("guest", key));
  host.say({ proof: oldProof("host", key) });
  await atGuest;
});

test("without a common version, both are told which side is to be updated", async (t) => {
  for (const [theirs, side] of [
    [{ min: 0, max: 0 }, "guest's"],
    [{ min: 2, max: 3 }, "host's"],
  ] as const) {
    const { near, far } = pair(t);
    const guest = new OldPeer(near.stream, 0);
    const refused = acceptLink(far, ACCEPT).then(
      () => undefined,
      (error: AppError) => error,
    );
    guest.say(MAGIC, frame(0x01, JSON.stringify({ ...HELLO, protocol: theirs })));
    const { code, hint } = await guest.json(0x03);
    assert.deepEqual([code, hint], ["notSupported", `Update the ${side} Debug Server.`]);
    assert.equal((await refused)?.code, "notSupported");
  }
});
