import type { CallFrame, RemoteObject, Scope } from "./cdp.ts";
import { type Inspector, OBJECT_GROUP } from "./inspector.ts";

/** Global and `with` scopes are the objects themselves, not V8's copies. */
export function isCopied(scope: Scope): boolean {
  return scope.type !== "global" && scope.type !== "with";
}

/**
 * The present values of a scope's variables. V8 copies a scope's variables into an object when the program stops
 * and never again: after an assignment from the debug console that object is out of date, so the variables are
 * read anew by their names. Those that an inner scope hides keep the value of the copy.
 */
export async function currentValues(
  inspector: Inspector,
  frame: CallFrame,
  scopeNumber: number,
): Promise<ReadonlyMap<string, RemoteObject>> {
  const scope = frame.scopeChain[scopeNumber];
  if (scope === undefined || !isCopied(scope)) return new Map();
  const namesOf = async ({ object: { objectId = "" } }: Scope) => {
    const { result } = await inspector.send("Runtime.getProperties", { objectId, ownProperties: true });
    return result
      .map(({ name }) => name)
      .filter((name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name));
  };
  const hidden = new Set((await Promise.all(frame.scopeChain.slice(0, scopeNumber).map(namesOf))).flat());
  const names = (await namesOf(scope)).filter((name) => !hidden.has(name));
  // One try each: a variable that is not initialised yet throws.
  const reads = names.map((name) => `try { copy$[${JSON.stringify(name)}] = ${name} } catch {}`);
  const expression = `(() => { const copy$ = Object.create(null); ${reads.join(" ")} return copy$ })()`;
  const { callFrameId } = frame;
  const { result } = await inspector.send("Debugger.evaluateOnCallFrame", {
    callFrameId,
    expression,
    objectGroup: OBJECT_GROUP,
    silent: true,
  });
  if (result.objectId === undefined) return new Map();
  const { objectId } = result;
  const read = await inspector.send("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview: true,
  });
  return new Map(read.result.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
