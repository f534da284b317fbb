import assert from "node:assert/strict";
import { type JsonObject, encodeJson, isObject, parseObject } from "../../../../src/dap/messages.ts";
import { type Session, Sessions } from "../../../../src/hub/sessions.ts";
import type { BreakpointPlace, WindowSession } from "../../../../src/vscode/host/windowSession.ts";
import { WindowUpstream } from "../../../../src/vscode/host/windowUpstream.ts";
import { FakeUpstream, type FakeOptions } from "../../hub/fakeUpstream.ts";
import { VSCODE, settle } from "../../hub/memoryClient.ts";
import { FUNCTIONS } from "../../../../src/vscode/host/windowSession.ts";
import { FakeList } from "./fakeList.ts";

export interface WindowOptions extends FakeOptions {
  readonly id?: string;
  readonly name?: string;
  /** The window that it is in, with other sessions; absent: one of its own. */
  readonly list?: FakeList;
  /** The session that it is a child of. */
  readonly parent?: FakeWindow;
}

/** A message as it was when VS Code sent or got it. */
interface Seen {
  readonly command?: unknown;
  readonly event?: unknown;
  readonly type: unknown;
  readonly success?: unknown;
  readonly body?: unknown;
}

/**
 * VS Code's part of a debug session, as far as a tracker and an extension see it (tried on 1.139, recipes/vscode.md):
 * its requests go past the tracker to a fake adapter, the adapter's messages past the tracker to it, and what
 * the tracker changes in them is what the other side gets.
 */
export class FakeWindow implements WindowSession {
  readonly id: string;
  readonly type = "fake";
  readonly name: string;
  readonly tree: string;
  readonly isChild: boolean;
  readonly list: FakeList;
  readonly adapter: FakeUpstream;
  readonly upstream: WindowUpstream;
  readonly sessions: Sessions;
  readonly session: Session;
  /** What the window got from the adapter. */
  readonly got: Seen[] = [];
  /** VS Code's own commands that were run. */
  readonly ran: string[] = [];
  /** Whether the window does what its commands say. */
  obedient = true;
  /** "Deactivate Breakpoints". */
  activated = true;
  readonly #sender = (key: string) => this.#sendBreakpoints(key);
  readonly #custom = new Map<number, (body: unknown) => void>();
  #seq = 1;

