import { type Access, allows } from "../common/access.ts";
import { LIMITS } from "../common/limits.ts";

/**
 * Every request of the DAP specification: what it needs to be let through to the adapter. The one authority on
 * access rights, on capabilities and on required arguments; a test holds it against @vscode/debugprotocol.
 */

/**
 * The part of the hub that deals with a request.
 * - `lifecycle`: start, configuration, end        - `breakpoints`: through the shared document
 * - `execution`: resumes or halts the program     - `query`: no effect; coalesced and cached
 * - `change`: alters what others see              - `evaluate`: a query or a change, by its context
 * - `cancel`: takes back another request          - `reverse`: only an adapter sends it
 */
export type RequestKind =
  "lifecycle" | "breakpoints" | "execution" | "query" | "change" | "evaluate" | "cancel" | "reverse";

export type ArgumentType = "number" | "string" | "boolean" | "array" | "object";

/** A number that the adapter gave out and that means something only until the program resumes. */
export type HandleKind = "frame" | "variables" | "target" | "location";

export interface RequestRule {
  readonly kind: RequestKind;
  readonly access: Access;
  /** The arguments that DAP requires, with their JSON types. */
  readonly required?: Readonly<Record<string, ArgumentType>>;
  /** The others that DAP names, of a query that a client with view access may send: it sends nothing else (viewAccess.ts). */
  readonly optional?: Readonly<Record<string, ArgumentType>>;
  /** How much a client with view access may ask for, by the arguments that say it. */
  readonly most?: Readonly<Record<string, number>>;
  /** The adapter's capability without which the request is not sent to it. */
  readonly capability?: string;
  /** Arguments that are handles. */
  readonly handles?: Readonly<Record<string, HandleKind>>;
  /** For the line "NAME …" that tells others who did what. */
  readonly activity?: string;
}

const thread = { threadId: "number" } as const;

const TABLE = {
  initialize: { kind: "lifecycle", access: "view", required: { adapterID: "string" } },
  launch: { kind: "lifecycle", access: "view" },
  attach: { kind: "lifecycle", access: "view" },
  configurationDone: { kind: "lifecycle", access: "view" },
  disconnect: { kind: "lifecycle", access: "view" },
  terminate: {
    kind: "lifecycle",
    access: "full",
    capability: "supportsTerminateRequest",
    activity: "ends the program",
  },
  restart: {
    kind: "lifecycle",
    access: "full",
    capability: "supportsRestartRequest",
    activity: "restarts the program",
  },
  cancel: { kind: "cancel", access: "view" },
  runInTerminal: { kind: "reverse", access: "full", required: { args: "array", cwd: "string" } },
  startDebugging: {
    kind: "reverse",
    access: "full",
    required: { configuration: "object", request: "string" },
  },

  setBreakpoints: { kind: "breakpoints", access: "control", required: { source: "object" } },
  setFunctionBreakpoints: {
    kind: "breakpoints",
    access: "control",
    required: { breakpoints: "array" },
    capability: "supportsFunctionBreakpoints",
  },
  setExceptionBreakpoints: { kind: "breakpoints", access: "control", required: { filters: "array" } },
  setDataBreakpoints: {
    kind: "breakpoints",
    access: "control",
    required: { breakpoints: "array" },
    capability: "supportsDataBreakpoints",
  },
  setInstructionBreakpoints: {
    kind: "breakpoints",
    access: "control",
    required: { breakpoints: "array" },
    capability: "supportsInstructionBreakpoints",
  },

  continue: { kind: "execution", access: "control", required: thread, activity: "continues" },
  next: { kind: "execution", access: "control", required: thread, activity: "steps over" },
  stepIn: {
    kind: "execution",
    access: "control",
    required: thread,
    handles: { targetId: "target" },
    activity: "steps in",
  },
  stepOut: { kind: "execution", access: "control", required: thread, activity: "steps out" },
  stepBack: {
    kind: "execution",
    access: "control",
    required: thread,
    capability: "supportsStepBack",
    activity: "steps back",
  },
  reverseContinue: {
    kind: "execution",
    access: "control",
    required: thread,
    capability: "supportsStepBack",
    activity: "continues backwards",
  },
  restartFrame: {
    kind: "execution",
    access: "control",
    required: { frameId: "number" },
    capability: "supportsRestartFrame",
    handles: { frameId: "frame" },
    activity: "restarts a frame",
  },
  goto: {
    kind: "execution",
    access: "control",
    required: { threadId: "number", targetId: "number" },
    capability: "supportsGotoTargetsRequest",
    handles: { targetId: "target" },
    activity: "jumps to a line",
  },
  pause: { kind: "execution", access: "control", required: thread, activity: "pauses" },
  terminateThreads: {
    kind: "change",
    access: "full",
    capability: "supportsTerminateThreadsRequest",
    activity: "ends threads",
  },

  threads: { kind: "query", access: "view" },
  stackTrace: {
    kind: "query",
    access: "view",
    required: thread,
    optional: { startFrame: "number", levels: "number", format: "object" },
    most: { levels: LIMITS.items },
  },
  scopes: { kind: "query", access: "view", required: { frameId: "number" }, handles: { frameId: "frame" } },
  variables: {
    kind: "query",
    access: "view",
    required: { variablesReference: "number" },
    optional: { filter: "string", start: "number", count: "number", format: "object" },
    most: { count: LIMITS.items },
    handles: { variablesReference: "variables" },
  },
  source: {
    kind: "query",
    access: "view",
    required: { sourceReference: "number" },
    optional: { source: "object" },
  },
  modules: {
    kind: "query",
    access: "view",
    optional: { startModule: "number", moduleCount: "number" },
    most: { moduleCount: LIMITS.items },
    capability: "supportsModulesRequest",
  },
  loadedSources: { kind: "query", access: "view", capability: "supportsLoadedSourcesRequest" },
  breakpointLocations: {
    kind: "query",
    access: "view",
    required: { source: "object", line: "number" },
    optional: { column: "number", endLine: "number", endColumn: "number" },
    capability: "supportsBreakpointLocationsRequest",
  },
  // Its name may be an expression, which the adapter evaluates.
  dataBreakpointInfo: {
    kind: "query",
    access: "control",
    required: { name: "string" },
    capability: "supportsDataBreakpoints",
    handles: { variablesReference: "variables", frameId: "frame" },
  },
  stepInTargets: {
    kind: "query",
    access: "view",
    required: { frameId: "number" },
    capability: "supportsStepInTargetsRequest",
    handles: { frameId: "frame" },
  },
  gotoTargets: {
    kind: "query",
    access: "view",
    required: { source: "object", line: "number" },
    optional: { column: "number" },
    capability: "supportsGotoTargetsRequest",
  },
  // Adapters evaluate what stands before the dot (debugpy: `eval`).
  completions: {
    kind: "query",
    access: "control",
    required: { text: "string", column: "number" },
    capability: "supportsCompletionsRequest",
    handles: { frameId: "frame" },
  },
  exceptionInfo: {
    kind: "query",
    access: "view",
    required: thread,
    capability: "supportsExceptionInfoRequest",
  },
  readMemory: {
    kind: "query",
    access: "view",
    required: { memoryReference: "string", count: "number" },
    optional: { offset: "number" },
    most: { count: LIMITS.memoryReadBytes },
    capability: "supportsReadMemoryRequest",
  },
  disassemble: {
    kind: "query",
    access: "view",
    required: { memoryReference: "string", instructionCount: "number" },
    optional: { offset: "number", instructionOffset: "number", resolveSymbols: "boolean" },
    most: { instructionCount: LIMITS.instructions, instructionOffset: LIMITS.instructions },
    capability: "supportsDisassembleRequest",
  },
  locations: {
    kind: "query",
    access: "view",
    required: { locationReference: "number" },
    handles: { locationReference: "location" },
  },

  // Evaluating runs code, even for a hover.
  evaluate: {
    kind: "evaluate",
    access: "control",
    required: { expression: "string" },
    handles: { frameId: "frame" },
  },
  setVariable: {
    kind: "change",
    access: "control",
    required: { variablesReference: "number", name: "string", value: "string" },
    capability: "supportsSetVariable",
    handles: { variablesReference: "variables" },
  },
  setExpression: {
    kind: "change",
    access: "control",
    required: { expression: "string", value: "string" },
    capability: "supportsSetExpression",
    handles: { frameId: "frame" },
  },
  writeMemory: {
    kind: "change",
    access: "control",
    required: { memoryReference: "string", data: "string" },
    capability: "supportsWriteMemoryRequest",
  },
} as const satisfies Record<string, RequestRule>;

