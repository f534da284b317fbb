import assert from "node:assert/strict";
import { type TestContext, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { LIMIT_BEFORE_ADMISSION } from "../../../src/common/messageLimit.ts";
import { StreamPort } from "../../../src/dap/streamPort.ts";
import { PendingDapPort } from "../../../src/host/pendingDapPort.ts";
import { memoryPair } from "../../support/memory.ts";
import { DapClient } from "../../support/dapClient.ts";
import { encodeMessage } from "../../support/dapFraming.ts";

const SOON_MS = 60_000;

function connect(t: TestContext) {
  const { near, far } = memoryPair();
  t.after(() => {
    near.stream.destroy();
    far.stream.destroy();
  });
  const port = new PendingDapPort(new StreamPort(far.stream, { limit: () => LIMIT_BEFORE_ADMISSION }));
  const delivered: string[] = [];
  port.onMessage(({ body }) => delivered.push(String(body)));
  return { client: DapClient.over(near.stream), port, delivered };
}

/** A client that begins wrongly is told why, and closed. */
async function isRefused({ port }: { port: PendingDapPort }, code: string): Promise<void> {
  await assert.rejects(port.initialized(SOON_MS), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, code);
    port.refuse(error);
    return true;
  });
}

describe("a plain DAP client before it is let in", () => {
  test("what it sends is held, and given out in order as it was, then all that follows", async (t) => {
    const { client, port, delivered } = connect(t);
    const initialize =
      '{"seq":1, "type":"request","command":"initialize","arguments":{"clientName":"Emacs"}}';
    client.sendBytes(`Content-Length: ${initialize.length}\r\n\r\n${initialize}`);
    assert.deepEqual(await port.initialized(SOON_MS), { clientName: "Emacs" });
    const second = '{"seq":2,"type":"request","command":"attach"}';
    client.sendBytes(`Content-Length: ${second.length}\r\n\r\n${second}`);
    port.start();
    assert.deepEqual(delivered, [], "not before start() has returned");
    await new Promise<void>((resolve) => port.onMessage(() => delivered.length === 2 && resolve()));
    assert.deepEqual(delivered, [initialize, second]);
    port.send([Buffer.from('{"seq":1,"type":"event","event":"initialized"}')]);
    await client.waitEvent("initialized");
  });

  test("refused: all that it asked is answered with the reason, for its user; then it is closed", async (t) => {
    const { client, port, delivered } = connect(t);
    // In one piece, so that both are there.
    const requests = ["initialize", "launch"].map((command, i) => ({ seq: i + 1, type: "request", command }));
    client.sendBytes(Buffer.concat(requests.map(encodeMessage)));
    await port.initialized(SOON_MS);
    port.refuse(new AppError("refused", "Not now.", { hint: "Try tomorrow." }));
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
    const { client, ...pending } = connect(t);
    const answer = client.raw("threads");
    await isRefused(pending, "protocol");
    assert.match(JSON.stringify(await answer), /Send initialize first/);
    await client.closed;
  });

  test("must send it soon", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { port } = connect(t);
    const late = assert.rejects(
      port.initialized(SOON_MS),
      (error) => error instanceof AppError && error.code === "timeout",
    );
    t.mock.timers.tick(SOON_MS);
    await late;
  });

  test("must send DAP", async (t) => {
    const { client, ...pending } = connect(t);
    client.sendBytes("Content-Length: 2\r\n\r\n[]");
    await isRefused(pending, "protocol");
    await client.closed;
  });

  test("may send so much and no more", async (t) => {
    const { client, port, delivered } = connect(t);
    const first = client.raw("initialize", { adapterID: "x" });
    await port.initialized(SOON_MS);
    const gone = new Promise((resolve) => port.gone.addEventListener("abort", resolve));
    const most = LIMITS.messageBytesBeforeAdmission / 2;
    for (let sent = 0; sent < 3; sent++)
      void client.raw("evaluate", { expression: "x".repeat(most - 200) }).catch(() => {});
    await gone;
    assert.ok(port.gone.reason instanceof AppError && port.gone.reason.code === "tooLarge");
    port.refuse(port.gone.reason);
    assert.equal((await first).message, "tooLarge");
    await client.closed;
    assert.deepEqual(delivered, []);
  });

  test("one that disconnects, or vanishes, has gone", async (t) => {
    const polite = connect(t);
    void polite.client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await polite.port.initialized(SOON_MS);
    const goodbye = await polite.client.raw("disconnect");
    assert.equal(goodbye.success, true);
    assert.equal(polite.port.gone.aborted, true);

    const rude = connect(t);
    void rude.client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await rude.port.initialized(SOON_MS);
    const gone = new Promise((resolve) => rude.port.gone.addEventListener("abort", resolve));
    await rude.client.kill();
    await gone;
    assert.ok(rude.port.gone.reason instanceof AppError);
    rude.port.refuse(rude.port.gone.reason);
  });

  test("once it is in, its end is no longer the pending port's", async (t) => {
    const { client, port } = connect(t);
    void client.raw("initialize", { adapterID: "x" }).catch(() => {});
    await port.initialized(SOON_MS);
    const closed = new Promise((resolve) => port.onClose(resolve));
    port.start();
    await client.kill();
    await closed;
    assert.equal(port.gone.aborted, false);
  });
});
