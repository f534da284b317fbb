import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { Emitter } from "../../../src/common/event.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { encodeJson } from "../../../src/dap/messages.ts";
import { EditorEndpoint } from "../../../src/guest/editor.ts";
import type { EditorSession } from "../../../src/guest/guestSession.ts";
import type { EditorMessage, MessageToEditor } from "../../../src/guest/messages.ts";
import { FakePort } from "./fakePort.ts";

/** A session whose other end is the test. */
class FakeSession implements EditorSession {
  readonly #message = new Emitter<MessageToEditor>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onClose = this.#close.event;
  readonly sent: unknown[] = [];
  started = false;
  closed = false;

  send({ body }: EditorMessage): void {
    this.sent.push(JSON.parse(body.toString()));
  }

  start(): void {
    this.started = true;
  }

  close(): void {
    this.closed = true;
  }

  event(event: string, body?: unknown): void {
    this.#message.fire({ type: "event", event, body: body === undefined ? undefined : encodeJson(body) });
  }

  answer(requestSeq: number, command: string): void {
    this.#message.fire({ type: "response", requestSeq, command, outcome: { success: true } });
  }

  end(reason?: AppError): void {
    this.#close.fire(reason);
  }
}

function request(seq: number, command: string): object {
  return { seq, type: "request", command };
}

function joined(): { editor: FakePort; session: FakeSession; endpoint: EditorEndpoint; gone: () => number } {
  const [editor, session] = [new FakePort(), new FakeSession()];
  const endpoint = new EditorEndpoint(editor);
  let gone = 0;
  endpoint.onGone(() => gone++);
  endpoint.join(session);
  return { editor, session, endpoint, gone: () => gone };
}

describe("an editor and its session", () => {
  test("what it says before there is a session comes first, unchanged", () => {
    const [editor, session] = [new FakePort(), new FakeSession()];
    const endpoint = new EditorEndpoint(editor);
    assert.ok(editor.started);
    editor.come(request(1, "initialize"));
    endpoint.join(session);
    assert.ok(session.started);
    editor.come(request(2, "attach"));
    assert.deepEqual(session.sent, [request(1, "initialize"), request(2, "attach")]);
    session.event("initialized");
    assert.deepEqual(editor.sent, [{ seq: 1, type: "event", event: "initialized" }]);
  });

  test("an orderly end after its disconnect is the end", () => {
    const { editor, session, endpoint, gone } = joined();
    editor.come(request(1, "disconnect"));
    session.answer(1, "disconnect");
    session.end();
    assert.ok(editor.closed);
    assert.equal(gone(), 1);
    assert.equal(endpoint.failure, undefined);
    assert.deepEqual(editor.said, ["disconnect"]);
  });

  test("a session that goes without a word: the editor is told, and its disconnect answered", () => {
    const { editor, session, endpoint, gone } = joined();
    session.event("output", {});
    session.end();
    assert.deepEqual(editor.sent.slice(1), [{ seq: 2, type: "event", event: "terminated" }]);
    editor.come(request(7, "threads"));
    editor.come(request(8, "disconnect"));
    const [threads, disconnect] = editor.sent.slice(2);
    const { error } = threads?.body as { error: { showUser: boolean } };
    // It has been told that the session is over: no message for each thing that its window still asks.
    assert.deepEqual([threads?.success, error.showUser], [false, false]);
    assert.deepEqual(disconnect, {
      seq: 4,
      type: "response",
      request_seq: 8,
      success: true,
      command: "disconnect",
    });
    assert.ok(editor.closed);
    assert.equal(gone(), 1);
    assert.equal(endpoint.failure, undefined);
  });

  test("terminated is not said twice", () => {
    const { editor, session } = joined();
    session.event("terminated");
    session.end();
    assert.deepEqual(editor.said, ["terminated"]);
  });

  test("a word that only looks like it does not count", () => {
    const { editor, session } = joined();
    session.event("output", { output: '"terminated"', kind: "terminated" });
    session.end();
    assert.deepEqual(editor.said, ["output", "terminated"]);
  });

  test("a host with a reason: it is shown, and is why the command fails", () => {
    const { editor, session, endpoint } = joined();
    session.end(new AppError("refused", "Ana has removed you.", { hint: "Ask her." }));
    assert.deepEqual(editor.sent[0]?.body, {
      category: "important",
      output: "Debug Server: Ana has removed you. Ask her.\n",
    });
    assert.deepEqual(editor.said, ["output", "terminated"]);
    assert.equal(endpoint.failure?.code, "refused");
  });

  test("an editor that vanishes leaves the session", () => {
    const { editor, session, gone } = joined();
    editor.end(new AppError("closed", "broken"));
    assert.ok(session.closed);
    assert.equal(gone(), 1);
    session.end();
    assert.equal(gone(), 1);
  });

  test("an editor that does not read is given up before memory is", () => {
    const { editor, session, endpoint, gone } = joined();
    editor.ready = false;
    const big = "x".repeat(LIMITS.outboxBytes / 4);
    for (let i = 0; i < 4; i++) session.event("output", big);
    // It has caught up in between: nothing happens.
    editor.drain();
    for (let i = 0; i < 4; i++) session.event("output", big);
    assert.equal(gone(), 0);
    session.event("output", big);
    assert.equal(gone(), 1);
    assert.ok(session.closed);
    assert.equal(endpoint.failure?.code, "busy");
  });
});

describe("an editor without a session", () => {
  const reason = new AppError("connectFailed", "Nobody is there.", { hint: "Look again." });

  test("its initialize is answered with the reason, whenever it comes", () => {
    for (const early of [true, false]) {
      const editor = new FakePort();
      const endpoint = new EditorEndpoint(editor);
      if (early) editor.come(request(3, "initialize"));
      endpoint.refuse(reason);
      if (!early) editor.come(request(3, "initialize"));
      const [answer] = editor.sent;
      assert.equal(answer?.request_seq, 3);
      assert.equal(answer?.success, false);
      assert.equal(answer?.message, "connectFailed");
      const { error } = answer?.body as { error: { format: string; showUser: boolean } };
      assert.deepEqual([error.format, error.showUser], ["Nobody is there. Look again.", true]);
      assert.ok(editor.closed);
      assert.ok(endpoint.gone);
    }
  });

  test("who gave up is not told of it", () => {
    const editor = new FakePort();
    const endpoint = new EditorEndpoint(editor);
    endpoint.refuse(new AppError("aborted", "The question was not answered."));
    editor.come(request(1, "initialize"));
    const [answer] = editor.sent;
    const { error } = answer?.body as { error: { showUser: boolean } };
    assert.deepEqual([answer?.success, error.showUser], [false, false]);
  });

  test("a flood before any answer is refused", () => {
    const editor = new FakePort();
    const endpoint = new EditorEndpoint(editor);
    for (let i = 0; i < 70; i++)
      editor.come({ seq: i, type: "request", command: "evaluate", arguments: "x".repeat(1024) });
    assert.equal(endpoint.failure?.code, "tooLarge");
  });

  test("a session that comes when the editor has gone is left", () => {
    const [editor, session] = [new FakePort(), new FakeSession()];
    const endpoint = new EditorEndpoint(editor);
    editor.end();
    endpoint.join(session);
    assert.ok(session.closed && !session.started);
  });
});
