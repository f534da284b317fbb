import { Scope as DapScope } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { CallFrame, Scope } from "./cdp.ts";
import type { Coordinates } from "./coordinates.ts";
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
