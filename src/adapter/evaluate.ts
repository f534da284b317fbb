import { Script } from "node:vm";
import { AppError } from "../common/errors.ts";
import type { CallFrame, Commands, Evaluation, RemoteObject } from "./cdp.ts";
import { OBJECT_GROUP } from "./inspector.ts";
import { isCopied } from "./scopeValues.ts";
import { detailsMessage } from "./stops.ts";
import type { Target } from "./target.ts";
import type { Container } from "./variables.ts";

interface EvaluateOptions {
  /** Undefined: in the global scope. */
  frame?: CallFrame;
  /** What comes of merely pointing at something must not change the program. */
  withoutSideEffects?: boolean;
  /** Typed by a person at the prompt: the console's helpers are there, and `await` works while the program runs. */
  typed?: boolean;
}

/** Evaluates an expression of the client; what it throws becomes an error with the message of what was thrown. */
export async function evaluate(
  target: Target,
  expression: string,
  options: EvaluateOptions = {},
): Promise<RemoteObject> {
  const { frame, withoutSideEffects = false, typed = false } = options;
  const parameters: Commands["Runtime.evaluate"][0] = {
    expression: asExpression(expression),
    objectGroup: OBJECT_GROUP,
    generatePreview: true,
    includeCommandLineAPI: typed,
    throwOnSideEffect: withoutSideEffects,
    // An exception in it is the answer, not an occasion to stop.
    silent: true,
  };
  if (!withoutSideEffects) target.variables.changed = true;
  if (frame !== undefined) {
    const { callFrameId } = frame;
    return unwrap(
      await target.inspector.send("Debugger.evaluateOnCallFrame", { ...parameters, callFrameId }),
    );
  }
  // A stopped program settles no promise, and the REPL mode needs one settled.
  const repl = typed && !target.isStopped ? { replMode: true, awaitPromise: true } : {};
  return unwrap(await target.inspector.send("Runtime.evaluate", { ...parameters, ...repl }));
}

/** Assigns to a child of `container`; resolves with its new value. */
export async function setChild(
  target: Target,
  container: Container,
  name: string,
  expression: string,
): Promise<RemoteObject> {
  if (container.kind === "getter")
    throw new AppError("notSupported", "The result of a getter cannot be set.");
  const frame = container.frame;
  const value = await evaluate(target, expression, { frame });
  target.variables.changed = true;
  if (container.kind === "scope" && isCopied(container.scope)) {
    if (name === "this" || name === "Return value") {
      throw new AppError("notSupported", `"${name}" cannot be set.`);
    }
    const { number: scopeNumber } = container;
    const { callFrameId } = container.frame;
    const newValue = toArgument(value);
    await target.inspector.send("Debugger.setVariableValue", {
      scopeNumber,
      variableName: name,
      newValue,
      callFrameId,
    });
    // V8's copy of the scope, too: it is what a variable is read from that an inner one hides.
    await assign(target, container.objectId, name, value);
    return value;
  }
  return assign(target, container.objectId, name, value);
}

/** Assigns to any expression that may stand on the left of `=`. */
export async function setExpression(
  target: Target,
  expression: string,
  value: string,
  frame: CallFrame | undefined,
): Promise<RemoteObject> {
  return evaluate(target, `${expression} = (${value}\n)`, { frame });
}

async function assign(
  target: Target,
  objectId: string,
  name: string,
  value: RemoteObject,
): Promise<RemoteObject> {
  const evaluation = await target.inspector.send("Runtime.callFunctionOn", {
    objectId,
    // Strict, so that an assignment without effect is an error.
    functionDeclaration: `function (name, value) { "use strict"; this[name] = value; return this[name]; }`,
    arguments: [{ value: name }, toArgument(value)],
    objectGroup: OBJECT_GROUP,
    generatePreview: true,
    silent: true,
  });
  return unwrap(evaluation);
}

function toArgument(value: RemoteObject): {
  value?: unknown;
  unserializableValue?: string;
  objectId?: string;
} {
  if (value.objectId !== undefined) return { objectId: value.objectId };
  if (value.unserializableValue !== undefined) return { unserializableValue: value.unserializableValue };
  return value.type === "undefined" ? {} : { value: value.value ?? null };
}

function unwrap({ result, exceptionDetails }: Evaluation): RemoteObject {
  if (exceptionDetails === undefined) return result;
  throw new AppError("adapterFailed", detailsMessage(exceptionDetails));
}

/** `{a: 1}` is an object here, not a block with a label. */
function asExpression(expression: string): string {
  if (!/^\s*\{/.test(expression)) return expression;
  try {
    new Script(`(${expression}\n)`);
    return `(${expression}\n)`;
  } catch {
    return expression;
  }
}

/** For the clipboard: an object as JSON, if it can be that. */
export async function toJson(target: Target, value: RemoteObject): Promise<string | undefined> {
  if (value.objectId === undefined || value.type !== "object") return undefined;
  const { result, exceptionDetails } = await target.inspector.send("Runtime.callFunctionOn", {
    objectId: value.objectId,
    functionDeclaration: "function () { return JSON.stringify(this, null, 2); }",
    returnByValue: true,
    silent: true,
  });
  return exceptionDetails === undefined && typeof result.value === "string" ? result.value : undefined;
}
