import { StackFrame } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { CallFrame } from "./cdp.ts";
import { complete } from "./completions.ts";
import type { Coordinates } from "./coordinates.ts";
import { evaluate, setChild, setExpression, toJson } from "./evaluate.ts";
import { typeName } from "./format.ts";
import type { ResumeCommand } from "./internals.ts";
import { listScopes } from "./scopes.ts";
import { isInternal } from "./scripts.ts";
import { exceptionMessage } from "./stops.ts";
import { type Target, THREAD_ID } from "./target.ts";

type Query = (target: Target, args: Arguments, coordinates: Coordinates) => Promise<object | undefined>;

/** The requests that need nothing but a debuggee: command → what answers it. */
export const QUERIES: ReadonlyMap<string, Query> = new Map<string, Query>([
  ["stackTrace", stackTrace],
  [
    "scopes",
    async (target, args, at) => ({ scopes: listScopes(target, at, target.frame(args.integer("frameId"))) }),
  ],
  ["variables", variables],
  ["setVariable", setVariableValue],
  ["setExpression", setExpressionValue],
  ["evaluate", evaluateExpression],
  ["completions", completions],
  ["source", source],
  [
    "loadedSources",
    async ({ scripts }) => ({ sources: scripts.own.map((script) => scripts.toSource(script)) }),
  ],
  ["breakpointLocations", breakpointLocations],
  ["exceptionInfo", exceptionInfo],
  ["continue", resume("Debugger.resume", { allThreadsContinued: true })],
  ["next", resume("Debugger.stepOver")],
  ["stepIn", resume("Debugger.stepInto")],
  ["stepOut", resume("Debugger.stepOut")],
  [
    "restartFrame",
    async (target, args) => void (await target.restartFrame(target.frame(args.integer("frameId")))),
  ],
  ["pause", async (target, args) => (checkThread(args), void (await target.pause()))],
]);

function resume(command: ResumeCommand, body?: object): Query {
  return async (target, args) => {
    checkThread(args);
    await target.resume(command);
    return body;
  };
}

function checkThread(args: Arguments): void {
  const threadId = args.integer("threadId");
  if (threadId !== THREAD_ID) {
    throw new AppError("badArguments", `${args.command}: there is no thread ${threadId}, only ${THREAD_ID}.`);
  }
}

async function stackTrace(target: Target, args: Arguments, coordinates: Coordinates): Promise<object> {
  checkThread(args);
  const { frames } = target.stop;
  const start = args.optionalInteger("startFrame") ?? 0;
  const levels = args.optionalInteger("levels") || frames.length;
  const ids = target.frameIds.slice(start, start + levels);
  return {
    stackFrames: ids.map((id) => toStackFrame(target, id, coordinates)),
    totalFrames: frames.length,
  };
}

function toStackFrame(target: Target, id: number, coordinates: Coordinates): DebugProtocol.StackFrame {
  const frame = target.frame(id);
  const { scriptId, lineNumber, columnNumber = 0 } = frame.location;
  const script = target.scripts.get(scriptId);
  const dap: DebugProtocol.StackFrame = new StackFrame(
    id,
    frame.functionName || "(anonymous)",
    undefined,
    coordinates.lineToClient(lineNumber),
    coordinates.columnToClient(columnNumber),
  );
  dap.source = target.scripts.toSource(script);
  dap.canRestart = frame.canBeRestarted === true;
  if (isInternal(script)) dap.presentationHint = "subtle";
  return dap;
}

async function variables(target: Target, args: Arguments): Promise<object> {
  const container = target.container(args.integer("variablesReference"));
  const filter = args.optionalString("filter");
  if (filter !== undefined && filter !== "indexed" && filter !== "named") {
    throw new AppError("badArguments", 'variables: "filter" must be "indexed" or "named".');
  }
  const start = args.optionalInteger("start") ?? 0;
  const count = args.optionalInteger("count") ?? 0;
  return { variables: await target.variables.read(container, { filter, start, count }) };
}

async function setVariableValue(target: Target, args: Arguments): Promise<object> {
  const container = target.container(args.integer("variablesReference"));
  const value = await setChild(target, container, args.string("name"), args.string("value"));
  return target.variables.describe(value, { frame: container.frame });
}

