/**
 * Node's own code is not the user's: steps and exceptions do not stop in it. V8 has a command for that, which we
 * do not use: with Node's scripts it has no effect on steps (https://github.com/nodejs/node/issues/50058).
 */
import type { CallFrame } from "./cdp.ts";
import { isInternal, type Scripts } from "./scripts.ts";
import type { Expectation, DebuggeeStop } from "./stops.ts";

export type ResumeCommand =
  "Debugger.resume" | "Debugger.stepOver" | "Debugger.stepInto" | "Debugger.stepOut";

/** From the event loop to the program's code it is some dozens of steps, if there is a way at all. */
const MAX_STEPS_TO_PROGRAM = 200;

/** Follows one request of the client through Node's code; each step and each pause gets a new one. */
export class InternalsPasser {
  readonly #scripts: Scripts;
  readonly #expected: Expectation;
  /** A step into something: where it began. */
  readonly #steppedFrom: readonly CallFrame[];
  #leaving: "again" | "report" | undefined;
  #steps = 0;

  constructor(scripts: Scripts, expected: Expectation, steppedFrom: readonly CallFrame[] = []) {
    this.#scripts = scripts;
    this.#expected = expected;
    this.#steppedFrom = steppedFrom;
  }

  /** How to go on from a stop that is not worth telling; undefined if it is. */
  pass(stop: DebuggeeStop): ResumeCommand | undefined {
    if (stop.hit.length > 0 || stop.reason === "entry") return undefined;
    if (this.#isInternal(stop.frames[0])) return this.#passInternal(stop);
    const again = stop.reason === "step" && this.#leaving === "again" && this.#isSameLine(stop.frames[0]);
    this.#leaving = undefined;
    // Back on the line whose call into Node's code was stepped into: there may be another call on it.
    return again ? "Debugger.stepInto" : undefined;
  }

  #passInternal(stop: DebuggeeStop): ResumeCommand | undefined {
    const depth = this.#depth(stop.frames);
    if (stop.exception !== undefined) {
      if (stop.exception.uncaught && depth > 0) return undefined;
      return this.#expected === "step" ? this.#leave(depth) : "Debugger.resume";
    }
    if (this.#expected === "step") return this.#leave(depth);
    if (this.#expected !== "pause") return undefined;
    // Within a call of the program's this is where it is; in the event loop, go to what is called next.
    return depth > 0 || ++this.#steps > MAX_STEPS_TO_PROGRAM ? undefined : "Debugger.stepInto";
  }

  /** Back to the program's code if it is further down the stack; with none there, there is no end to a step. */
  #leave(depth: number): ResumeCommand {
    if (depth === 0) return "Debugger.resume";
    this.#leaving ??= depth === this.#depth(this.#steppedFrom) ? "again" : "report";
    return "Debugger.stepOut";
  }

  #depth(frames: readonly CallFrame[]): number {
    return frames.filter((frame) => !this.#isInternal(frame)).length;
  }

  #isSameLine(frame: CallFrame | undefined): boolean {
    const from = this.#steppedFrom[0]?.location;
    return frame?.location.scriptId === from?.scriptId && frame?.location.lineNumber === from?.lineNumber;
  }

  #isInternal(frame: CallFrame | undefined): boolean {
    return frame !== undefined && isInternal(this.#scripts.get(frame.location.scriptId));
  }
}
