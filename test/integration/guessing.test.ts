import assert from "node:assert/strict";
import net from "node:net";
import { describe, test } from "node:test";
import { parseClient } from "../../src/address/parse.ts";
import { AppError } from "../../src/common/errors.ts";
import { openLink } from "../../src/link/openLink.ts";
import { prepareKey } from "../../src/security/key.ts";
import { tcpPeer } from "../../src/transport/peer.ts";
import { socketChannel, SOCKET_OPTIONS } from "../../src/transport/sockets.ts";
import { withDeadline } from "../support/process.ts";
import { serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

const GUESSES = 1000;
/** Fewer than may be half open from one address. */
const AT_ONCE = 8;

/** Joins from an address of loopback; `in`, or the code of the refusal. */
async function join(port: number, from: string, password: string): Promise<string> {
  const parsed = parseClient(`tcp:server=127.0.0.1,port=${port},password=${password}`);
  if (!parsed.ok) throw new Error(parsed.message);
  const key = await prepareKey(parsed.value, undefined);
  const socket = net.connect({ ...SOCKET_OPTIONS, port, host: "127.0.0.1", localAddress: from });
  try {
    const channel = await key.unlock(socketChannel(socket, tcpPeer("127.0.0.1", port)), {});
    const link = await openLink(channel, { name: from, client: { name: "test", version: "1" } });
    link.close();
    return "in";
  } catch (thrown) {
    return AppError.from(thrown).code;
  } finally {
    socket.destroy();
  }
}

describe("a thousand guesses from one address", { timeout: 180_000 }, () => {
  test(
    "few are answered, the host is told, and an honest guest from another address gets in meanwhile",
    // All of 127.0.0.0/8 is this machine on Linux only.
    { skip: process.platform !== "linux" && "needs more than one loopback address" },
    async (t) => {
      const upstream = new FakeUpstream();
      const served = await serveUpstream(upstream, {
        string: "tcp:port=0,bind=127.0.0.1,password=zq7Kx",
      });
      t.after(() => served.close());
      const told: { from: string; count: number; paused: boolean }[] = [];
      let toldAnother = () => {};
      served.server.onWrongPassword((attempt) => {
        told.push(attempt);
        toldAnother();
      });
      const outcomes: Record<string, number> = {};
      let honest: Promise<string> | undefined;
      let left = GUESSES;
      const guess = async () => {
        while (left-- > 0) {
          const outcome = await join(served.port, "127.0.0.2", "guess");
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (left < GUESSES / 2) honest ??= join(served.port, "127.0.0.3", "zq7Kx");
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, guess));
      assert.equal(await honest, "in");
      const { wrongPassword = 0, busy = 0, ...others } = outcomes;
      assert.deepEqual(others, {});
      assert.equal(wrongPassword + busy, GUESSES);
      assert.ok(wrongPassword >= 1 && wrongPassword <= 10, String(wrongPassword));
      // The host knows of a guess when its guest has gone, which is a moment later.
      await withDeadline(
        new Promise<void>((resolve) => {
          toldAnother = () => told.length >= wrongPassword && resolve();
          toldAnother();
        }),
        "the host is told of all",
      );
      assert.equal(told.length, wrongPassword);
      assert.ok(told.every(({ from }) => from === "tcp:127.0.0.2"));
      assert.equal(upstream.received.length, 0);
    },
  );
});
