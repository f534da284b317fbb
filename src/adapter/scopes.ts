import { Scope as DapScope } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { CallFrame, RemoteObject, Scope } from "./cdp.ts";
import type { Coordinates } from "./coordinates.ts";
import { type Inspector, OBJECT_GROUP } from "./inspector.ts";
import type { Scripts } from "./scripts.ts";
import type { Target } from "./target.ts";

const NAMES: Readonly<Record<string, string>> = {
  local: "Local",
  closure: "Closure",
  block: "Block",
  catch: "Catch",
  script: "Script",
  module: "Module",
  eval: "Eval",
  with: "With",
  global: "Global",
};

/** The scopes of a frame, innermost first. */
export function listScopes(
  target: Target,
  coordinates: Coordinates,
  frame: CallFrame,
): DebugProtocol.Scope[] {
  return frame.scopeChain.flatMap((scope, number) => {
    const { objectId } = scope.object;
    if (objectId === undefined) return [];
    const reference = target.containers.create({ kind: "scope", objectId, frame, number, scope });
    const name = scopeName(scope);
    const dap: DebugProtocol.Scope = new DapScope(name, reference, scope.type === "global");
    if (scope.type === "local") dap.presentationHint = "locals";
    return [{ ...dap, ...range(scope, target.scripts, coordinates) }];
  });
}

function scopeName(scope: Scope): string {
  const name = NAMES[scope.type] ?? scope.type;
  return scope.type === "closure" && scope.name ? `${name} (${scope.name})` : name;
}

function range(
  { startLocation, endLocation }: Scope,
  scripts: Scripts,
  coordinates: Coordinates,
): Partial<DebugProtocol.Scope> {
  if (startLocation === undefined || endLocation === undefined) return {};
  return {
    source: scripts.toSource(scripts.get(startLocation.scriptId)),
    line: coordinates.lineToClient(startLocation.lineNumber),
    column: coordinates.columnToClient(startLocation.columnNumber ?? 0),
    endLine: coordinates.lineToClient(endLocation.lineNumber),
    endColumn: coordinates.columnToClient(endLocation.columnNumber ?? 0),
  };
}

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