async function setExpressionValue(target: Target, args: Arguments): Promise<object> {
  const frame = optionalFrame(target, args);
  const expression = args.string("expression");
  const value = await setExpression(target, expression, args.string("value"), frame);
  return target.variables.describe(value, { frame, expression });
}

async function evaluateExpression(target: Target, args: Arguments): Promise<object> {
  const expression = args.string("expression");
  const context = args.optionalString("context");
  const frame = optionalFrame(target, args);
  const typed = context === "repl";
  const value = await evaluate(target, expression, { frame, typed, withoutSideEffects: context === "hover" });
  const whole = typed || context === "clipboard";
  const { value: result, ...rest } = target.variables.describe(value, { frame, expression, whole });
  return { result: context === "clipboard" ? ((await toJson(target, value)) ?? result) : result, ...rest };
}

async function completions(target: Target, args: Arguments, coordinates: Coordinates): Promise<object> {
  const frame = optionalFrame(target, args);
  const line = coordinates.lineFromClient(args.optionalInteger("line") ?? coordinates.lineToClient(0));
  const text = args.string("text").split("\n")[line] ?? "";
  const column = coordinates.columnFromClient(args.integer("column"));
  return { targets: await complete(target, text, column, frame) };
}

function optionalFrame(target: Target, args: Arguments): CallFrame | undefined {
  const id = args.optionalInteger("frameId");
  return id === undefined ? undefined : target.frame(id);
}

async function source(target: Target, args: Arguments): Promise<object> {
  const asked = args.optionalObject("source");
  const reference = asked?.optionalInteger("sourceReference") || args.integer("sourceReference");
  const path = asked?.optionalString("path");
  const script =
    reference === 0 && path !== undefined && asked !== undefined
      ? target.scripts.find(asked)
      : target.scripts.byReference(reference);
  if (script === undefined) throw new AppError("staleHandle", `${path} is not loaded.`);
  return { content: await target.scripts.content(script), mimeType: "text/javascript" };
}

async function breakpointLocations(
  target: Target,
  args: Arguments,
  coordinates: Coordinates,
): Promise<object> {
  const asked = args.optionalObject("source");
  if (asked === undefined)
    throw new AppError("badArguments", 'breakpointLocations: "source" must be an object.');
  const line = coordinates.lineFromClient(args.integer("line"));
  const endLine = args.optionalInteger("endLine");
  const column = args.optionalInteger("column");
  const endColumn = args.optionalInteger("endColumn");
  const script = target.scripts.find(asked);
  // Before the file is loaded they are not known; VS Code then offers the line as a whole.
  if (script === undefined) return { breakpoints: [] };
  const lastLine = endLine === undefined ? line : coordinates.lineFromClient(endLine);
  const { locations } = await target.inspector.send("Debugger.getPossibleBreakpoints", {
    start: {
      scriptId: script.id,
      lineNumber: line,
      columnNumber: column === undefined ? 0 : coordinates.columnFromClient(column),
    },
    // V8 leaves the end out, DAP does not.
    end:
      endColumn === undefined
        ? { scriptId: script.id, lineNumber: lastLine + 1, columnNumber: 0 }
        : {
            scriptId: script.id,
            lineNumber: lastLine,
            columnNumber: coordinates.columnFromClient(endColumn) + 1,
          },
  });
  return {
    breakpoints: locations.map((location) => ({
      line: coordinates.lineToClient(location.lineNumber),
      column: coordinates.columnToClient(location.columnNumber ?? 0),
    })),
  };
}

async function exceptionInfo(target: Target, args: Arguments): Promise<object> {
  checkThread(args);
  const { exception } = target.stop;
  if (exception === undefined)
    throw new AppError("notAvailable", "The program is not stopped by an exception.");
  const { value, uncaught } = exception;
  const message = exceptionMessage(value);
  const type = typeName(value);
  return {
    exceptionId: type,
    description: message,
    breakMode: uncaught ? "unhandled" : "always",
    details: {
      message,
      typeName: type,
      fullTypeName: type,
      stackTrace: value.subtype === "error" ? value.description : undefined,
    },
  };
}
