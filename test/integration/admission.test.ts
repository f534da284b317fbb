import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, describe, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../../src/common/errors.ts";
import { LIMITS } from "../../src/common/limits.ts";
import type { Wait } from "../../src/link/messages.ts";
import { DapClient } from "../support/dapClient.ts";
import { editorOver, joinLinked } from "../support/linked.ts";
import { withDeadline } from "../support/process.ts";
import { Questions } from "../support/questions.ts";
import { type ServeOptions, type Served, serveUpstream } from "../support/served.ts";
import { FakeUpstream } from "../unit/hub/fakeUpstream.ts";

interface Scene {
  readonly upstream: FakeUpstream;
  readonly host: Questions;
  readonly served: Served;
}

async function serve(t: TestContext, options: ServeOptions = {}): Promise<Scene> {
  const upstream = new FakeUpstream();
  upstream.endAtDisconnect();
  const host = new Questions();
  const served = await serveUpstream(upstream, { admit: host.admit, access: "full", ...options });
  t.after(() => served.close());
  return { upstream, host, served };
}

/** A client that wants to join. */
interface Joining {
  /** Resolves when it is admitted, rejects with the code and the words that it is shown. */
  readonly admitted: Promise<void>;
  /** Cuts the connection. */
  readonly vanish: () => Promise<void>;
  /** A DAP client of it, once it is admitted and the program is started. */
  client(): Promise<DapClient>;
}

const PROFILE = { adapterID: "fake", clientName: "Emacs" };
const ARGUMENTS = JSON.stringify(PROFILE, undefined, 1);

const KINDS: Readonly<Record<"guest" | "dap", (t: TestContext, port: number) => Promise<Joining>>> = {
  async dap(t, port) {
    const client = await DapClient.connect({ port }, { checkSeq: true });
    t.after(() => client.kill());
    const join = async () => {
      const response = await client.raw("initialize", PROFILE);
      if (response.success) return;
      await client.closed;
      client.assertNoFaults();
      const { error } = (response as DebugProtocol.ErrorResponse).body;
      assert.equal(error?.showUser, true);
      throw new Error(`${response.message}: ${error?.format}`);
    };
    return {
      admitted: join(),
      vanish: () => client.kill(),
      async client() {
        await client.request("launch", {});
        return client;
      },
    };
  },
  async guest(t, port) {
    const leave = new AbortController();
    const joining = joinLinked(`tcp:server=127.0.0.1,port=${port}`, "Ana", { signal: leave.signal });
    t.after(async () => (await joining.catch(() => undefined))?.link.close());
    const join = async () => {
      try {
        await joining;
      } catch (thrown) {
        const error = AppError.from(thrown);
        throw new Error(`${error.code}: ${error.toLine()}`, { cause: thrown });
      }
    };
    return {
      admitted: join(),
      async vanish() {
        leave.abort();
        await joining.catch(() => undefined);
      },
      async client() {
        const client = editorOver(await (await joining).openSession());
        await client.request("initialize", PROFILE);
        await client.request("launch", {});
        return client;
      },
    };
  },
};

/** By this peer join requests are counted: on this machine the user. */
const peer = `local:user ${process.getuid?.()}`;
const JOIN_REQUESTS = {
  dap: { name: "Emacs", kind: "dap", program: undefined, peer, most: "full" },
  guest: { name: "Ana", kind: "guest", program: "Test Editor", peer, most: "full" },
} as const;

