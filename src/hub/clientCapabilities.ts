import { type JsonObject, isObject } from "../dap/messages.ts";

/** What a client said of itself in `initialize` (DAP: InitializeRequestArguments), with DAP's defaults. */
export interface ClientCapabilities {
  readonly adapterID: string;
  readonly clientName: string | undefined;
  readonly linesStartAt1: boolean;
  readonly columnsStartAt1: boolean;
  readonly pathFormat: "path" | "uri";
  readonly memoryReferences: boolean;
  readonly ansi: boolean;
  readonly runInTerminal: boolean;
  readonly startDebugging: boolean;
  readonly invalidated: boolean;
  readonly memory: boolean;
  readonly progress: boolean;
  /** VS Code and Theia take a breakpoint that they are told of into their own list, and send it with that. */
  readonly adoptsBreakpoints: boolean;
  /** nvim-dap answers a further `stopped` with `continue`, up to 0.5 also one of the thread that it shows. */
  readonly resumesFurtherStops: boolean;
}

export function readClientCapabilities(args: JsonObject): ClientCapabilities {
  const flag = (name: string) => args[name] === true;
  // nvim-dap before 0.10 spells it so.
  const id = args.clientID ?? args.clientId;
  const name = [args.clientName, id].find((value) => typeof value === "string" && value !== "");
  return {
    adapterID: typeof args.adapterID === "string" ? args.adapterID : "",
    clientName: typeof name === "string" ? name : undefined,
    linesStartAt1: args.linesStartAt1 !== false,
    columnsStartAt1: args.columnsStartAt1 !== false,
    pathFormat: args.pathFormat === "uri" ? "uri" : "path",
    memoryReferences: flag("supportsMemoryReferences"),
    ansi: flag("supportsANSIStyling"),
    runInTerminal: flag("supportsRunInTerminalRequest"),
    startDebugging: flag("supportsStartDebuggingRequest"),
    invalidated: flag("supportsInvalidatedEvent"),
    memory: flag("supportsMemoryEvent"),
    progress: flag("supportsProgressReporting"),
    resumesFurtherStops: id === "neovim",
    adoptsBreakpoints: id === "vscode" || id === "theia",
  };
}

/** The events that a client gets only if it said that it understands them. */
export function understandsEvent(capabilities: ClientCapabilities, event: string): boolean {
  if (event === "invalidated") return capabilities.invalidated;
  if (event === "memory") return capabilities.memory;
  return event.startsWith("progress") ? capabilities.progress : true;
}

/** What the hub says of itself to an adapter that it starts without a client. It can do all that clients may want. */
export function headlessInitialize(adapterID: string): JsonObject {
  return {
    clientID: "debug-server",
    clientName: "Debug Server",
    adapterID,
    locale: "en",
    pathFormat: "path",
    linesStartAt1: true,
    columnsStartAt1: true,
    supportsVariableType: true,
    supportsVariablePaging: true,
    supportsRunInTerminalRequest: false,
    supportsStartDebuggingRequest: true,
    supportsMemoryReferences: true,
    supportsMemoryEvent: true,
    supportsProgressReporting: true,
    supportsInvalidatedEvent: true,
  };
}

/** The name of the debug type in a launch or attach configuration, if it has one. */
export function configurationType(configuration: unknown): string | undefined {
  return isObject(configuration) && typeof configuration.type === "string" ? configuration.type : undefined;
}
