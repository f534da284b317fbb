import { type JsonObject, encodeJson, isObject, parseObject } from "../../../../src/dap/messages.ts";
import { Sessions } from "../../../../src/hub/sessions.ts";
import type {
  BreakpointPlace,
  WindowBreakpoint,
  WindowSession,
} from "../../../../src/vscode/host/windowSession.ts";
import { WindowUpstream } from "../../../../src/vscode/host/windowUpstream.ts";
import { FakeUpstream, type FakeOptions } from "../../hub/fakeUpstream.ts";
import { VSCODE, settle } from "../../hub/memoryClient.ts";

interface Set {
  readonly key: string;
  readonly breakpoint: WindowBreakpoint & { enabled: boolean };
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
  readonly id = "session-1";
  readonly type = "fake";
  readonly name = "a.c";
  readonly isChild = false;
  readonly adapter: FakeUpstream;
  readonly upstream: WindowUpstream;
  readonly sessions: Sessions;
  /** What the window got from the adapter. */
  readonly got: Seen[] = [];
  /** VS Code's own commands that were run. */
  readonly ran: string[] = [];
  /** Whether the window does what its commands say. */
  obedient = true;
  /** "Deactivate Breakpoints". */
  activated = true;
  readonly #breakpoints: Set[] = [];
  readonly #custom = new Map<number, (body: unknown) => void>();
  #seq = 1;

  constructor(options: FakeOptions = {}) {
    this.adapter = new FakeUpstream(options);
    this.upstream = new WindowUpstream(this);
    this.sessions = new Sessions(this.upstream, { name: this.name, windowOf: "Hana" });
    this.upstream.window = this.sessions.root.window;
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
  static async started(options?: FakeOptions): Promise<FakeWindow> {
    const window = new FakeWindow(options);
    await window.send("initialize", VSCODE);
    const launched = window.send("launch", { type: "fake", request: "launch", program: "a" });
    await settle();
    await window.send("setExceptionBreakpoints", { filters: [] });
    await window.send("configurationDone");
    await launched;
    return window;
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
    this.#breakpoints.push(newSet(`source ${path}`, spec));
    this.#sendBreakpoints({ kind: "source", source: { path } });
  }

  /** The host clicks at a breakpoint in the gutter, whoever set it. */
  removeBreakpoint(path: string, line: number): void {
    const key = `source ${path}`;
    const found = this.#breakpoints.filter((each) => each.key === key && each.breakpoint.spec.line === line);
    this.removeBreakpoints(found.map(({ breakpoint }) => breakpoint.handle));
  }

  activate(activated: boolean): void {
    this.activated = activated;
    for (const key of new globalThis.Set(this.#breakpoints.map((each) => each.key)))
      this.#sendBreakpoints({ kind: "source", source: { path: key.replace("source ", "") } });
  }

  /** The lines of the breakpoints in the window's gutter. */
  gutter(path: string): unknown[] {
    return this.breakpointsAt({ kind: "source", source: { path } }).map(({ spec }) => spec.line);
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

  breakpointsAt(place: BreakpointPlace): WindowBreakpoint[] {
    return this.#breakpoints
      .filter(({ key }) => key === this.placeKey(place))
      .map(({ breakpoint }) => breakpoint);
  }

  addBreakpoints(place: BreakpointPlace, specs: readonly JsonObject[]): void {
    this.#breakpoints.push(...specs.map((spec) => newSet(this.placeKey(place), spec)));
    setImmediate(() => this.#sendBreakpoints(place));
  }

  removeBreakpoints(handles: readonly object[]): void {
    const gone = this.#breakpoints.filter(({ breakpoint }) => handles.includes(breakpoint.handle));
    for (const each of gone) this.#breakpoints.splice(this.#breakpoints.indexOf(each), 1);
    for (const key of new globalThis.Set(gone.map((each) => each.key))) {
      const path = key.replace("source ", "");
      const place: BreakpointPlace =
        key === "function" ? { kind: "function" } : { kind: "source", source: { path } };
      setImmediate(() => this.#sendBreakpoints(place));
    }
  }

  #sendBreakpoints(place: BreakpointPlace): void {
    const breakpoints = this.breakpointsAt(place)
      .filter(({ enabled }) => enabled && this.activated)
      .map(({ spec }) => inVsCodesWords(spec));
    if (place.kind === "function") void this.send("setFunctionBreakpoints", { breakpoints });
    else void this.send("setBreakpoints", { source: { name: "a.c", ...place.source }, breakpoints });
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

function newSet(key: string, spec: JsonObject): Set {
  return { key, breakpoint: { handle: {}, enabled: true, spec } };
}

/** VS Code leaves out a column of 1 and what is empty. */
function inVsCodesWords(spec: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(spec).filter(([name, value]) => Boolean(value) && !(name === "column" && value === 1)),
  );
}
