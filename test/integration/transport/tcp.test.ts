import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import os from "node:os";
import { afterEach, describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { once as next } from "../../../src/common/event.ts";
import {
  connectTcp,
  listenTcp,
  type TcpListener,
  type TcpListenOptions,
} from "../../../src/transport/tcp.ts";
import { run } from "../../support/process.ts";
import { failsWith } from "../../support/transportContract.ts";
import { TYPESCRIPT } from "../../support/typescript.ts";
import { silence } from "./silence.ts";

const ANY_PORT = { first: 0, last: 0 };
const hasIPv6 = Object.values(os.networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === "::1"),
);
const noIPv6 = hasIPv6 ? false : "this machine has no IPv6";
const notLinux = process.platform === "linux" ? false : "needs Linux's many loopback addresses and its queue";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function listen(options: TcpListenOptions): Promise<TcpListener> {
  const listener = await listenTcp(options);
  cleanUps.push(() => listener.close());
  return listener;
}

/** Who the listener says has come, when somebody connects to `host`; undefined if nobody is let in. */
async function reach(listener: TcpListener, host: string): Promise<string | undefined> {
  const arrived = next(listener.onChannel);
  try {
    const near = await connectTcp({ host, port: listener.port });
    const far = await arrived;
    near.stream.destroy();
    far.stream.destroy();
    return `${far.peer.address.replace(/:\d+$/, "")}${far.peer.local ? " local" : ""}`;
  } catch (thrown) {
    assert.equal(AppError.from(thrown).code, "connectFailed");
    return undefined;
  }
}

describe("tcp: what is listened on", () => {
  test("all addresses of both IP versions by default", { skip: noIPv6 }, async () => {
    const listener = await listen({ ports: ANY_PORT });
    assert.deepEqual(listener.addresses, ["::"]);
    assert.equal(await reach(listener, "127.0.0.1"), "127.0.0.1 local");
    assert.equal(await reach(listener, "::1"), "[::1] local");
  });

  test("one IP version alone", { skip: noIPv6 }, async () => {
    const v6 = await listen({ ports: ANY_PORT, family: 6 });
    assert.equal(await reach(v6, "::1"), "[::1] local");
    assert.equal(await reach(v6, "127.0.0.1"), undefined);
    const v4 = await listen({ ports: ANY_PORT, family: 4 });
    assert.equal(await reach(v4, "127.0.0.1"), "127.0.0.1 local");
    assert.equal(await reach(v4, "::1"), undefined);
  });

  test("loopback of both versions, with one port", { skip: noIPv6 }, async () => {
    for (const options of [{ loopback: true }, { bind: "localhost" }]) {
      const listener = await listen({ ports: ANY_PORT, ...options });
      assert.deepEqual(listener.addresses, ["127.0.0.1", "::1"]);
      assert.equal(await reach(listener, "127.0.0.1"), "127.0.0.1 local");
      assert.equal(await reach(listener, "::1"), "[::1] local");
    }
    assert.deepEqual((await listen({ ports: ANY_PORT, loopback: true, family: 6 })).addresses, ["::1"]);
    assert.deepEqual((await listen({ ports: ANY_PORT, loopback: true, family: 4 })).addresses, ["127.0.0.1"]);
  });

  test("loopback is not reached over the machine's other addresses", async (t) => {
    const all = Object.values(os.networkInterfaces()).flatMap((list) => list ?? []);
    const outward = all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    if (outward === undefined) return t.skip("this machine has no other address");
    const listener = await listen({ ports: ANY_PORT, loopback: true });
    assert.equal(await reach(listener, outward), undefined);
    const everywhere = await listen({ ports: ANY_PORT });
    assert.equal(await reach(everywhere, outward), outward, "not local: it came over the outward address");
  });

  test("one address", { skip: notLinux }, async () => {
    const listener = await listen({ ports: ANY_PORT, bind: "127.0.0.2" });
    assert.deepEqual(listener.addresses, ["127.0.0.2"]);
    assert.equal(await reach(listener, "127.0.0.1"), undefined);
    assert.equal(typeof (await reach(listener, "127.0.0.2")), "string");
  });

  test("the first free port of a range, in which a port counts as free if it is on all addresses", async () => {
    // A range whose first port is taken on one of the two loopback addresses only.
    const taken = await listen({ ports: ANY_PORT, bind: "127.0.0.1" });
    const ports = { first: taken.port, last: Math.min(65_535, taken.port + 20) };
    const listener = await listen({ ports, loopback: true });
    assert.ok(listener.port > ports.first && listener.port <= ports.last);
    const inRange = await listen({ ports, loopback: true });
    assert.ok(inRange.port > listener.port);
  });

  test("two who want the same range at the same moment get two ports, two who want one port get one", async () => {
    const base = await listen({ ports: ANY_PORT, loopback: true });
    const ports = { first: base.port, last: Math.min(65_535, base.port + 40) };
    const all = await Promise.all(Array.from({ length: 8 }, () => listen({ ports, loopback: true })));
    assert.equal(new Set(all.map(({ port }) => port)).size, 8);
    await base.close();
    const one = { ports: { first: base.port, last: base.port }, loopback: true };
    const outcomes = await Promise.allSettled([listen(one), listen(one), listen(one)]);
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") assert.equal(AppError.from(outcome.reason).code, "addressInUse");
  });

  test("a name of this machine", async () => {
    const listener = await listen({ ports: ANY_PORT, bind: os.hostname() });
    const [bound = ""] = listener.addresses;
    assert.notEqual(net.isIP(bound), 0);
    assert.equal(typeof (await reach(listener, bound)), "string");
  });

  test("a port is free again once its listener is closed, also while a channel is open", async () => {
    const first = await listen({ ports: ANY_PORT, loopback: true });
    const [near, far] = await Promise.all([
      connectTcp({ host: "127.0.0.1", port: first.port }),
      next(first.onChannel),
    ]);
    await first.close();
    const second = await listen({ ports: { first: first.port, last: first.port }, loopback: true });
    assert.equal(second.port, first.port);
    near.stream.destroy();
    far.stream.destroy();
  });
});

