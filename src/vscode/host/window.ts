import * as vscode from "vscode";
import type { JsonObject } from "../../dap/messages.ts";
import { documentUri } from "../documentUri.ts";
import {
  type BreakpointPlace,
  FUNCTIONS,
  type WindowBreakpoint,
  type WindowList,
  type WindowSession,
} from "./windowSession.ts";

/** A session of this window, by VS Code's own API. */
export function windowSession(session: vscode.DebugSession, tree: string): WindowSession {
  return {
    id: session.id,
    type: session.type,
    name: session.name,
    tree,
    isChild: session.parentSession !== undefined,
    customRequest: (command, args) => session.customRequest(command, args),
    run(command, threadId) {
      // As VS Code itself spells the context of its call stack's rows.
      const thread = threadId === undefined ? {} : { threadId: `thread:${session.id}:${threadId}` };
      return vscode.commands.executeCommand(command, undefined, { sessionId: session.id, ...thread });
    },
    placeKey: (place) => uriOf(place, session)?.toString() ?? FUNCTIONS,
  };
}

export const windowList: WindowList = {
  all: () => vscode.debug.breakpoints.flatMap((breakpoint) => inDap(breakpoint) ?? []),
  add(key, specs) {
    const uri = key === FUNCTIONS ? undefined : vscode.Uri.parse(key);
    const added = specs.map((spec) => newBreakpoint(uri, spec));
    vscode.debug.addBreakpoints(added);
    return added;
  },
  remove(handles) {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints.filter((breakpoint) => handles.has(breakpoint)));
  },
  onChanged: (listener) => vscode.debug.onDidChangeBreakpoints(() => listener()),
};

/** The document in which VS Code shows a source of the adapter; undefined for what is in none. */
function uriOf(place: BreakpointPlace, session: vscode.DebugSession): vscode.Uri | undefined {
  if (place.kind === FUNCTIONS) return undefined;
  const { path, name, sourceReference } = place.source;
  const text = textOf(path) ?? textOf(name) ?? "";
  if (typeof sourceReference === "number" && sourceReference > 0)
    return vscode.debug.asDebugSourceUri({ path: text, sourceReference }, session);
  return documentUri(text);
}

/** A breakpoint in DAP's terms; undefined for kinds that extensions cannot set. */
function inDap(breakpoint: vscode.Breakpoint): WindowBreakpoint | undefined {
  const { enabled, condition, hitCondition, logMessage } = breakpoint;
  const options = { condition, hitCondition, logMessage };
  if (breakpoint instanceof vscode.FunctionBreakpoint) {
    const spec = { name: breakpoint.functionName, ...options };
    return { handle: breakpoint, key: FUNCTIONS, enabled, spec };
  }
  if (!(breakpoint instanceof vscode.SourceBreakpoint)) return undefined;
  const { uri, range } = breakpoint.location;
  const column = range.start.character > 0 ? { column: range.start.character + 1 } : {};
  const spec = { line: range.start.line + 1, ...column, ...options };
  return { handle: breakpoint, key: uri.toString(), enabled, spec };
}

function newBreakpoint(uri: vscode.Uri | undefined, spec: JsonObject): vscode.Breakpoint {
  if (uri === undefined)
    return new vscode.FunctionBreakpoint(textOf(spec.name) ?? "", true, ...optionsOf(spec));
  const position = new vscode.Position(numberOf(spec.line) - 1, numberOf(spec.column) - 1);
  return new vscode.SourceBreakpoint(new vscode.Location(uri, position), true, ...optionsOf(spec));
}

function optionsOf(spec: JsonObject): [string | undefined, string | undefined, string | undefined] {
  return [textOf(spec.condition), textOf(spec.hitCondition), textOf(spec.logMessage)];
}

/** DAP's lines and columns, as the window was told, count from 1. */
function numberOf(value: unknown): number {
  return typeof value === "number" && value >= 1 ? value : 1;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
