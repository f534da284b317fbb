import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { createCertificate } from "../../../src/security/certificates/create.ts";
import { ChannelInbox } from "../../../src/transport/inbox.ts";
import { acceptTls, openTls } from "../../../src/security/tls.ts";
import { connectPath, connectPipe, listenPipe } from "../../../src/transport/pipe.ts";
import { ReverseDialer } from "../../../src/transport/reverseDialer.ts";
import { withDeadline } from "../../../src/transport/deadline.ts";
import { connectTcp, listenTcp, type TcpListener } from "../../../src/transport/tcp.ts";
import type { Channel } from "../../../src/transport/channel.ts";
import { describeTransport, type TransportFixture } from "../../support/transportContract.ts";
import { silence } from "./silence.ts";

const ANY_PORT = { first: 0, last: 0 };

async function machineHas(host: string): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen({ port: 0, host });
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** A port that nobody listens on: one that was free a moment ago. */
async function freePort(host: string): Promise<number> {
  const listener = await listenTcp({ ports: ANY_PORT, bind: host });
  await listener.close();
  return listener.port;
}

function tcpFixture(host: string, family: 4 | 6): TransportFixture {
  const disposables: (() => void)[] = [];
  const connectToSilence = async (wait: object): Promise<Channel> => {
    const silent = await silence(host);
    disposables.push(silent.dispose);
    return connectTcp({ ...wait, host, family, port: silent.port });
  };
  return {
    async listen() {
      const listener = await listenTcp({ ports: ANY_PORT, family, loopback: true });
      return { listener, connect: (wait) => connectTcp({ ...wait, host, family, port: listener.port }) };
    },
    connectToNothing: async (wait) => connectTcp({ ...wait, host, port: await freePort(host) }),
    ...(process.platform === "linux" ? { connectToSilence } : {}),
    async dispose() {
      for (const dispose of disposables.splice(0)) dispose();
    },
  };
}

/** The listener dials, and who connects waits for that. */
function reverseFixture(): TransportFixture {
  const disposables: (() => Promise<void>)[] = [];
  return {
    async listen() {
      const waiting = await listenTcp({ ports: ANY_PORT, loopback: true });
      disposables.push(() => waiting.close());
      return {
        listener: new ReverseDialer({ host: "localhost", port: waiting.port }),
        connect: (wait = {}) =>
          withDeadline(wait, 10_000, "Waiting for a call", (signal) => nextChannel(waiting, signal)),
      };
    },
    connectToSilence: async (wait) =>
      withDeadline(wait, 10_000, "Waiting for a call", async (signal) => {
        const waiting = await listenTcp({ ports: ANY_PORT, loopback: true });
        return nextChannel(waiting, signal).finally(() => waiting.close());
      }),
    manyChannels: 1,
    async dispose() {
      for (const dispose of disposables.splice(0)) await dispose();
    },
  };
}

/** Unlike `once`, it takes none when it is too late. */
function nextChannel({ onChannel }: TcpListener, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const subscription = onChannel((channel) => {
      subscription.dispose();
      resolve(channel);
    });
    signal.addEventListener("abort", () => {
      subscription.dispose();
      reject(AppError.from(signal.reason));
    });
  });
}

describeTransport("reverse", reverseFixture());

const noIPv6 = !(await machineHas("::1")) && "this machine has no IPv6";
describeTransport("tcp over IPv4", tcpFixture("127.0.0.1", 4));
describeTransport("tcp over IPv6", tcpFixture("::1", 6), noIPv6);

const directory = await mkdtemp(path.join(os.tmpdir(), "dbgsrv-test-"));
after(() => rm(directory, { recursive: true, force: true }));
let names = 0;

const pipes: TransportFixture = {
  async listen() {
    const name = `pipe-${process.pid}-${names++}`;
    const listener = await listenPipe({ name, directory });
    return { listener, connect: (wait) => connectPipe({ ...wait, name, directory }) };
  },
  connectToNothing: (wait) => connectPipe({ ...wait, name: "nobody", directory }),
};
describeTransport("pipe", pipes);

describeTransport("pipe by its path", {
  async listen() {
    const listener = await listenPipe({ name: `path-${process.pid}-${names++}`, directory });
    return { listener, connect: (wait) => connectPath({ ...wait, path: listener.path }) };
  },
  connectToNothing: (wait) => connectPath({ ...wait, path: path.join(directory, "nobody") }),
});

const identity = await createCertificate({ commonName: "contract" });

/** The same inside TLS: a channel is there when both have shaken hands. */
function insideTls(below: TransportFixture): TransportFixture {
  const secured = (channel: Channel) =>
    acceptTls(channel, { proto: "tls1.3", identity, askCertificate: false });
  return {
    ...below,
    async listen() {
      const listening = await below.listen();
      const { listener } = listening;
      const inbox = new ChannelInbox();
      listener.onChannel((channel) => {
        void secured(channel).then(
          (inner) => inbox.offer(inner),
          () => {},
        );
      });
      return {
        listener: {
          onChannel: inbox.event,
          onError: listener.onError,
          async close() {
            inbox.dispose();
            await listener.close();
          },
        },
        connect: async (wait) => openTls(await listening.connect(wait), { proto: "tls1.3", ...wait }),
      };
    },
    manyChannels: 20,
  };
}

describeTransport("tls over tcp", insideTls(tcpFixture("127.0.0.1", 4)));
describeTransport("tls over a pipe", insideTls(pipes));
