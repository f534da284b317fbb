import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { EVENTS } from "../../../src/dap/events.ts";
import { type JsonObject, encodeJson, parseObject } from "../../../src/dap/messages.ts";
import { ChildAllowance } from "../../../src/guest/childAllowance.ts";
import { GuestSession } from "../../../src/guest/guestSession.ts";
import { REQUEST_NAMES, commandOf } from "../../support/specification.ts";
import { FakePort, SessionEnd } from "./fakePort.ts";

const INITIALIZE = {
  adapterID: "debug-server",
  supportsRunInTerminalRequest: true,
  supportsStartDebuggingRequest: true,
};
const ATTACH = { type: "debug-server", name: "Ann's", request: "attach", remote: "tcp:server=h,port=1" };

function sessionOver(host: FakePort, children: ChildAllowance): SessionEnd {
  return new SessionEnd(new GuestSession(host, { children, prefetches: false }));
}

/** An editor that has joined a session of a host, which is the test. */
class Scene {
  readonly host = new FakePort();
  readonly port: SessionEnd;
  readonly shown: JsonObject[] = [];
  readonly ends: (AppError | undefined)[] = [];
  #seq = 0;
  #hostSeq = 0;

  constructor(allowance = new ChildAllowance(), initialize: object = INITIALIZE, attach: object = ATTACH) {
    this.port = sessionOver(this.host, allowance);
    this.port.onMessage(({ body }) => this.shown.push(parseObject(body)));
    this.port.onClose((reason) => this.ends.push(reason));
    this.port.start();
    this.ask("initialize", initialize);
    this.ask("attach", attach);
    this.host.sent.splice(0);
  }

  ask(command: string, args: object = {}): number {
    const seq = ++this.#seq;
    this.port.send([encodeJson({ seq, type: "request", command, arguments: args })]);
    return seq;
  }

  /** The host sends a request; what it is answered, if it is. */
  asks(command: string, args: unknown = {}): JsonObject | undefined {
    const seq = ++this.#hostSeq;
    this.host.come({ seq, type: "request", command, arguments: args });
    return this.host.sent.find(({ request_seq }) => request_seq === seq);
  }

  invites(configuration: object, request = "attach"): JsonObject | undefined {
    return this.asks("startDebugging", { request, configuration });
  }