export const REQUESTS: ReadonlyMap<string, RequestRule> = new Map(Object.entries(TABLE));

/** Capabilities that are no request's own, with the right without which a client is not told of them. */
const EXTRA_CAPABILITIES: ReadonlyMap<string, Access> = new Map([
  ["supportTerminateDebuggee", "full"],
  ["supportSuspendDebuggee", "full"],
  ["supportsEvaluateForHovers", "control"],
  ["supportsClipboardContext", "control"],
  ["supportsConditionalBreakpoints", "control"],
  ["supportsHitConditionalBreakpoints", "control"],
  ["supportsLogPoints", "control"],
  ["supportsExceptionOptions", "control"],
  ["supportsExceptionFilterOptions", "control"],
  ["supportsSteppingGranularity", "control"],
  ["supportsSingleThreadExecutionRequests", "control"],
]);

/** The capabilities as a client with that right is told: without those whose buttons would only be refused. */
export function maskCapabilities(
  capabilities: Readonly<Record<string, unknown>>,
  access: Access,
): Record<string, unknown> {
  const masked: Record<string, unknown> = { ...capabilities };
  const hide = (capability: string | undefined, need: Access) => {
    if (capability !== undefined && masked[capability] === true && !allows(access, need))
      masked[capability] = false;
  };
  for (const rule of REQUESTS.values()) hide(rule.capability, rule.access);
  for (const [capability, need] of EXTRA_CAPABILITIES) hide(capability, need);
  return masked;
}

/** What is wrong with a request's arguments, by DAP's schema of required ones; undefined if nothing is. */
export function checkArguments(
  rule: RequestRule,
  args: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const [name, type] of Object.entries(rule.required ?? {})) {
    const value = args[name];
    if (value === undefined) return `The argument "${name}" is missing.`;
    if (argumentType(value) !== type)
      return `The argument "${name}" must be ${type === "array" || type === "object" ? "an" : "a"} ${type}.`;
  }
  return undefined;
}

/** The JSON type of an argument, in the words of the table; `null` is of none of its types. */
export function argumentType(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}
