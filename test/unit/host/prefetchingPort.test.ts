import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Emitter } from "../../../src/common/event.ts";
import type { AppError } from "../../../src/common/errors.ts";
import {
  type JsonObject,
  encodeJson,
  eventParts,
  parseObject,
  responseParts,
} from "../../../src/dap/messages.ts";
import type { IncomingMessage } from "../../../src/dap/port.ts";
import { PrefetchingPort } from "../../../src/host/prefetchingPort.ts";
import type { PrefetchedAnswer } from "../../../src/link/push.ts";

/** What has gone over the link, in order: a message's event or command, or what was sent ahead. */
type Sent = string | readonly string[];

class Scene {
  readonly #message = new Emitter<IncomingMessage>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly sent: Sent[] = [];
  readonly pushes: (readonly PrefetchedAnswer[])[] = [];
  readonly asked: JsonObject[] = [];
  readonly seen: (number | undefined)[] = [];
  readonly ahead: (boolean | undefined)[] = [];
  readonly port: PrefetchingPort;
  isFar = true;
  #seq = 1;

  constructor() {
    const link = {
      onMessage: this.#message.event,
      onDrain: new Emitter<void>().event,
      onClose: this.#close.event,
      start: () => {},
      close: () => {},
      send: (parts: readonly Uint8Array[]) => {
        const { event, command } = parseObject(Buffer.concat(parts));
        return this.sent.push(String(event ?? command)) > 0;
      },
      push: (answers: readonly PrefetchedAnswer[]) => {
        this.pushes.push(answers);
        this.sent.push(answers.map(({ request }) => String(parseObject(request).command)));
      },
    };
    this.port = new PrefetchingPort(link, { isFar: () => this.isFar });
    this.port.onMessage(({ body, seen, isPrefetch }) => {
      this.ahead.push(isPrefetch);
      const request = parseObject(body);
      if (Number(request.seq) < 0) this.asked.push(request);
      else this.seen.push(seen);
    });
  }

