import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test, type TestContext } from "node:test";
import { parseClient } from "../../src/address/parse.ts";
import { AppError } from "../../src/common/errors.ts";
import { Emitter, once as next } from "../../src/common/event.ts";
import type { Logger } from "../../src/common/logger.ts";
import { type JoinOptions, type Joined, joinServer } from "../../src/guest/join.ts";
import { LINK_MAGIC } from "../../src/transport/protocolDetection.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";
import { freePort, withDeadline } from "../support/process.ts";
import { type ServeOptions, serveUpstream } from "../support/served.ts";
import { failsWith } from "../support/transportContract.ts";

// Who calls a guest that waits for its server: real sockets, within the test's own process.

interface Waiting {
  readonly port: number;
  readonly joined: Promise<Joined>;
  /** Resolves with the next that the guest is told, or logs. */
  readonly told: () => Promise<string>;
  readonly all: string[];
  readonly cancel: () => void;
}

async function wait(t: TestContext, string: string, options: JoinOptions = {}): Promise<Waiting> {
  const address = parseClient(string);
  assert.ok(address.ok, string);
  const all: string[] = [];
  const says = new Emitter<string>();
  const say = (message: string) => {
    all.push(message);
    says.fire(message);
  };
  const cancelled = new AbortController();
  // What the link notes of a caller is not for people.
  const logger: Logger = { log: (_, message) => message.startsWith("link: ") || say(message) };
  const first = next(says.event);
  const joined = joinServer(
    address.value,
    { name: "Ana", client: { name: "Test Editor", version: "1" } },
    { signal: cancelled.signal, logger, onWait: ({ message = "" }) => say(message), ...options },
  );
  t.after(async () => {
    cancelled.abort();
    await joined.then(
      ({ link }) => link.close(),
      () => {},
    );
  });
  await Promise.race([first, joined]);
  const port = Number(/^Waiting for a debug server to call, on port (\d+)\.$/.exec(all[0] ?? "")?.[1]);
  return { port, joined, told: () => next(says.event), all, cancel: () => cancelled.abort() };
}

/** Serves to whoever waits there; the back-off's dice are real. */
async function serve(t: TestContext, port: number, more = "", options: ServeOptions = {}) {
  const served = await serveUpstream(new FakeUpstream(), {
    ...options,
    string: `tcp:port=${port},clicon=127.0.0.1${more}`,
  });
  t.after(() => served.close());
  return served;
}

async function call(t: TestContext, port: number, localAddress = "127.0.0.1"): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

async function gone(socket: net.Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await withDeadline(once(socket, "close"), "the end of a call");
}

test("garbage, silence and hanging up do not keep the server from getting through", async (t) => {
  const { port, joined, told, all } = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  const silent = await call(t, port);
  await once(silent, "readable");
  const garbage = await call(t, port);
  const answered = told();
  garbage.write("GET / HTTP/1.1\r\n\r\n".repeat(100));
  assert.match(await answered, /^A call from 127\.0\.0\.1 came to nothing: .* Still waiting, on port \d+\.$/);
  await gone(garbage);
  const hangsUp = await call(t, port);
  const hungUp = told();
  hangsUp.destroy();
  assert.match(await hungUp, /came to nothing/);
  await serve(t, port);
  const { link } = await joined;
  assert.equal(link.welcome.sessions.length, 1);
  // Nobody is waited for any more.
  await gone(silent);
  await assert.rejects(call(t, port));
  assert.equal(all.length, 3);
});

test("a call from elsewhere is not taken, and is told once", async (t) => {
  if (process.platform !== "linux") return t.skip("needs Linux's many loopback addresses");
  const { port, joined, told, all } = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  const logged = told();
  const uninvited = await call(t, port, "127.0.0.2");
  let heard = 0;
  uninvited.on("data", (data: Buffer) => (heard += data.length));
  assert.equal(await logged, "A call from 127.0.0.2 was not taken: it is not from 127.0.0.1.");
  await gone(uninvited);
  await gone(await call(t, port, "127.0.0.2"));
  assert.equal(heard, 0, "it is not even told that a guest is here");
  await serve(t, port);
  await joined;
  assert.equal(all.length, 2);
});

test("a name that is not known here: whoever calls is tried", async (t) => {
  // A name that cannot be: no name server is asked for it.
  const { port, joined, all } = await wait(t, "tcp:clicon=a_name-that.invalid,port=0");
  await serve(t, port);
  await joined;
  assert.match(all[1] ?? "", /^a_name-that\.invalid has no address that is known here/);
});

test("more callers than are tried at the same time are cut off, and the place of one who leaves is free", async (t) => {
  const { port, joined, told } = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  const silent = [];
  for (let i = 0; i < 8; i++) silent.push(await call(t, port));
  for (const socket of silent) {
    if (socket.readableLength === 0) await once(socket, "readable");
    assert.deepEqual(socket.read(LINK_MAGIC.length), LINK_MAGIC);
  }
  const late = await call(t, port);
  await gone(late);
  const left = told();
  silent[0]?.destroy();
  await left;
  await serve(t, port);
  await joined;
  for (const socket of silent.slice(1)) await gone(socket);
});

test("what the server answers ends the wait: a wrong password, none, and who is not let in", async (t) => {
  const secret = await wait(t, "tcp:clicon=127.0.0.1,port=0,password=wrong");
  await serve(t, secret.port, ",password=right");
  await failsWith("wrongPassword", secret.joined);

  const open = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  await serve(t, open.port, ",password=right");
  await failsWith("passwordRequired", open.joined);

  const asks = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  const admit = () => Promise.reject(new AppError("refused", "Not today."));
  await serve(t, asks.port, "", { admit });
  assert.equal((await failsWith("refused", asks.joined)).message, "Not today.");
});

test("a person is asked for the password, and the guest waits once more", async (t) => {
  const asked: boolean[] = [];
  const port = await freePort();
  const { joined } = await wait(t, `tcp:clicon=127.0.0.1,port=${port}`, {
    askPassword: async (again) => (asked.push(again) === 1 ? "wrong" : "right"),
  });
  await serve(t, port, ",password=right");
  const { address } = await joined;
  assert.deepEqual(asked, [false, true]);
  assert.deepEqual(address.password, { kind: "literal", value: "right" });
});

test("a caller without credentials where they are wanted is no server that was waited for", async (t) => {
  const { port, told, cancel, joined } = await wait(t, "tcp:clicon=127.0.0.1,port=0,password=right");
  const answered = told();
  await serve(t, port);
  assert.match(await answered, /This server has neither a password nor a certificate/);
  cancel();
  await failsWith("aborted", joined);
});

test("the wait is cancelled, or has an end if one was given; then the port is free", async (t) => {
  const { port, joined, cancel } = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  cancel();
  await failsWith("aborted", joined);
  const again = await wait(t, `tcp:clicon=127.0.0.1,port=${port}`, { timeoutMs: 20 });
  await failsWith("timeout", again.joined);
});

test("the first free port of the range is told; a range without one is an error", async (t) => {
  const first = await wait(t, "tcp:clicon=127.0.0.1,port=0");
  const second = await wait(t, `tcp:clicon=127.0.0.1,port=${first.port}:${first.port + 20}`);
  assert.ok(second.port > first.port && second.port <= first.port + 20);
  await failsWith(
    "addressInUse",
    (async () => (await wait(t, `tcp:clicon=127.0.0.1,port=${first.port}`)).joined)(),
  );
  await serve(t, second.port);
  await second.joined;
});