  /** The editor answers the request that it was shown last. */
  answer(success = true, body?: object): void {
    const { seq, command } = this.shown.at(-1) ?? {};
    const answer = { seq: ++this.#seq, type: "response", request_seq: seq, command, success, body };
    this.port.send([encodeJson(answer)]);
  }

  get configuration(): JsonObject {
    return (this.shown.at(-1)?.arguments as { configuration: JsonObject }).configuration;
  }
}

describe("requests of a host", () => {
  const others = ["launchVSCode", "attachToTerminal", "launchUnelevated", "", "__proto__", "StartDebugging"];
  const commands = [...REQUEST_NAMES.map(commandOf), ...others].filter((name) => name !== "startDebugging");
  for (const command of commands) {
    test(`"${command}" reaches no editor; the host is told that it is not supported`, () => {
      const scene = new Scene();
      const answer = scene.asks(command, { kind: "integrated", cwd: "/", args: ["touch", "/tmp/x"] });
      assert.deepEqual(scene.shown, []);
      assert.deepEqual([answer?.type, answer?.success, answer?.command], ["response", false, command]);
      assert.equal(answer?.message, "notSupported");
      assert.deepEqual(scene.ends, []);
    });
  }

  test("an adapter is told that there is no terminal", () => {
    const scene = new Scene();
    scene.ask("initialize", INITIALIZE);
    assert.deepEqual(scene.host.sent[0]?.arguments, { ...INITIALIZE, supportsRunInTerminalRequest: false });
  });

  test("a host that asks on and on without reading the answers loses the session", () => {
    const scene = new Scene();
    scene.host.ready = false;
    for (let asked = 0; asked <= 2 * LIMITS.requestsUnderWay && scene.ends.length === 0; asked++)
      scene.asks("runInTerminal");
    assert.equal(scene.ends[0]?.code, "busy");
    assert.ok(scene.host.closed);
    assert.ok(scene.host.sent.length <= LIMITS.requestsUnderWay + 1);
    const reads = new Scene();
    for (let asked = 0; asked <= 2 * LIMITS.requestsUnderWay; asked++) {
      reads.host.ready = asked % 2 === 0;
      reads.asks("runInTerminal");
      reads.host.drain();
    }
    assert.deepEqual(reads.ends, []);
  });
});

describe("startDebugging", () => {
  test("is made anew from the editor's own configuration", () => {
    const scene = new Scene();
    const given = {
      type: "evil",
      request: "launch",
      name: "worker.js [12]",
      adapter: ["sh", "-c", "id"],
      configuration: { request: "launch" },
      remote: "tcp:server=evil,port=1",
      preLaunchTask: "pwn",
      postDebugTask: "pwn",
      serverReadyAction: { action: "openExternally" },
      debugServer: 4711,
      pathMappings: [{ localRoot: "/etc", remoteRoot: "/" }],
      env: { LD_PRELOAD: "/x" },
      leak: "${env:SECRET}",
      debugServerSession: "2",
      debugServerTicket: "ab12",
      debugServerDepth: -5,
    };
    assert.equal(scene.invites(given, "launch"), undefined);
    assert.deepEqual(scene.shown, [
      {
        seq: 1,
        type: "request",
        command: "startDebugging",
        arguments: {
          request: "attach",
          configuration: {
            ...ATTACH,
            name: "worker.js [12]",
            debugServerSession: "2",
            debugServerTicket: "ab12",
            debugServerDepth: 1,
          },
        },
      },
    ]);
    scene.answer(true, { secret: "of the editor" });
    const { seq, ...answer } = scene.host.sent[0] ?? {};
    assert.equal(typeof seq, "number");
    assert.deepEqual(answer, {
      type: "response",
      request_seq: 1,
      success: true,
      command: "startDebugging",
    });
  });

  test("what the editor did for its own session is not done again, and nothing is filled in twice", () => {
    const attach = {
      ...ATTACH,
      preLaunchTask: "build",
      postDebugTask: "clean",
      serverReadyAction: {},
      debugServer: 1,
      __sessionId: "x",
      __restart: {},
      kept: { deep: [1] },
      odd: { deep: ["a${env:HOME}"] },
      "${command:x}": 1,
    };
    const scene = new Scene(undefined, INITIALIZE, attach);
    scene.invites({ debugServerSession: "2", name: "${env:SECRET}" });
    assert.deepEqual(scene.configuration, {
      ...ATTACH,
      kept: { deep: [1] },
      name: "Child session 1",
      debugServerSession: "2",
      debugServerDepth: 1,
    });
  });

  test("without a type of its own the editor gets the one that it calls its adapter", () => {
    const scene = new Scene(undefined, INITIALIZE, {});
    scene.invites({ debugServerSession: "2", type: "evil" });
    assert.equal(scene.configuration.type, "debug-server");
  });

  const HARMLESS = [
    "worker.js [1234]",
    "Subprocess 99",
    "app.js (child)",
    "Zoë's test: a, b; c",
    "日本語",
    "C++ #1",
    "__init__.py",
  ];
  for (const name of HARMLESS) {
    test(`the name ${JSON.stringify(name)} is kept`, () => {
      const scene = new Scene();
      scene.invites({ debugServerSession: "2", name });
      assert.equal(scene.configuration.name, name);
    });
  }

  const HARMFUL: readonly unknown[] = [
    "${env:HOME}",
    "$\u200b{env:HOME}",
    "${command:workbench.action.quit}",
    "a{0}b",
    "{path}",
    "$(trash)",
    "[Retry](command:x)",
    "[a] (command:x)",
    "[1](command:x)",
    "[1]: command:x",
    "![](https://evil/x.png)",
    "<command:x>",
    "https://evil",
    "www.evil.example",
    "command:x",
    "`x`",
    "**x**",
    "a|b",
    "",
    "  \n ",
    7,
    { toString: "x" },
    null,
  ];
  for (const name of HARMFUL) {
    test(`the name ${JSON.stringify(name)} is not`, () => {
      const scene = new Scene();
      scene.invites({ debugServerSession: "2", name });
      assert.equal(scene.configuration.name, "Child session 1");
    });
  }

  test("a name is bounded, and holds no control characters", () => {
    const scene = new Scene();
    scene.invites({ debugServerSession: "2", name: `a\n\u202eb\u0000${"x".repeat(10_000)}` });
    const { name } = scene.configuration;
    assert.match(String(name), /^a bx+$/);
    assert.ok(String(name).length <= 64);
  });

  const WRONG: readonly unknown[] = [
    undefined,
    null,
    2,
    "",
    "2 ",
    "2\n",
    "${env:HOME}",
    "${command:x}",
    "../2",
    "a b",
    "x".repeat(65),
    ["2"],
    { debugServerSession: "2" },
    "é",
  ];
  for (const token of WRONG) {
    test(`${JSON.stringify(token)} is no session's id and no ticket`, () => {
      const scene = new Scene();
      assert.equal(scene.invites({ debugServerSession: token })?.message, "badArguments");
      if (token !== undefined) {
        const given = { debugServerSession: "2", debugServerTicket: token };
        assert.equal(scene.invites(given)?.message, "badArguments");
      }
      assert.deepEqual(scene.shown, []);
    });
  }

  for (const args of [undefined, null, [], "x", {}, { configuration: [] }, { configuration: "x" }]) {
    test(`arguments ${JSON.stringify(args)} invite to nothing`, () => {
      const scene = new Scene();
      assert.equal(scene.asks("startDebugging", args)?.message, "badArguments");
      assert.deepEqual(scene.shown, []);
    });
  }

  test("an editor that follows none, or has not joined yet, is not asked", () => {
    const scene = new Scene(undefined, { adapterID: "x" });
    assert.equal(scene.invites({ debugServerSession: "2" })?.message, "notSupported");
    const host = new FakePort();
    const early = sessionOver(host, new ChildAllowance());
    const shown: unknown[] = [];
    early.onMessage((message) => shown.push(message));
    early.send([encodeJson({ seq: 1, type: "request", command: "initialize", arguments: INITIALIZE })]);
    host.come({
      seq: 1,
      type: "request",
      command: "startDebugging",
      arguments: { configuration: { debugServerSession: "2" } },
    });
    assert.deepEqual([shown.length, host.sent.at(-1)?.message], [0, "badArguments"]);
  });

  test("a flood: so many at a time, so many at all, each session once; and so for all sessions of a link", () => {
    const allowance = new ChildAllowance();
    const scene = new Scene(allowance);
    const refusals = new Set<unknown>();
    const flood = (from: Scene, count: number) => {
      for (let id = 0; id < count; id++)
        refusals.add(from.invites({ debugServerSession: `s${id}` })?.message);
    };
    flood(scene, 10 * LIMITS.childrenUnderWay);
    assert.equal(scene.shown.length, LIMITS.childrenUnderWay);
    assert.deepEqual([...refusals], [undefined, "busy", "badArguments"].slice(0, refusals.size));
    const other = new Scene(allowance);
    flood(other, 10);
    assert.equal(other.shown.length, 0);
    // The host ends a session whose editor has not answered: it owes nothing any more.
    scene.host.end();
    let shown = scene.shown.length;
    for (let id = 0; id < 2 * LIMITS.children; id++) {
      if (other.invites({ debugServerSession: `t${id}` }) !== undefined) continue;
      shown++;
      other.answer();
    }
    assert.equal(shown, LIMITS.children);
  });

  test("the same child twice is shown once", () => {
    const scene = new Scene();
    scene.invites({ debugServerSession: "2" });
    scene.answer();
    assert.equal(scene.invites({ debugServerSession: "2" })?.message, "badArguments");
    assert.equal(scene.shown.length, 1);
  });

  test("children of children are made anew, too, and followed so many levels deep", () => {
    let attach: JsonObject = ATTACH;
    for (let depth = 1; depth <= LIMITS.childDepth; depth++) {
      const scene = new Scene(undefined, INITIALIZE, attach);
      scene.invites({ debugServerSession: `${depth + 1}`, adapter: ["x"], name: "n" });
      attach = scene.configuration;
      assert.deepEqual(attach, {
        ...ATTACH,
        name: "n",
        debugServerSession: `${depth + 1}`,
        debugServerDepth: depth,
      });
    }
    const last = new Scene(undefined, INITIALIZE, attach);
    assert.equal(last.invites({ debugServerSession: "99" })?.message, "busy");
  });

  test("an answer of the editor's to what the host has not asked stays here", () => {
    const scene = new Scene();
    scene.port.send([encodeJson({ seq: 9, type: "response", request_seq: 3, success: true, command: "x" })]);
    assert.deepEqual(scene.host.sent, []);
  });
});

describe("events of a host", () => {
  for (const event of [...EVENTS].filter((name) => name !== "terminated")) {
    test(`${event} passes`, () => {
      const scene = new Scene();
      scene.host.comeText(`{"event":"${event}", "seq":7,"type":"event","body": {"big":9007199254740993} }`);
      assert.equal(scene.shown.length, 1);
      assert.equal(scene.shown[0]?.event, event);
    });
  }

  for (const event of ["debugpyAttach", "debugpySockets", "launchVSCode", "", "Stopped", "constructor"]) {
    test(`"${event}" does not`, () => {
      const scene = new Scene();
      scene.host.come({ seq: 1, type: "event", event, body: { connect: { host: "evil", port: 1 } } });
      assert.deepEqual([scene.shown, scene.ends], [[], []]);
    });
  }

  test("the end of a session asks no editor to begin anew", () => {
    const scene = new Scene();
    scene.host.come({ seq: 1, type: "event", event: "terminated", body: { restart: { x: 1 } } });
    assert.deepEqual(scene.shown, [{ seq: 1, type: "event", event: "terminated" }]);
  });
});

describe("answers of a host", () => {
  const answer = (requestSeq: number, command: string, more: object = {}) => ({
    seq: 5,
    type: "response",
    request_seq: requestSeq,
    success: true,
    command,
    ...more,
  });

  test("to what was asked pass, with their body as it came; others are dropped", () => {
    const scene = new Scene();
    const seq = scene.ask("threads");
    const bodies: string[] = [];
    scene.port.onMessage(({ body }) => bodies.push(body.toString()));
    scene.host.comeText(
      `{"seq":5,"type":"response","request_seq":${seq},"success":true,"command":"threads","body":{"n": 1.0, "n":2}}`,
    );
    assert.match(bodies[0] ?? "", /"body":\{"n": 1\.0, "n":2\}\}$/);
    scene.host.come(answer(seq, "threads"));
    scene.host.come(answer(999, "threads"));
    assert.equal(scene.shown.length, 1);
    assert.deepEqual(scene.ends, []);
  });

  test("to two requests of one number pass each once", () => {
    const scene = new Scene();
    for (const command of ["threads", "modules"])
      scene.port.send([encodeJson({ seq: 77, type: "request", command })]);
    for (const command of ["modules", "threads", "threads"]) scene.host.come(answer(77, command));
    assert.deepEqual(
      scene.shown.map(({ command }) => command),
      ["modules", "threads"],
    );
  });

  test("as another request than was asked end the session", () => {
    const scene = new Scene();
    scene.host.come(answer(scene.ask("evaluate"), "source"));
    assert.deepEqual([scene.shown, scene.ends[0]?.code], [[], "protocol"]);
  });

  // Editors that read the whole text find the later members; a scan that skips a large body must not miss them.
  const padding = "x".repeat(80_000);
  const disguise =
    '"type":"request","command":"runInTerminal","arguments":{"kind":"integrated","cwd":"/","args":["id"]}';
  for (const [name, text] of [
    ["behind a large body", (seq: number) => `${head(seq)},"body":{"p":"${padding}"},${disguise}}`],
    ["behind a small body", (seq: number) => `${head(seq)},"body":{},${disguise}}`],
    [
      "by escaped names",
      (seq: number) => `${head(seq)},"\\u0074ype":"request","comm\\u0061nd":"launchVSCode"}`,
    ],
  ] as const) {
    test(`a request ${name} is found`, () => {
      const scene = new Scene();
      scene.host.comeText(text(scene.ask("threads")));
      assert.deepEqual(scene.shown, []);
      assert.equal(scene.host.sent.at(-1)?.message, "notSupported");
    });
  }

  test("a request in front of an event is shown to no editor that takes the first of two members", () => {
    const scene = new Scene();
    const bodies: string[] = [];
    scene.port.onMessage(({ body }) => bodies.push(body.toString()));
    scene.host.comeText(`{${disguise},"seq":1,"type":"event","event":"output","body":{"output":"x"}}`);
    assert.deepEqual(bodies, ['{"seq":1,"type":"event","event":"output","body":{"output":"x"}}']);
  });
});

