/**
 * The embedded adapter with oddities on demand. Adapters of this world have manners of their own, and with the key `manners`
 * among the arguments of `launch` or `attach` this one takes them on. From that request on:
 *
 * - `continuedEvents`: `"none"`: never sent. `"always"`: one after the response to each request that resumes.
 *   Without it, as DAP asks: only if the program resumes without a request that implies it (a restart, another
 *   debugger on the same inspector).
 * - `responseDelayMs`: a number for all responses, or an object of them by command. Events do not wait.
 * - `dieOn`: the adapter ends abruptly when this request comes, and so does the program that it launched.
 * - `hangOn`: requests that are never answered, nor obeyed.
 * - `seqZero`: each message has the `seq` 0.
 * - `noBreakpointIds`: breakpoints have no `id`; so there are no `breakpoint` events and no `hitBreakpointIds`.
 * - `terminatedTwice`: each `terminated` comes twice.
 * - `outputStorm`: evaluating `outputStorm()` sends that many `output` events before its response.
 * - `bigVariable`: each frame has a scope "Big" whose variables make a response of about that many bytes.
 */
import { ContinuedEvent, OutputEvent, Response } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../../src/common/errors.ts";
import { Arguments, isRecord } from "../../src/adapter/arguments.ts";
import { AdapterServer } from "../../src/adapter/server.ts";
import { THREAD_ID } from "../../src/adapter/target.ts";

interface Manners {
  continuedEvents?: "none" | "always";
  delayOf(command: string): number;
  dieOn?: string;
  hangOn: string[];
  seqZero: boolean;
  noBreakpointIds: boolean;
  terminatedTwice: boolean;
  outputStorm: number;
  bigVariable: number;
}

const RESUMING = new Set(["continue", "next", "stepIn", "stepOut", "restartFrame"]);
/** Out of the reach of the debugger's own references, which count from 1. */
const BIG_REFERENCE = 2_000_000_000;
const BIG_ITEM_BYTES = 1_000;

/** The adapter, with the manners that its client asks for. */
export class ManneredServer extends AdapterServer {
  readonly #die: () => void;
  #manners: Manners | undefined;

  /** `die`: what ends the adapter abruptly, after the program. */
  constructor(die: () => void) {
    super();
    this.#die = die;
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    if (request.command === "launch" || request.command === "attach") {
      try {
        this.#manners = readManners(new Arguments(request.command, request.arguments));
      } catch (thrown) {
        this.refuse(request, AppError.from(thrown));
        return;
      }
    }
    const manners = this.#manners;
    if (manners === undefined) super.dispatchRequest(request);
    else if (manners.dieOn === request.command) this.#dieNow();
    else if (manners.hangOn.includes(request.command)) return;
    else if (isBig(request)) this.#respond(request, { variables: bigVariables(manners.bigVariable) });
    else if (isStorm(request) && manners.outputStorm > 0) this.#storm(request, manners.outputStorm);
    else super.dispatchRequest(request);
  }

  override sendEvent(event: DebugProtocol.Event): void {
    const manners = this.#manners;
    if (manners !== undefined) {
      if (event.event === "continued" && manners.continuedEvents !== undefined) return;
      if (manners.noBreakpointIds) {
        if (event.event === "breakpoint") return;
        if (event.event === "stopped" && isRecord(event.body)) delete event.body.hitBreakpointIds;
      }
    }
    this.#sendEventNow(event);
    if (event.event === "terminated" && manners?.terminatedTwice === true) this.#sendEventNow({ ...event });
  }