for (const kind of ["dap", "guest"] as const) {
  const join = KINDS[kind];

  describe(`a host who is asked about ${kind === "dap" ? "a plain DAP client" : "a guest of the link"}`, () => {
    test("allows: until then nothing of them reaches the adapter, then all of it does", async (t) => {
      const { upstream, host, served } = await serve(t);
      const joining = await join(t, served.port);
      const { from, allow, wait } = await host.next();
      const { address, ...rest } = from;
      assert.deepEqual(rest, JOIN_REQUESTS[kind]);
      assert.match(address, /^tcp 127\.0\.0\.1:\d+$/);
      assert.deepEqual(upstream.commands(), []);
      assert.equal(served.sessions.root.clients.size, 0);
      allow("full");
      await joining.admitted;
      const client = await joining.client();
      assert.deepEqual(upstream.commands(), ["initialize", "launch"]);
      await client.request("evaluate", { expression: "x" });
      assert.equal(served.sessions.participants()[0]?.access, "full");
      assert.equal(wait.signal.aborted, false);
      client.assertNoFaults();
    });

    test("allows to look: that is all that they may do", async (t) => {
      const { upstream, host, served } = await serve(t, {
        start: { request: "launch", configuration: {}, adapterID: "fake" },
      });
      const joining = await join(t, served.port);
      (await host.next()).allow("view");
      const client = await joining.client();
      await client.request("threads");
      for (const command of ["next", "evaluate", "setBreakpoints"])
        assert.equal((await client.raw(command, { threadId: 1, expression: "x" })).message, "notAllowed");
      assert.deepEqual(upstream.commands("next", "evaluate", "setBreakpoints"), []);
      assert.equal(served.sessions.participants()[0]?.access, "view");
    });

    test("gives no more than the server has", async (t) => {
      const { host, served } = await serve(t, { access: "control" });
      const joining = await join(t, served.port);
      (await host.next()).allow("full");
      await joining.client();
      assert.equal(served.sessions.participants()[0]?.access, "control");
    });

    test("denies: they are told, and nobody else is disturbed", async (t) => {
      const { upstream, host, served } = await serve(t);
      const joining = await join(t, served.port);
      (await host.next()).deny(new AppError("refused", "The host says no.", { hint: "Ask them." }));
      await assert.rejects(joining.admitted, { message: "refused: The host says no. Ask them." });
      assert.deepEqual(upstream.commands(), []);
      assert.equal(served.sessions.root.clients.size, 0);
    });

    test("does not answer: they are told that", async (t) => {
      const { upstream, host, served } = await serve(t, { questionMs: 20 });
      const joining = await join(t, served.port);
      await assert.rejects(joining.admitted, /^Error: timeout: Nobody answered whether you may come in\./);
      assert.equal((await (await host.next()).withdrawn).code, "timeout");
      assert.deepEqual(upstream.commands(), []);
    });

    test("takes longer than others have to say who they are", async (t) => {
      const { host, served } = await serve(t, { admissionMs: 1_000 });
      const joining = await join(t, served.port);
      const { allow } = await host.next();
      // One who came later and says nothing is gone by now.
      const silent = connect(served.port, "127.0.0.1").on("error", () => {});
      t.after(() => silent.destroy());
      await withDeadline(once(silent.resume(), "close"), "the silent one is cut off");
      allow("full");
      await joining.client();
    });

    test("is asked no more about one who has gone", async (t) => {
      const { upstream, host, served } = await serve(t);
      const joining = await join(t, served.port);
      const gone = assert.rejects(joining.admitted);
      const { withdrawn, allow } = await host.next();
      await joining.vanish();
      assert.equal((await withdrawn).code, "closed");
      allow("full");
      await gone;
      assert.deepEqual(upstream.commands(), []);
      assert.equal(served.sessions.root.clients.size, 0);
    });

    test("ends the server instead: they are told why", async (t) => {
      const { host, served } = await serve(t);
      const joining = await join(t, served.port);
      const { withdrawn } = await host.next();
      const ended = served.server.close(new AppError("closed", "This server was ended."));
      await assert.rejects(joining.admitted, { message: "closed: This server was ended." });
      assert.equal((await withdrawn).code, "closed");
      await ended;
    });

    test("is not asked where the server is meant for everybody", async (t) => {
      const { host, served } = await serve(t, { string: "tcp:port=0,bind=127.0.0.1,access=full,insecure" });
      const joining = await join(t, served.port);
      await joining.admitted;
      await joining.client();
      assert.equal(host.asked, 0);
    });

    test("is not asked when the server is full anyway", async (t) => {
      const { host, served } = await serve(t, { string: "tcp:port=0,access=full,maxclients=1" });
      const first = await join(t, served.port);
      (await host.next()).allow("full");
      await first.admitted;
      const second = await join(t, served.port);
      await assert.rejects(second.admitted, /^Error: busy: /);
      assert.equal(host.asked, 1);
    });
  });
}

