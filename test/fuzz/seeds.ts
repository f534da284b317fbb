import { REQUESTS } from "../../src/dap/requests.ts";
import { ALL_CAPABILITIES, ARGUMENTS } from "../unit/hub/everything.ts";
import { CAPABILITIES } from "../unit/hub/fakeUpstream.ts";
import { VSCODE } from "../unit/hub/memoryClient.ts";

/** Messages of DAP that are valid, as clients and adapters send them: what the targets change. */

const source = { name: "a.c", path: "/p/a.c", sources: [{ path: "/p/b.c", sourceReference: 0 }] };
const generated = { name: "eval", sourceReference: 7, adapterData: { id: 1 } };

/** Bodies of responses by their command. */
export const RESPONSES: Readonly<Record<string, object | undefined>> = {
  initialize: {
    ...CAPABILITIES,
    ...ALL_CAPABILITIES,
    exceptionBreakpointFilters: [{ filter: "all", label: "All" }],
  },
  launch: undefined,
  attach: undefined,
  configurationDone: undefined,
  threads: {
    threads: [
      { id: 1, name: "main" },
      { id: 2, name: "worker" },
    ],
  },
  stackTrace: {
    stackFrames: [
      { id: 1, name: "f", line: 3, column: 1, source },
      { id: 2, name: "g", line: 4, column: 1, source: generated, presentationHint: "subtle" },
    ],
    totalFrames: 2,
  },
  scopes: { scopes: [{ name: "Locals", variablesReference: 1, expensive: false, source }] },
  variables: { variables: [{ name: "x", value: "1", variablesReference: 2, memoryReference: "0x10" }] },
  evaluate: { result: "7", variablesReference: 3, memoryReference: "0x20" },
  setVariable: { value: "1" },
  source: { content: "int main;\n", mimeType: "text/x-c" },
  loadedSources: { sources: [source, generated] },
  setBreakpoints: { breakpoints: [{ id: 1, verified: true, line: 3, source }] },
  stepInTargets: { targets: [{ id: 4, label: "f" }] },
  gotoTargets: { targets: [{ id: 5, label: "line", line: 9 }] },
  completions: { targets: [{ label: "foo", text: "foo", start: 0, length: 3 }] },
  exceptionInfo: {
    exceptionId: "E",
    description: "d",
    breakMode: "always",
    details: { message: "m", stackTrace: "s" },
  },
  readMemory: { address: "0x10", data: "AAAA" },
  disassemble: { instructions: [{ address: "0x10", instruction: "nop", location: source, line: 1 }] },
  continue: { allThreadsContinued: true },
};

/** Bodies of events by their name. */
export const EVENTS: Readonly<Record<string, object | undefined>> = {
  initialized: undefined,
  stopped: {
    reason: "step",
    threadId: 1,
    allThreadsStopped: true,
    hitBreakpointIds: [1],
    description: "d",
    text: "t",
  },
  continued: { threadId: 1, allThreadsContinued: true },
  exited: { exitCode: 0 },
  terminated: { restart: true },
  thread: { reason: "started", threadId: 2 },
  output: { category: "stdout", output: "hello\n", source, line: 1, variablesReference: 9, group: "start" },
  breakpoint: { reason: "changed", breakpoint: { id: 1, verified: true, line: 3, source, message: "m" } },
  module: { reason: "new", module: { id: 1, name: "m", path: "/p/m.so" } },
  loadedSource: { reason: "new", source },
  process: { name: "/p/a", systemProcessId: 1, isLocalProcess: true, startMethod: "launch" },
  capabilities: { capabilities: { supportsStepBack: true } },
  progressStart: {
    progressId: "p",
    title: "Loading",
    requestId: 1,
    message: "m",
    percentage: 1,
    cancellable: true,
  },
  progressUpdate: { progressId: "p", message: "m", percentage: 2 },
  progressEnd: { progressId: "p", message: "m" },
  invalidated: { areas: ["variables"], threadId: 1 },
  memory: { memoryReference: "0x10", offset: 0, count: 1 },
  debugpyAttach: {
    type: "python",
    request: "attach",
    connect: { host: "127.0.0.1", port: 1 },
    name: "child",
  },
  custom: { url: "command:x", text: "[a](command:x)" },
};

/** Arguments of the requests that an adapter makes of its client, or a host of its guest. */
export const REVERSE: Readonly<Record<string, object | undefined>> = {
  runInTerminal: { kind: "integrated", title: "t", cwd: "/", args: ["touch", "/tmp/owned"], env: { A: "b" } },
  startDebugging: {
    request: "attach",
    configuration: {
      type: "debug-server",
      name: "child",
      request: "attach",
      debugServerSession: "2",
      debugServerTicket: "0123456789abcdef0123456789abcdef",
      connection: "tcp:server=127.0.0.1,port=1",
    },
  },
  launchVSCode: { args: ["--x"], debugRenderer: true },
  attachedChildSession: { config: {} },
};

/** The `initialize` arguments of clients with different conventions. */
export const PROFILES: readonly [object, ...object[]] = [
  VSCODE,
  { adapterID: "fake" },
  {
    adapterID: "fake",
    clientID: "other",
    clientName: "Other",
    pathFormat: "uri",
    linesStartAt1: false,
    columnsStartAt1: false,
    supportsInvalidatedEvent: true,
    supportsRunInTerminalRequest: true,
    supportsStartDebuggingRequest: true,
  },
];

export const COMMANDS: readonly string[] = [
  ...REQUESTS.keys(),
  "pydevdSystemInfo",
  "launchVSCode",
  "custom",
  "constructor",
];

/** Arguments that any request is content with, as far as that one names them. */
export function argumentsOf(command: string): Readonly<Record<string, unknown>> {
  const rule = REQUESTS.get(command);
  const names = new Set(Object.keys({ ...rule?.required, ...rule?.optional, ...rule?.handles }));
  const known = Object.entries(ARGUMENTS).filter(([name]) => names.has(name));
  const extra = EXTRA[command];
  return { ...Object.fromEntries(known), ...extra };
}

const EXTRA: Readonly<Record<string, object>> = {
  initialize: VSCODE,
  setBreakpoints: {
    source: { path: "/p/a.c", name: "a.c" },
    breakpoints: [{ line: 3 }, { line: 4, condition: "x > 1", logMessage: "{x}" }],
    lines: [3, 4],
  },
  evaluate: { expression: "x", context: "repl", frameId: 1 },
  cancel: { requestId: 1, progressId: "p" },
  source: { source: { path: "/p/a.c", sourceReference: 7 }, sourceReference: 7 },
  attach: {
    type: "debug-server",
    debugServerSession: "1",
    debugServerTicket: "0123456789abcdef0123456789abcdef",
  },
  disconnect: { terminateDebuggee: true, restart: true },
};