  override sendResponse(response: DebugProtocol.Response): void {
    const delay = this.#manners?.delayOf(response.command) ?? 0;
    if (delay === 0) this.#sendResponseNow(response);
    else setTimeout(() => this.#sendResponseNow(response), delay);
  }

  #sendEventNow(event: DebugProtocol.Event): void {
    super.sendEvent(this.#stamped(event));
  }

  #sendResponseNow(response: DebugProtocol.Response): void {
    const manners = this.#manners;
    const body: unknown = response.body;
    if (manners !== undefined && response.success && isRecord(body)) {
      if (manners.bigVariable > 0 && response.command === "scopes" && Array.isArray(body.scopes)) {
        body.scopes.push({ name: "Big", variablesReference: BIG_REFERENCE, expensive: true });
      }
      if (
        manners.noBreakpointIds &&
        response.command === "setBreakpoints" &&
        Array.isArray(body.breakpoints)
      ) {
        for (const breakpoint of body.breakpoints) if (isRecord(breakpoint)) delete breakpoint.id;
      }
    }
    super.sendResponse(this.#stamped(response));
    if (response.success && manners?.continuedEvents === "always" && RESUMING.has(response.command)) {
      this.#sendEventNow(new ContinuedEvent(THREAD_ID, true));
    }
  }

  /** The base class numbers a message just before it turns it into JSON, so that is where the 0 comes in. */
  #stamped<T extends DebugProtocol.ProtocolMessage>(message: T): T {
    if (this.#manners?.seqZero !== true) return message;
    return Object.defineProperty(message, "toJSON", { value: () => ({ ...message, seq: 0 }) });
  }

  #respond(request: DebugProtocol.Request, body: object): void {
    const response: DebugProtocol.Response = new Response(request);
    response.body = body;
    this.sendResponse(response);
  }

  #storm(request: DebugProtocol.Request, count: number): void {
    for (let i = 1; i <= count; i++) this.sendEvent(new OutputEvent(`storm ${i}\n`, "stdout"));
    this.#respond(request, { result: String(count), variablesReference: 0 });
  }

  #dieNow(): void {
    // It kills the program at once; the rest of it is too orderly to be waited for.
    void this.session.dispose();
    this.#die();
  }
}

function isBig({ command, arguments: args }: DebugProtocol.Request): boolean {
  return command === "variables" && isRecord(args) && args.variablesReference === BIG_REFERENCE;
}

function isStorm({ command, arguments: args }: DebugProtocol.Request): boolean {
  return command === "evaluate" && isRecord(args) && args.expression === "outputStorm()";
}

function bigVariables(bytes: number): DebugProtocol.Variable[] {
  const empty = JSON.stringify({ name: "item0000000", value: "", variablesReference: 0 }).length + 1;
  const value = "x".repeat(BIG_ITEM_BYTES - empty);
  return Array.from({ length: Math.ceil(bytes / BIG_ITEM_BYTES) }, (_, index) => ({
    name: `item${String(index).padStart(7, "0")}`,
    value,
    variablesReference: 0,
  }));
}

function readManners(args: Arguments): Manners | undefined {
  const manners = args.optionalObject("manners");
  if (manners === undefined) return undefined;
  const continuedEvents = manners.optionalString("continuedEvents");
  if (continuedEvents !== undefined && continuedEvents !== "none" && continuedEvents !== "always") {
    throw new AppError("badArguments", `${manners.command}: "continuedEvents" must be "none" or "always".`);
  }
  return {
    continuedEvents,
    delayOf: readDelays(manners),
    dieOn: manners.optionalString("dieOn"),
    hangOn: manners.optionalStrings("hangOn") ?? [],
    seqZero: manners.optionalBoolean("seqZero") ?? false,
    noBreakpointIds: manners.optionalBoolean("noBreakpointIds") ?? false,
    terminatedTwice: manners.optionalBoolean("terminatedTwice") ?? false,
    outputStorm: manners.optionalInteger("outputStorm") ?? 0,
    bigVariable: manners.optionalInteger("bigVariable") ?? 0,
  };
}

function readDelays(manners: Arguments): (command: string) => number {
  let byCommand: Arguments | undefined;
  try {
    byCommand = manners.optionalObject("responseDelayMs");
  } catch {
    const all = manners.optionalInteger("responseDelayMs") ?? 0;
    return () => all;
  }
  return (command) => byCommand?.optionalInteger(command) ?? 0;
}