describe("tcp: why one cannot listen", () => {
  test("the port is in use, on either version", async () => {
    for (const bind of hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]) {
      const { port } = await listen({ ports: ANY_PORT, bind });
      const error = await failsWith(
        "addressInUse",
        listenTcp({ ports: { first: port, last: port }, loopback: true }),
      );
      assert.match(error.toLine(), new RegExp(`^Port ${port} is in use\\. .*port=0`));
    }
  });

  test("all ports of the range are in use", async () => {
    const { port } = await listen({ ports: ANY_PORT, bind: "127.0.0.1" });
    const last = Math.min(65_535, port + 2);
    for (let other = port + 1; other <= last; other++) {
      // Somebody else may have it already, which is as good.
      await listen({ ports: { first: other, last: other }, bind: "127.0.0.1" }).catch(() => {});
    }
    const listening = listenTcp({ ports: { first: port, last }, bind: "127.0.0.1" });
    assert.match(
      (await failsWith("addressInUse", listening)).message,
      new RegExp(`ports from ${port} to ${last}`),
    );
  });

  test("the address is not this machine's", async () => {
    const error = await failsWith("notAvailable", listenTcp({ ports: ANY_PORT, bind: "192.0.2.7" }));
    assert.match(error.toLine(), /^192\.0\.2\.7 is not an address of this machine\. .*bind=/);
    await failsWith("badArguments", listenTcp({ ports: ANY_PORT, bind: "127.0.0.1", family: 6 }));
    // A name that cannot be: no name server is asked for it.
    await failsWith("notAvailable", listenTcp({ ports: ANY_PORT, bind: "not a host" }));
    await failsWith("badArguments", listenTcp({ ports: { first: 5, last: 4 } }));
    const group = await failsWith("notAvailable", listenTcp({ ports: ANY_PORT, bind: "ff02::1" }));
    assert.match(group.message, /^ff02::1 is not an address of this machine/);
  });

  test("the port is privileged", async (t) => {
    if (process.platform !== "linux") return t.skip("not every system has privileged ports");
    // In a process of its own, as root may listen anywhere.
    const module = new URL("../../../src/transport/tcp.ts", import.meta.url).href;
    const code = `import { listenTcp } from ${JSON.stringify(module)};
      const ports = { first: 3, last: Number(process.argv[1]) };
      listenTcp({ ports }).then(() => console.log("listening"), (e) => console.log(e.code + " " + e.toLine()));`;
    const run = async (last: number) => {
      const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const child = spawn(
        process.execPath,
        [...TYPESCRIPT, "--input-type=module", "-e", code, String(last)],
        {
          ...user,
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let [out, err] = ["", ""];
      child.stdout.on("data", (data: Buffer) => (out += data.toString()));
      child.stderr.on("data", (data: Buffer) => (err += data.toString()));
      await once(child, "close");
      return out === "" ? err : out.trim();
    };
    const one = await run(3);
    if (one === "listening") return t.skip("this system has no privileged ports");
    assert.equal(one.split(".")[0], "notAllowed This user may not listen on port 3");
    assert.match(await run(5), /^notAllowed This user may not listen on the ports 3 to 5\. .*1024/);
  });
});

describe("tcp: scoped addresses", () => {
  test("without its interface a link-local address is no address; nor with one that is not there", async () => {
    for (const attempt of [
      (address: string) => listenTcp({ ports: ANY_PORT, bind: address }),
      (address: string) => connectTcp({ host: address, port: 5005 }),
    ]) {
      const bare = await failsWith("badArguments", attempt("fe80::7"));
      assert.match(bare.toLine(), /link-local address without its interface\. .*fe80::7%\w/);
      if (process.platform === "win32") continue;
      const elsewhere = await failsWith("badArguments", attempt("fe80::7%nosuch0"));
      assert.match(elsewhere.toLine(), /no interface nosuch0, .* There is .*\blo/);
    }
  });

  test("one is listened on and called, by a machine of its own", { skip: notLinux }, async () => {
    // A network namespace: no other program sees the address.
    const module = (name: string) => JSON.stringify(new URL(`../../../src/${name}.ts`, import.meta.url).href);
    const code = `import { listenTcp, connectTcp } from ${module("transport/tcp")};
      import { once } from ${module("common/event")};
      const listener = await listenTcp({ ports: { first: 0, last: 0 }, bind: "fe80::7%lo", family: 6 });
      const arrived = once(listener.onChannel);
      const near = await connectTcp({ host: "fe80::7%lo", port: listener.port, family: 6 });
      console.log(listener.addresses[0], (await arrived).peer.address.replace(/\\d+$/, "P"), near.peer.address.replace(/\\d+$/, "P"));
      process.exit();`;
    const shell = 'ip link set lo up && ip -6 address add fe80::7/64 dev lo nodad && exec "$@"';
    const node = [process.execPath, ...TYPESCRIPT, "--input-type=module", "-e", code];
    const said = await run("unshare", ["--map-root-user", "--net", "sh", "-c", shell, "sh", ...node]);
    assert.equal(said.trim(), "fe80::7%lo [fe80::7%lo]:P [fe80::7%lo]:P");
  });
});

describe("tcp: connecting", () => {
  test(
    "localhost is loopback of either version, whatever the hosts file says",
    { skip: noIPv6 },
    async () => {
      for (const bind of ["127.0.0.1", "::1"]) {
        const listener = await listen({ ports: ANY_PORT, bind });
        assert.equal(typeof (await reach(listener, "localhost")), "string");
      }
    },
  );

  test("by name, over whichever address answers: a refusal costs no time", async () => {
    const listener = await listen({ ports: ANY_PORT, bind: "127.0.0.1" });
    const resolver = async () =>
      [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ] as const;
    const near = await connectTcp({ host: "box.test", port: listener.port, resolver });
    assert.equal(near.peer.address, `127.0.0.1:${listener.port}`);
    near.stream.destroy();
  });

  test("an address that is silent does not keep the next one waiting", { skip: notLinux }, async () => {
    const silent = await silence("127.0.0.1");
    cleanUps.push(silent.dispose);
    const listener = await listen({ ports: { first: silent.port, last: silent.port }, bind: "127.0.0.2" });
    const resolver = async () =>
      [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ] as const;
    const near = await connectTcp({ host: "box.test", port: listener.port, resolver });
    assert.equal(near.peer.address, `127.0.0.2:${listener.port}`);
    near.stream.destroy();
  });

  test("a deadline and an abort also end a look-up that hangs", async () => {
    const resolver = () => new Promise<never>(() => {});
    const error = await failsWith(
      "timeout",
      connectTcp({ host: "slow.test", port: 1, resolver, timeoutMs: 5 }),
    );
    assert.match(error.toLine(), /^Connecting to slow\.test:1 took longer than 0\.005 s\. .*firewall/);
    const controller = new AbortController();
    const connecting = connectTcp({ host: "slow.test", port: 1, resolver, signal: controller.signal });
    controller.abort();
    await failsWith("aborted", connecting);
  });

  test("errors name host and port and what to do", async () => {
    const gone = await listenTcp({ ports: ANY_PORT, bind: "127.0.0.1" });
    await gone.close();
    const refused = await failsWith("connectFailed", connectTcp({ host: "127.0.0.1", port: gone.port }));
    assert.match(refused.toLine(), new RegExp(`^127\\.0\\.0\\.1:${gone.port} refused .*Check`));
    await failsWith("badArguments", connectTcp({ host: "127.0.0.1", port: 70_000 }));
    await failsWith("badArguments", connectTcp({ host: "::1", port: 1, family: 4 }));
    const resolver = () => Promise.reject(Object.assign(new Error("raw"), { code: "ENOTFOUND" }));
    const unknown = await failsWith("connectFailed", connectTcp({ host: "nowhere.test", port: 1, resolver }));
    assert.match(unknown.message, /nowhere\.test/);
  });

  test("a peer that resets at once disturbs nobody", async () => {
    const listener = await listen({ ports: ANY_PORT, bind: "127.0.0.1" });
    const heard = new Promise<string>((resolve) => {
      listener.onChannel(({ stream }) => {
        cleanUps.push(() => stream.destroy());
        stream.on("data", (data: Buffer) => resolve(data.toString()));
      });
    });
    for (let i = 0; i < 20; i++) {
      const socket = net.connect({ port: listener.port, host: "127.0.0.1" });
      await once(socket, "connect");
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    const near = await connectTcp({ host: "127.0.0.1", port: listener.port });
    near.stream.end("still listening");
    assert.equal(await heard, "still listening");
    near.stream.destroy();
  });
});
