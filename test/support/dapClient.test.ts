import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { DapClient } from "./dapClient.ts";
import { encodeMessage } from "./dapFraming.ts";

/** A client over a stream whose other side the test plays: `feed` is what the client receives. */
function played(options: { checkSeq?: boolean } = {}): {
  client: DapClient;
  feed: (bytes: Buffer | null) => void;
} {
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  return { client: DapClient.over(stream, options), feed: (bytes) => void stream.push(bytes) };
}

const event = (seq: number, name: string) => encodeMessage({ seq, type: "event", event: name });
const response = (requestSeq: number, command: string) =>
  encodeMessage({ seq: 0, type: "response", request_seq: requestSeq, command, success: true });

test("requests that overlap get their own responses, in any order and split anywhere", async () => {
  const { client, feed } = played();
  const both = Promise.all([client.raw("threads"), client.raw("scopes")]);
  const bytes = Buffer.concat([response(2, "scopes"), response(1, "threads")]);
  for (const byte of bytes) feed(Buffer.from([byte]));
  assert.deepEqual(
    (await both).map(({ command }) => command),
    ["threads", "scopes"],
  );
  client.assertNoFaults();
});

test("an event goes to one waiter, whether it came before or comes after", async () => {
  const { client, feed } = played();
  feed(Buffer.concat([event(1, "stopped"), event(2, "output"), event(3, "stopped")]));
  assert.equal((await client.waitEvent("stopped")).seq, 1);
  assert.equal((await client.waitEvent(["terminated", "stopped"])).seq, 3);
  const future = client.waitEvent("stopped", (stopped) => stopped.seq > 4);
  feed(Buffer.concat([event(4, "stopped"), event(5, "stopped")]));
  assert.equal((await future).seq, 5);
  assert.deepEqual(
    client.unconsumed.map(({ seq }) => seq),
    [2, 4],
  );
});

test("waits end: by the deadline, and with the connection", async () => {
  const { client, feed } = played();
  await assert.rejects(client.raw("threads", undefined, 1), /timeout after 1 ms/);
  await assert.rejects(client.waitEvent("stopped", undefined, 1), /timeout after 1 ms/);
  const waits = [client.raw("threads"), client.waitEvent("stopped"), client.waitRequest("runInTerminal")];
  feed(null);
  for (const wait of waits) await assert.rejects(wait, /closed/);
  await client.closed;
  await assert.rejects(client.raw("threads"), /closed/);
});

const FAULTS: readonly (readonly [string, readonly Buffer[], RegExp])[] = [
  ["no length", [Buffer.from("X: 1\r\n\r\n{}")], /bad header/],
  ["no JSON", [Buffer.from("Content-Length: 2\r\n\r\n{x")], /not JSON/],
  ["no message", [Buffer.from("Content-Length: 2\r\n\r\n[]")], /not a message/],
  ["a header without end", [Buffer.alloc(5000, "x")], /no end of header/],
  ["a response to no request", [response(7, "threads")], /response to no request/],
  ["a second response", [response(1, "threads"), response(1, "threads")], /second response/],
  ["a response of another command", [response(1, "scopes")], /says scopes/],
  ["a seq that does not grow", [event(2, "output"), event(2, "output")], /seq 2 after 2/],
];

for (const [name, bytes, fault] of FAULTS) {
  test(`fault: ${name}`, async () => {
    const { client, feed } = played({ checkSeq: true });
    client.raw("threads").catch(() => undefined);
    for (const part of bytes) feed(part);
    feed(null);
    await client.closed;
    assert.throws(() => client.assertNoFaults(), fault);
  });
}

test("fault: an end within a message", async () => {
  const { client, feed } = played();
  feed(event(1, "output").subarray(0, 30));
  feed(null);
  await client.closed;
  assert.throws(() => client.assertNoFaults(), /closed within a message/);
});
