import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import {
  type JsonObject,
  encodeJson,
  eventParts,
  parseObject,
  requestParts,
  responseParts,
} from "../../../src/dap/messages.ts";
import { ChildAllowance } from "../../../src/guest/childAllowance.ts";
import { GuestSession } from "../../../src/guest/guestSession.ts";
import { FakePort, SessionEnd } from "./fakePort.ts";

const FRAMES = Array.from({ length: 20 }, (_, index) => ({ id: index + 1, name: `f${index}` }));

class Scene {
  readonly host = new FakePort();
  readonly toEditor: JsonObject[] = [];
  readonly port: SessionEnd;
  #hostSeq = 1;
  #seq = 1;

  constructor() {
    this.port = new SessionEnd(
      new GuestSession(this.host, { children: new ChildAllowance(), prefetches: true }),
    );
    this.port.onMessage(({ body }) => this.toEditor.push(parseObject(body)));
  }

  /** What has gone to the host. */
  get toHost(): JsonObject[] {
    return this.host.sent;
  }

  event(event: string, body: object = {}): void {
    this.host.comeText(Buffer.concat(eventParts(this.#hostSeq++, event, encodeJson(body))));
  }

  reverse(command: string, args: object): void {
    this.host.comeText(Buffer.concat(requestParts(this.#hostSeq++, command, encodeJson(args))));
  }

  push(...answers: readonly (readonly [string, object, object])[]): void {
    this.host.push(
      answers.map(([command, args, body]) => ({
        request: encodeJson({ seq: -1, type: "request", command, arguments: args }),
        response: encodeJson({ seq: 1, type: "response", request_seq: -1, success: true, command, body }),
      })),
    );
  }

  /** The usual: a stop, and all that goes with it. */
  stop(frames: readonly object[] = FRAMES, more: object = {}): void {
    this.event("stopped", { threadId: 1 });
    this.push(
      ["threads", {}, { threads: [{ id: 1, name: "main" }] }],
      ["stackTrace", { threadId: 1, startFrame: 0, levels: 20 }, { stackFrames: frames, ...more }],
      ["scopes", { frameId: 1 }, { scopes: [{ name: "Local", variablesReference: 9 }] }],
      ["variables", { variablesReference: 9 }, { variables: [{ name: "x" }] }],
    );
  }

  ask(command: string, args: object = {}): number {
    const seq = this.#seq++;
    this.port.send(requestParts(seq, command, encodeJson(args)));
    return seq;
  }

  /** The body of the answer that there is at once; undefined if the host was asked. */
  answerTo(command: string, args: object = {}): unknown {
    const seq = this.ask(command, args);
    const answer = this.toEditor.find(({ request_seq }) => request_seq === seq);
    const isHosts = this.toHost.some((message) => message.seq === seq);
    assert.equal(answer === undefined, isHosts, command);
    if (answer !== undefined) assert.deepEqual([answer.success, answer.command], [true, command]);
    return answer?.body;
  }

  names(args: object): string[] | undefined {
    const body = this.answerTo("stackTrace", args) as { stackFrames: { name: string }[] } | undefined;
    return body?.stackFrames.map(({ name }) => name);
  }
}

describe("answers that a host sends ahead", () => {
  test("are given at once, each once", () => {
    const scene = new Scene();
    scene.stop();
    for (const [command, args, body] of [
      ["threads", {}, { threads: [{ id: 1, name: "main" }] }],
      ["scopes", { frameId: 1 }, { scopes: [{ name: "Local", variablesReference: 9 }] }],
      ["variables", { variablesReference: 9, start: 0, count: 0 }, { variables: [{ name: "x" }] }],
    ] as const) {
      assert.deepEqual(scene.answerTo(command, args), body);
      assert.equal(scene.answerTo(command, args), undefined);
    }
  });

  test("are not given to other questions", () => {
    const scene = new Scene();
    scene.stop();
    for (const [command, args] of [
      ["scopes", { frameId: 2 }],
      ["variables", { variablesReference: 8 }],
      ["variables", { variablesReference: 9, filter: "indexed" }],
      ["variables", { variablesReference: 9, start: 0, count: 10 }],
      ["variables", { variablesReference: 9, format: { hex: true } }],
      ["stackTrace", { threadId: 2 }],
      ["stackTrace", { threadId: 1, startFrame: 0, levels: 1, format: { line: true } }],
      ["source", { sourceReference: 1 }],
    ] as const)
      assert.equal(scene.answerTo(command, args), undefined, command);
  });

  test("mean nothing any more once another frame was asked for, whose references may be the same", () => {
    const scene = new Scene();
    scene.stop();
    assert.equal(scene.answerTo("scopes", { frameId: 2 }), undefined);
    assert.equal(scene.answerTo("variables", { variablesReference: 9 }), undefined);
    assert.equal(
      scene.answerTo("scopes", { frameId: 1 }),
      undefined,
      "the host must know where it is looked",
    );
    assert.ok(scene.answerTo("threads"));
  });

  test("of a stack are given in parts, as far as it is known", () => {
    const names = (from: number, to: number) => FRAMES.slice(from, to).map(({ name }) => name);
    const scene = new Scene();
    scene.stop();
    assert.deepEqual(scene.names({ threadId: 1, startFrame: 0, levels: 1 }), names(0, 1));
    assert.deepEqual(scene.names({ threadId: 1, startFrame: 1, levels: 19 }), names(1, 20));
    assert.deepEqual(scene.names({ threadId: 1, levels: 20 }), names(0, 20));
    assert.equal(scene.names({ threadId: 1, levels: 20 }), undefined);
    assert.equal(scene.names({ threadId: 1, startFrame: 1, levels: 20 }), undefined);
    assert.equal(scene.names({ threadId: 1 }), undefined);
    scene.stop(FRAMES, { totalFrames: 20 });
    assert.deepEqual(scene.names({ threadId: 1 }), names(0, 20));
    scene.stop(FRAMES.slice(0, 3));
    assert.deepEqual(scene.names({ threadId: 1, startFrame: 2, levels: 20 }), names(2, 3));
    assert.deepEqual(scene.names({ threadId: 1, startFrame: 3, levels: 20 }), []);
    // An adapter that gives fewer than it was asked for, and says so.
    scene.stop(FRAMES.slice(0, 3), { totalFrames: 50 });
    assert.equal(scene.names({ threadId: 1, startFrame: 2, levels: 20 }), undefined);
  });

  test("are waited for by what is asked meanwhile, in order", () => {
    const scene = new Scene();
    scene.event("stopped", { threadId: 1 });
    const seqs = [scene.ask("threads"), scene.ask("scopes", { frameId: 5 }), scene.ask("source")];
    assert.deepEqual(
      scene.toHost.map(({ seq }) => seq),
      [seqs[2]],
    );
    scene.push(["threads", {}, { threads: [] }]);
    assert.deepEqual(
      scene.toHost.map(({ seq }) => seq),
      [seqs[2], seqs[1]],
    );
    assert.equal(scene.toEditor.at(-1)?.request_seq, seqs[0]);
  });

  test("that never come are not waited for for ever", (t: TestContext) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const scene = new Scene();
    scene.event("stopped", { threadId: 1 });
    scene.ask("threads");
    t.mock.timers.tick(1_000);
    assert.equal(scene.toHost.length, 1);
    scene.push(["threads", {}, { threads: [] }]);
    assert.equal(scene.answerTo("threads"), undefined);
  });

  test("belong to the latest stop", () => {
    const scene = new Scene();
    scene.event("stopped", { threadId: 1 });
    scene.event("stopped", { threadId: 2 });
    scene.ask("threads");
    scene.push(["threads", {}, { threads: [{ id: 1 }] }]);
    assert.equal(scene.toHost.length, 0);
    scene.push(["threads", {}, { threads: [{ id: 2 }] }]);
    assert.deepEqual(scene.toEditor.at(-1)?.body, { threads: [{ id: 2 }] });
  });

  for (const event of ["continued", "stopped", "invalidated", "memory", "thread", "terminated"])
    test(`are no longer true after the event ${event}`, () => {
      const scene = new Scene();
      scene.stop();
      scene.event(event);
      if (event === "stopped") scene.push();
      for (const [command, args] of [
        ["threads", {}],
        ["stackTrace", { threadId: 1, levels: 1 }],
        ["scopes", { frameId: 1 }],
        ["variables", { variablesReference: 9 }],
      ] as const)
        assert.equal(scene.answerTo(command, args), undefined);
    });

  test("are no longer true after what the guest itself changes, and it overtakes nothing", () => {
    for (const [command, args, changes] of [
      ["next", { threadId: 1 }, true],
      ["setVariable", {}, true],
      ["evaluate", { expression: "x", context: "repl" }, true],
      ["theirs/own", {}, true],
      ["evaluate", { expression: "x", context: "hover" }, false],
      ["setBreakpoints", {}, false],
      ["source", {}, false],
    ] as const) {
      const scene = new Scene();
      scene.stop();
      scene.ask(command, args);
      assert.equal(scene.answerTo("threads") === undefined, changes, command);
    }
    for (const command of ["next", "cancel", "disconnect"]) {
      const scene = new Scene();
      scene.event("stopped", { threadId: 1 });
      scene.ask("threads");
      scene.ask(command);
      assert.deepEqual(
        scene.toHost.map((message) => message.command),
        ["threads", command],
      );
    }
  });

  test("are true for a short time only", (t: TestContext) => {
    const scene = new Scene();
    const now = t.mock.method(performance, "now", () => 10_000);
    scene.stop();
    now.mock.mockImplementation(() => 12_001);
    assert.equal(scene.answerTo("threads"), undefined);
  });

  test("leave the numbers of all messages in order; the host counts only its own", () => {
    const scene = new Scene();
    scene.ask("initialize", { supportsStartDebuggingRequest: true });
    scene.ask("attach");
    scene.stop();
    scene.answerTo("threads");
    scene.event("output");
    scene.reverse("startDebugging", { configuration: { debugServerSession: "2" } });
    assert.deepEqual(
      scene.toEditor.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    assert.equal(scene.host.passedOn, 3);
    // The editor answers by the number that it was given; the host gets its own.
    scene.port.send(responseParts(9, 4, "startDebugging", { success: true }));
    assert.equal(scene.toHost.at(-1)?.request_seq, 3);
  });

  test("that make no sense are nothing", () => {
    const scene = new Scene();
    scene.push(["threads", {}, { threads: [] }]);
    assert.equal(scene.answerTo("threads"), undefined);
    scene.event("stopped", { threadId: 1 });
    scene.push(["stackTrace", {}, { stackFrames: 3 }], ["launch", {}, {}], ["variables", { filter: 3 }, {}]);
    assert.equal(scene.answerTo("stackTrace", { threadId: 1 }), undefined);
    assert.equal(scene.answerTo("launch"), undefined);
  });

  test("that are nested too deep are nothing", () => {
    const scene = new Scene();
    scene.event("stopped", { threadId: 1 });
    const deep = Buffer.from(`{"body":{"threads":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`);
    scene.host.push([{ request: encodeJson({ command: "threads" }), response: deep }]);
    assert.equal(scene.answerTo("threads"), undefined);
  });
});