  constructor(options: WindowOptions = {}) {
    const { parent } = options;
    this.id = options.id ?? "session-1";
    this.name = options.name ?? "a.c";
    this.tree = parent?.tree ?? this.id;
    this.isChild = parent !== undefined;
    this.list = parent?.list ?? options.list ?? new FakeList();
    const { guests } = this.list;
    // As the tracker does it (tracker.ts).
    guests.sessionStarted(this.id, this.tree, this.name);
    this.adapter = new FakeUpstream(options);
    this.upstream = new WindowUpstream(this, this.list, guests);
    this.sessions = parent?.sessions ?? new Sessions(this.upstream, { name: this.name, windowOf: "Hana" });
    const [root] = this.sessions.list();
    const session = parent ? this.sessions.addChild(parent.session, this.upstream, this.name) : root;
    assert.ok(session);
    this.session = session;
    if (parent === undefined) guests.follow(this.tree, this.sessions);
    this.upstream.window = session.hub.window;
    this.list.senders.add(this.#sender);
    this.adapter.onEvent(({ event, body }) => {
      this.#receive({
        seq: 0,
        type: "event",
        event,
        ...(body === undefined ? {} : { body: parseObject(body) }),
      });
    });
  }

  /** A session that has started, with nobody but the host. */
  static async started(options?: WindowOptions): Promise<FakeWindow> {
    const window = new FakeWindow(options);
    await window.start();
    return window;
  }

  async start(): Promise<void> {
    await this.send("initialize", VSCODE);
    const launched = this.send("launch", { type: "fake", request: "launch", program: "a" });
    await settle();
    await this.send("setExceptionBreakpoints", { filters: [] });
    await this.send("configurationDone");
    await launched;
  }

  /** VS Code has stopped the session. */
  end(): void {
    this.list.senders.delete(this.#sender);
    this.upstream.ended("The debug session has ended.");
    this.list.guests.sessionEnded(this.id);
  }

  /** The program stops, and the window asks what VS Code asks then. */
  async stop(body: JsonObject = {}): Promise<void> {
    this.adapter.stop(body);
    await this.send("threads");
    await this.send("stackTrace", { threadId: 1, startFrame: 0, levels: 1 });
  }

  /** A request of the window's own; resolves with the message that it gets for it. */
  send(command: string, args?: JsonObject): Promise<Seen> {
    return new Promise((resolve) => {
      this.#send(command, args, (response) => resolve(response));
    });
  }

  /** The host clicks into the gutter. */
  setBreakpoint(path: string, spec: JsonObject): void {
    this.list.add(`source ${path}`, [spec]);
  }

  /** The host clicks at a breakpoint in the gutter, whoever set it. */
  removeBreakpoint(path: string, line: number): void {
    const key = `source ${path}`;
    const found = this.list.all().filter((each) => each.key === key && each.spec.line === line);
    this.list.remove(new Set(found.map(({ handle }) => handle)));
  }

  activate(activated: boolean): void {
    this.activated = activated;
    for (const key of new Set(this.list.all().map((each) => each.key))) this.#sendBreakpoints(key);
  }

  /** The lines of the breakpoints in the window's gutter. */
  gutter(path: string): unknown[] {
    return this.list.specs(`source ${path}`).map(({ line }) => line);
  }

  /** The breakpoints in force at the adapter, in a few words: `5 i > 3`. */
  inForce(path: string): string[] {
    const specs = this.adapter.breakpoints.get(path) ?? [];
    return specs.map(({ line, name, condition, logMessage }) =>
      [line ?? name, condition, logMessage].filter(Boolean).join(" "),
    );
  }

  // What extensions have of it.

  customRequest(command: string, args?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#send(command, isObject(args) ? args : undefined, (response) => {
        if (response.success === true) resolve(response.body);
        else reject(new Error(`${command} was refused`));
      });
    });
  }

  async run(command: string, threadId?: number): Promise<void> {
    this.ran.push(command);
    const request = COMMANDS[command];
    if (this.obedient && request !== undefined)
      await this.send(request, threadId === undefined ? {} : { threadId });
  }

  placeKey(place: BreakpointPlace): string {
    return place.kind === "function" ? "function" : `source ${String(place.source.path)}`;
  }

  #sendBreakpoints(key: string): void {
    const breakpoints = this.list
      .all()
      .filter((each) => each.key === key && each.enabled && this.activated)
      .map(({ spec }) => inVsCodesWords(spec));
    if (key === FUNCTIONS) void this.send("setFunctionBreakpoints", { breakpoints });
    else {
      const source = { name: "a.c", path: key.replace("source ", "") };
      const lines = breakpoints.map(({ line }) => line);
      void this.send("setBreakpoints", { source, lines, breakpoints });
    }
  }

  #send(command: string, args: JsonObject | undefined, then: (response: Seen) => void): void {
    const seq = this.#seq++;
    const message: JsonObject = {
      seq,
      type: "request",
      command,
      ...(args === undefined ? {} : { arguments: structuredClone(args) }),
    };
    this.#custom.set(seq, then as (body: unknown) => void);
    this.upstream.heardWindow(message);
    const raw = message.arguments === undefined ? undefined : encodeJson(message.arguments);
    this.adapter.request(command, raw, ({ success, message: code, body }) => {
      this.#receive({
        seq: 0,
        type: "response",
        request_seq: seq,
        command,
        success,
        ...(code === undefined ? {} : { message: code }),
        ...(body === undefined ? {} : { body: parseObject(body) }),
      });
    });
  }

  #receive(message: JsonObject): void {
    this.upstream.heardAdapter(message);
    this.got.push(message as unknown as Seen);
    if (message.type !== "response") return;
    const waiting = this.#custom.get(Number(message.request_seq));
    this.#custom.delete(Number(message.request_seq));
    waiting?.(message);
  }
}

const COMMANDS: Readonly<Record<string, string>> = {
  "workbench.action.debug.continue": "continue",
  "workbench.action.debug.stepOver": "next",
  "workbench.action.debug.stepInto": "stepIn",
  "workbench.action.debug.pause": "pause",
  "workbench.action.debug.restart": "restart",
  "workbench.action.debug.stop": "terminate",
};

/** VS Code leaves out a column of 1 and what is empty. */
function inVsCodesWords(spec: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(spec).filter(([name, value]) => Boolean(value) && !(name === "column" && value === 1)),
  );
}