describe("a host who is asked", () => {
  test("about several at a time answers in any order", async (t) => {
    const { host, served } = await serve(t);
    const first = await KINDS.dap(t, served.port);
    const about = await host.next();
    const second = await KINDS.guest(t, served.port);
    const later = await host.next();
    const denied = assert.rejects(first.admitted, /refused: No\./);
    later.allow("control");
    await second.client();
    about.deny(new AppError("refused", "No."));
    await denied;
    assert.deepEqual(
      served.sessions.participants().map(({ name, access }) => [name, access]),
      [["Ana", "control"]],
    );
  });

  test("a class of 30 is asked about at the same time, and one who left later, once it gave up often", async (t) => {
    const { host, served } = await serve(t);
    const waiting = [];
    const questions = [];
    for (let n = 0; n < 30; n++) {
      waiting.push(await KINDS.dap(t, served.port));
      questions.push(await host.next());
    }
    for (const question of questions) question.allow("full");
    await Promise.all(waiting.map(({ admitted }) => admitted));

    for (let n = 0; n < 3; n++) {
      const { admitted, vanish } = await KINDS.dap(t, served.port);
      const question = await host.next();
      await Promise.all([assert.rejects(admitted), vanish(), question.withdrawn]);
    }
    const asked = host.asked;
    const again = await KINDS.guest(t, served.port);
    assert.equal(host.asked, asked, "it waits");
    (await host.next()).allow("full");
    await again.admitted;
  });

  test("a plain client's words reach the adapter as it wrote them, also those it did not wait to send", async (t) => {
    const { upstream, host, served } = await serve(t);
    const client = await served.connect();
    const frame = (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`;
    client.sendBytes(
      frame(`{"seq":1,"type":"request","command":"initialize","arguments":${ARGUMENTS}}`) +
        frame('{"seq":2,"type":"request","command":"launch","arguments":{ "program":"p" }}'),
    );
    (await host.next()).allow("full");
    await client.waitEvent("initialized");
    assert.deepEqual(
      upstream.received.map(({ command, raw }) => [command, raw]),
      [
        ["initialize", ARGUMENTS],
        ["launch", '{ "program":"p" }'],
      ],
    );
    await client.kill();
  });

  test("one who floods the server meanwhile is turned away", async (t) => {
    const { upstream, host, served } = await serve(t);
    const client = await served.connect();
    const first = client.raw("initialize", { adapterID: "fake" });
    const { withdrawn } = await host.next();
    const flood = Array.from({ length: 5 }, () =>
      client
        .raw("evaluate", { expression: "x".repeat(LIMITS.messageBytesBeforeAdmission / 3) })
        .catch(() => {}),
    );
    assert.equal((await first).message, "tooLarge");
    assert.equal((await withdrawn).code, "tooLarge");
    await Promise.all([client.closed, ...flood]);
    assert.deepEqual(upstream.commands(), []);
  });

  test("a guest of the link is told that it takes a while, and how long", async (t) => {
    const { host, served } = await serve(t);
    const told: Partial<Wait>[] = [];
    const joining = joinLinked(`tcp:server=127.0.0.1,port=${served.port}`, "Ana", {
      onWait: (wait) => told.push(wait),
    });
    const { wait, allow } = await host.next();
    wait.extend(100_000, "One moment, please.");
    allow("full");
    (await joining).link.close();
    assert.deepEqual(told, [
      { ms: LIMITS.questionMs + 2_000, message: "The host is being asked." },
      { ms: 102_000, message: "One moment, please." },
    ]);
  });

  test("what must come first is initialize", async (t) => {
    const { host, served } = await serve(t);
    const client = await served.connect();
    assert.equal((await client.raw("launch", {})).message, "protocol");
    await client.closed;
    assert.equal(host.asked, 0);
  });
});
