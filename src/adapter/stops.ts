import type { CallFrame, ExceptionDetails, Paused, RemoteObject } from "./cdp.ts";
import { errorLine, formatValue } from "./format.ts";

/** Why the program stands still, in DAP's words. */
export interface DebuggeeStop {
  readonly reason: "entry" | "exception" | "breakpoint" | "pause" | "step" | "restart";
  readonly description: string;
  readonly frames: readonly CallFrame[];
  /** V8's names of the breakpoints that were hit. */
  readonly hit: readonly string[];
  readonly exception: { readonly value: RemoteObject; readonly uncaught: boolean } | undefined;
}

/** What we last asked of the debuggee; V8 gives the reason `other` for all of these. */
export type Expectation = "nothing" | "attached" | "step" | "pause" | "restartedFrame";

export function explainPause(paused: Paused, expected: Expectation): DebuggeeStop {
  const { callFrames: frames, hitBreakpoints: hit = [] } = paused;
  const reasons = reasonsOf(paused);
  const thrown = reasons.find(({ reason }) => reason === "exception" || reason === "promiseRejection");
  const stop = { frames, hit, exception: undefined };
  if (thrown !== undefined) {
    const { uncaught, ...value } = thrown.data;
    const exception = { value: value as unknown as RemoteObject, uncaught: uncaught === true };
    const rejected = thrown.reason === "promiseRejection";
    return {
      ...stop,
      reason: "exception",
      exception,
      description: rejected ? "Promise rejected" : "Exception thrown",
    };
  }
  if (hit.length > 0) return { ...stop, reason: "breakpoint", description: "Paused on breakpoint" };
  if (reasons.some(({ reason }) => reason === "Break on start")) {
    return { ...stop, reason: "entry", description: "Paused on entry" };
  }
  switch (expected) {
    case "step":
      return { ...stop, reason: "step", description: "Paused after a step" };
    case "attached":
    case "pause":
      return { ...stop, reason: "pause", description: "Paused" };
    case "restartedFrame":
      return { ...stop, reason: "restart", description: "Paused at the start of the restarted frame" };
    case "nothing":
      return { ...stop, reason: "breakpoint", description: "Paused on a debugger statement" };
  }
}

function reasonsOf(paused: Paused): { reason: string; data: Record<string, unknown> }[] {
  const { reason, data = {} } = paused;
  // Several reasons at the same place: each with its own data.
  if (reason !== "ambiguous" || !Array.isArray(data.reasons)) return [{ reason, data }];
  return (data.reasons as { reason: string; auxData?: Record<string, unknown> }[]).map((each) => ({
    reason: each.reason,
    data: each.auxData ?? {},
  }));
}

/** The message of what was thrown, whatever it is: an error's own, or the value. */
export function exceptionMessage(value: RemoteObject): string {
  return value.subtype === "error" ? errorLine(value.description ?? "Error") : formatValue(value);
}

export function detailsMessage(details: ExceptionDetails): string {
  return details.exception === undefined ? details.text : exceptionMessage(details.exception);
}
