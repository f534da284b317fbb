import { AppError } from "../../common/errors.ts";
import { parseJson } from "../../dap/envelope.ts";
import {
  type JsonObject,
  encodeJson,
  isObject,
  objectOf,
  objects,
  requestParts,
} from "../../dap/messages.ts";
import type { DapPort } from "../../dap/port.ts";
import { asNumber, asText } from "../../common/values.ts";

/** Everything here takes milliseconds; a longer wait is in vain. */
const DEADLINE_MS = 15_000;

interface Waiting<T> {
  readonly fits: (item: T) => boolean;
  readonly settle: (item: T) => void;
}

export interface DapEvent {
  readonly event: string;
  readonly body: JsonObject;
}

/** What of a port the demo needs. */
interface DemoPort extends Pick<DapPort, "onMessage" | "start"> {
  send(parts: readonly Uint8Array[]): unknown;
}

/** A guest of the demo: a small client of the Debug Adapter Protocol, over whatever carries it. */
export class DemoGuest {
  readonly #port: DemoPort;
  readonly #answers = new Map<number, (response: JsonObject) => void>();
  #events: DapEvent[] = [];
  #waiting: Waiting<DapEvent>[] = [];
  #live: ((event: DapEvent) => void) | undefined;
  #seq = 0;

  constructor(port: DemoPort) {
    this.#port = port;
    port.onMessage(({ body }) => this.#receive(parseJson(body)));
    port.start();
  }

  /** Sends a request and resolves with the body of its answer. */
  async request(command: string, args: JsonObject = {}): Promise<JsonObject> {
    const seq = ++this.#seq;
    const answer = new Promise<JsonObject>((resolve) => this.#answers.set(seq, resolve));
    this.#port.send(requestParts(seq, command, encodeJson(args)));
    const { success, message, body } = await soon(answer, `the answer to ${command}`);
    if (success !== true) {
      const { error } = objectOf(body);
      const why = isObject(error) ? error.format : message;
      throw new AppError("internal", `The request "${command}" was refused: ${asText(why)}`);
    }
    return objectOf(body);
  }

  /** Takes the next event of that name which fits, also one that has come before. */
  async event(name: string, fits: (body: JsonObject) => boolean = () => true): Promise<JsonObject> {
    const test = ({ event, body }: DapEvent) => event === name && fits(body);
    const past = this.#events.find(test);
    if (past !== undefined) {
      this.#events.splice(this.#events.indexOf(past), 1);
      return past.body;
    }
    const next = new Promise<DapEvent>((settle) => this.#waiting.push({ fits: test, settle }));
    return (await soon(next, `the event ${name}`)).body;
  }

  /** From now on events are not waited for; they are shown as they come. */
  watch(show: (event: DapEvent) => void): void {
    this.#events = [];
    this.#live = show;
  }

  /** Joins the session as an editor does when it attaches. */
  async join(name: string): Promise<void> {
    const flags = { supportsInvalidatedEvent: true, supportsVariableType: true };
    await this.request("initialize", {
      clientID: "demo",
      clientName: name,
      adapterID: "debug-server",
      ...flags,
    });
    await this.request("attach");
    await this.event("initialized");
    await this.request("configurationDone");
  }

  async setBreakpoint(file: string, line: number): Promise<void> {
    await this.request("setBreakpoints", { source: { path: file }, breakpoints: [{ line }] });
  }

  /** The functions on the stack, innermost first, and where the innermost one stands. */
  async stack(): Promise<{
    readonly frames: readonly string[];
    readonly frameId: unknown;
    readonly line: unknown;
  }> {
    const { stackFrames } = await this.request("stackTrace", { threadId: 1 });
    const frames = objects(stackFrames);
    return { frames: frames.map(({ name }) => asText(name)), frameId: frames[0]?.id, line: frames[0]?.line };
  }

  /** The local variables of a frame: name → value, and the handle to set them by. */
  async locals(
    frameId: unknown,
  ): Promise<{ readonly values: ReadonlyMap<string, string>; readonly handle: unknown }> {
    const { scopes } = await this.request("scopes", { frameId });
    const handle = objects(scopes)[0]?.variablesReference;
    const { variables } = await this.request("variables", { variablesReference: handle });
    const entries = objects(variables).map(({ name, value }) => [asText(name), asText(value)] as const);
    return { values: new Map(entries), handle };
  }

  #receive(message: unknown): void {
    if (!isObject(message)) return;
    if (message.type === "response") {
      this.#answers.get(asNumber(message.request_seq))?.(message);
    } else if (message.type === "event") {
      this.#onEvent({ event: asText(message.event), body: objectOf(message.body) });
    }
  }

  #onEvent(event: DapEvent): void {
    const waiting = this.#waiting.find(({ fits }) => fits(event));
    if (waiting !== undefined) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.settle(event);
    } else if (this.#live !== undefined) {
      this.#live(event);
    } else {
      this.#events.push(event);
    }
  }
}

async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError("timeout", `The demo waited in vain for ${what}.`)),
      DEADLINE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
