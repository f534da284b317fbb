import assert from "node:assert/strict";
import { type TestContext, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { LIMIT_BEFORE_ADMISSION } from "../../../src/common/messageLimit.ts";
import { StreamPort } from "../../../src/dap/streamPort.ts";
import { Gate } from "../../../src/host/gate.ts";
import { memoryPair } from "../../../src/transport/memory.ts";
import { DapClient } from "../../support/dapClient.ts";
import { encodeMessage } from "../../support/dapFraming.ts";

const SOON_MS = 60_000;

function knock(t: TestContext) {
  const { near, far } = memoryPair();
  t.after(() => {
    near.stream.destroy();
    far.stream.destroy();
  });
  const gate = new Gate(new StreamPort(far.stream, { limit: () => LIMIT_BEFORE_ADMISSION }));
  const delivered: string[] = [];
  gate.onMessage(({ body }) => delivered.push(String(body)));
  return { client: DapClient.over(near.stream), gate, delivered };
}

/** How somebody is turned away who has knocked wrongly: told why, and closed. */
async function turnedAway({ gate }: { gate: Gate }, code: string): Promise<void> {
  await assert.rejects(gate.initialized(SOON_MS), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, code);
    gate.refuse(error);
    return true;
  });
}

describe("a plain DAP client before it is let in", () => {
  test("what it sends is held, and given out in order as it was, then all that follows", async (t) => {
    const { client, gate, delivered } = knock(t);
    const initialize =
      '{"seq":1, "type":"request","command":"initialize","arguments":{"clientName":"Emacs"}}';
    client.sendBytes(`Content-Length: ${initialize.length}\r\n\r\n${initialize}`);
    assert.deepEqual(await gate.initialized(SOON_MS), { clientName: "Emacs" });
    const second = '{"seq":2,"type":"request","command":"attach"}';
    client.sendBytes(`Content-Length: ${second.length}\r\n\r\n${second}`);
    gate.start();
    assert.deepEqual(delivered, [], "not before start() has returned");
    await new Promise<void>((resolve) => gate.onMessage(() => delivered.length === 2 && resolve()));
    assert.deepEqual(delivered, [initialize, second]);
    gate.send([Buffer.from('{"seq":1,"type":"event","event":"initialized"}')]);
    await client.waitEvent("initialized");
  });

  test("refused: all that it asked is answered with the reason, for its user; then it is closed", async (t) => {
    const { client, gate, delivered } = knock(t);
    // In one piece, so that both are there.
    const requests = ["initialize", "launch"].map((command, i) => ({ seq: i + 1, type: "request", command }));
    client.sendBytes(Buffer.concat(requests.map(encodeMessage)));
    await gate.initialized(SOON_MS);
    gate.refuse(new AppError("refused", "Not now.", { hint: "Try tomorrow." }));
    await client.closed;
    const body = { error: { id: 9012, format: "Not now. Try tomorrow.", showUser: true } };
    assert.deepEqual(
      client.transcript.map(({ message }) => message),
      requests.map(({ seq, command }) => ({
        seq,
        type: "response",
        request_seq: seq,
        success: false,
        command,
        message: "refused",
        body,
      })),
    );
    assert.deepEqual(delivered, []);
  });

  test("must begin with initialize", async (t) => {
    const { client, ...knocked } = knock(t);
    const answer = client.raw("threads");
    await turnedAway(knocked, "protocol");
    assert.match(JSON.stringify(await answer), /Send initialize first/);
    await client.closed;
  });

  test("must send it soon", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { gate } = knock(t);
    const late = assert.rejects(
      gate.initialized(SOON_MS),
      (error) => error instanceof AppError && error.code === "timeout",
    );
    t.mock.timers.tick(SOON_MS);
    await late;
  });

  test("must send DAP", async (t) => {
    const { client, ...knocked } = knock(t);
    client.sendBytes("Content-Length: 2\r\n\r\n[]");
    await turnedAway(knocked, "protocol");
    await client.closed;
  });

  test("may send so much and no more", async (t) => {
    const { client, gate, delivered } = knock(t);
    const first = client.raw("initialize", { adapterID: "x" });
    await gate.initialized(SOON_MS);
    const gone = new Promise((resolve) => gate.gone.addEventListener("abort", resolve));
    const most = LIMITS.messageBytesBeforeAdmission / 2;
    for (let sent = 0; sent < 3; sent++)
      void client.raw("evaluate", { expression: "x".repeat(most - 200) }).catch(() => {});
    await gone;
    assert.ok(gate.gone.reason instanceof AppError && gate.gone.reason.code === "tooLarge");
    gate.refuse(gate.gone.reason);
    assert.equal((await first).message, "tooLarge");
    await client.closed;
    assert.deepEqual(delivered, []);
  });

  test("one that disconnects, or vanishes, has gone", async (t) => {
    const polite = knock(t);
    void polite.client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await polite.gate.initialized(SOON_MS);
    const goodbye = await polite.client.raw("disconnect");
    assert.equal(goodbye.success, true);
    assert.equal(polite.gate.gone.aborted, true);

    const rude = knock(t);
    void rude.client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await rude.gate.initialized(SOON_MS);
    const gone = new Promise((resolve) => rude.gate.gone.addEventListener("abort", resolve));
    await rude.client.kill();
    await gone;
    assert.ok(rude.gate.gone.reason instanceof AppError);
    rude.gate.refuse(rude.gate.gone.reason);
  });

  test("once it is in, its end is no longer the gate's", async (t) => {
    const { client, gate } = knock(t);
    void client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await gate.initialized(SOON_MS);
    const closed = new Promise((resolve) => gate.onClose(resolve));
    gate.start();
    await client.kill();
    await closed;
    assert.equal(gate.gone.aborted, false);
  });
});