  event(event: string, body?: object): void {
    this.port.send(eventParts(this.#seq++, event, body && encodeJson(body)));
  }

  /** The hub answers the latest question of that command. */
  async answer(command: string, body: object, success = true): Promise<void> {
    const request = this.asked.findLast((each) => each.command === command);
    assert.ok(request !== undefined, command);
    const outcome = { success, body: encodeJson(body) };
    this.port.send(responseParts(this.#seq++, Number(request.seq), command, outcome));
    await settled();
  }

  stop(more: object = {}): Promise<void> {
    this.event("stopped", { reason: "step", threadId: 1, ...more });
    return settled();
  }

  fromGuest(seen: number): void {
    this.#message.fire({ body: encodeJson({ seq: 1, type: "request", command: "next" }), seen });
  }

  end(): void {
    this.#close.fire(undefined);
  }

  get commands(): unknown[] {
    return this.asked.map(({ command }) => command);
  }
}

/** All that promises do by themselves is done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function answerAll(scene: Scene): Promise<void> {
  await scene.answer("threads", { threads: [] });
  await scene.answer("stackTrace", { stackFrames: [{ id: 7, name: "f" }], totalFrames: 1 });
  await scene.answer("scopes", { scopes: [{ name: "Local", variablesReference: 9 }] });
  await scene.answer("variables", { variables: [] });
}

const argumentsOf = (scene: Scene, command: string) =>
  scene.asked.find((each) => each.command === command)?.arguments;

describe("answers for guests far away", () => {
  test("what an editor will ask at a stop is asked in its name, and sent in one piece behind it", async () => {
    const scene = new Scene();
    await scene.stop();
    scene.event("output", { output: "x" });
    await answerAll(scene);
    assert.deepEqual(scene.sent, ["stopped", "output", ["threads", "stackTrace", "scopes", "variables"]]);
    assert.deepEqual(argumentsOf(scene, "stackTrace"), { threadId: 1, startFrame: 0, levels: 20 });
    assert.deepEqual(argumentsOf(scene, "scopes"), { frameId: 7 });
    assert.deepEqual(argumentsOf(scene, "variables"), { variablesReference: 9 });
  });

  test("the frame is the one that editors select, the scope one that is cheap", async () => {
    const scene = new Scene();
    await scene.stop();
    const frames = [
      { id: 1, name: "[native]", presentationHint: "label" },
      { id: 2, name: "internal", source: { path: "/i.js", presentationHint: "deemphasize" } },
      { id: 3, name: "f", source: { path: "/f.js" } },
    ];
    await scene.answer("stackTrace", { stackFrames: frames });
    assert.deepEqual(argumentsOf(scene, "scopes"), { frameId: 3 });
    await scene.answer("scopes", {
      scopes: [
        { variablesReference: 1, expensive: true },
        { variablesReference: 2, expensive: false },
      ],
    });
    assert.deepEqual(argumentsOf(scene, "variables"), { variablesReference: 2 });
  });

  test("each stop has one push: an empty one if nobody asks, if the program goes on, or if it stops again", async () => {
    const scene = new Scene();
    await scene.stop({ preserveFocusHint: true });
    await scene.stop({ threadId: undefined });
    scene.isFar = false;
    await scene.stop();
    assert.deepEqual(scene.asked, []);
    scene.isFar = true;
    await scene.stop();
    scene.event("continued", { threadId: 1 });
    await scene.stop();
    await scene.stop({ threadId: 2 });
    // What comes for a stop that is over is nobody's.
    await scene.answer("threads", { threads: [] });
    scene.event("continued", { threadId: 1 });
    const stop = ["stopped", []];
    assert.deepEqual(scene.sent, [
      ...stop,
      ...stop,
      ...stop,
      ...stop,
      "continued",
      ...stop,
      ...stop,
      "continued",
    ]);
  });

  test("what was answered before something has changed is not sent", async () => {
    for (const event of ["invalidated", "memory", "thread", "terminated"]) {
      const scene = new Scene();
      await scene.stop();
      await scene.answer("threads", { threads: [] });
      scene.event(event, {});
      await scene.answer("stackTrace", { stackFrames: [] });
      assert.deepEqual(scene.sent, ["stopped", [], event]);
    }
  });

  test("what is refused, or too large, is left out, and nothing is built on it", async () => {
    const scene = new Scene();
    await scene.stop();
    await scene.answer("threads", {}, false);
    await scene.answer("stackTrace", { stackFrames: [{ id: 1, name: "x".repeat(70_000) }] });
    assert.deepEqual(scene.sent, ["stopped", []]);
    await scene.stop();
    await scene.answer("threads", { threads: [] });
    await scene.answer("stackTrace", { stackFrames: [{ id: 1 }] });
    await scene.answer("scopes", { scopes: [] });
    assert.deepEqual(scene.sent.slice(2), ["stopped", ["threads", "stackTrace", "scopes"]]);
  });

  test("an adapter that is slow is asked no more; what it was asked is waited for, or the guest would ask it again", async (t: TestContext) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const scene = new Scene();
    await scene.stop();
    await scene.answer("threads", { threads: [] });
    t.mock.timers.tick(100);
    assert.deepEqual(scene.sent, ["stopped"]);
    await scene.answer("stackTrace", { stackFrames: [{ id: 1 }] });
    assert.deepEqual(scene.commands, ["threads", "stackTrace"]);
    assert.deepEqual(scene.sent, ["stopped", ["threads", "stackTrace"]]);
  });

  test("but not for ever", async (t: TestContext) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const scene = new Scene();
    await scene.stop();
    await scene.answer("threads", { threads: [] });
    t.mock.timers.tick(499);
    assert.deepEqual(scene.sent, ["stopped"]);
    t.mock.timers.tick(1);
    assert.deepEqual(scene.sent, ["stopped", ["threads"]]);
    await scene.answer("stackTrace", { stackFrames: [{ id: 1 }] });
    assert.deepEqual(scene.commands, ["threads", "stackTrace"]);
    assert.equal(scene.sent.length, 2);
  });

  test("the hub is told which questions it asks ahead", async () => {
    const scene = new Scene();
    await scene.stop();
    scene.fromGuest(1);
    assert.deepEqual(scene.ahead, [true, true, undefined]);
  });

  test("a guest has seen what it was sent, the answers that went ahead apart", async () => {
    const scene = new Scene();
    scene.event("initialized");
    await scene.stop();
    await answerAll(scene);
    scene.event("output", { output: "x" });
    // By the hub's count: initialized 1, stopped 2, four answers 3 to 6, output 7.
    for (const seen of [0, 1, 2, 3]) scene.fromGuest(seen);
    assert.deepEqual(scene.seen, [0, 1, 6, 7]);
  });

  test("a guest's own questions and answers pass; the end ends all", async () => {
    const scene = new Scene();
    await scene.stop();
    scene.port.send(responseParts(9, 4, "threads", { success: true, body: encodeJson({ threads: [] }) }));
    assert.deepEqual(scene.sent, ["stopped", "threads"]);
    scene.end();
    await scene.answer("stackTrace", { stackFrames: [{ id: 1 }] });
    assert.deepEqual(scene.pushes, []);
  });
});