function head(requestSeq: number): string {
  return `{"seq":5,"type":"response","request_seq":${requestSeq},"success":true,"command":"threads"`;
}

describe("what is no message", () => {
  const event = '{"seq":1,"type":"event","event":"output","body":{}}';
  for (const [name, text] of [
    ["nothing", ""],
    ["no JSON", "{"],
    ["a comment", `${event} // x`],
    ["a byte order mark", `\ufeff${event}`],
    ["a list", `[${event}]`],
    ["null", "null"],
    ["an unknown type", '{"seq":1,"type":"command","command":"x"}'],
    ["no type", '{"seq":1,"command":"x"}'],
    ["no number", '{"type":"event","event":"output"}'],
    ["a number that is none", '{"seq":"1","type":"event","event":"output"}'],
    ["an event without a name", '{"seq":1,"type":"event","event":{}}'],
    ["a request without a command", '{"seq":1,"type":"request"}'],
    ["a response to nothing", '{"seq":1,"type":"response","command":"x","success":true}'],
    [
      "a response without success",
      '{"seq":1,"type":"response","command":"x","request_seq":1,"success":"true"}',
    ],
    ["too deep", `{"seq":1,"type":"event","event":"output","body":${"[".repeat(5000)}${"]".repeat(5000)}}`],
    [
      "JSON of another kind",
      "{'seq':1,'type':'request','command':'runInTerminal','arguments':{'args':['id']}}",
    ],
  ] as const) {
    test(`${name}: the session ends, with the reason, and nothing comes any more`, () => {
      const scene = new Scene();
      scene.host.comeText(text);
      assert.deepEqual(
        scene.ends.map((reason) => reason?.code),
        ["protocol"],
      );
      assert.match(scene.ends[0]?.toLine() ?? "", /^The host has sent a message that .*\. .*\.$/);
      assert.ok(scene.host.closed);
      scene.host.comeText(event);
      scene.host.end();
      assert.deepEqual([scene.shown, scene.ends.length], [[], 1]);
    });
  }

  test("bytes that are no UTF-8 are one text for all", () => {
    const scene = new Scene();
    const bodies: Buffer[] = [];
    scene.port.onMessage(({ body }) => bodies.push(body));
    const text = Buffer.from('{"seq":1,"type":"event","event":"output","body":{"output":"??"}}');
    text[text.indexOf("??")] = 0xc0;
    text[text.indexOf("?")] = 0xa2;
    scene.host.comeText(text);
    assert.match(bodies[0]?.toString() ?? "", /"output":"\ufffd\ufffd"/);
  });
});
