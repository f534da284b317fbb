/**
 * The part of the Chrome DevTools Protocol that this adapter speaks, as Node's inspector implements it.
 * Lines and columns in it count from 0. https://chromedevtools.github.io/devtools-protocol/v8/
 */

export interface Location {
  scriptId: string;
  lineNumber: number;
  columnNumber?: number;
}

export interface PropertyPreview {
  name: string;
  type: string;
  subtype?: string;
  value?: string;
}

export interface ObjectPreview {
  type: string;
  subtype?: string;
  description?: string;
  overflow: boolean;
  properties: PropertyPreview[];
  entries?: { key?: ObjectPreview; value: ObjectPreview }[];
}

export interface RemoteObject {
  type: string;
  subtype?: string;
  className?: string;
  value?: unknown;
  /** `-0`, `NaN`, `Infinity`, and bigints as `12n`: what JSON cannot say. */
  unserializableValue?: string;
  description?: string;
  objectId?: string;
  preview?: ObjectPreview;
}

export interface PropertyDescriptor {
  name: string;
  value?: RemoteObject;
  get?: RemoteObject;
  set?: RemoteObject;
  writable?: boolean;
  enumerable?: boolean;
  isOwn?: boolean;
  symbol?: RemoteObject;
}

export interface PrivateProperty {
  name: string;
  value?: RemoteObject;
  get?: RemoteObject;
}

export interface Properties {
  result: PropertyDescriptor[];
  internalProperties?: { name: string; value?: RemoteObject }[];
  privateProperties?: PrivateProperty[];
}

export interface StackFrame {
  functionName: string;
  scriptId: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

export interface StackTrace {
  callFrames: StackFrame[];
}

export interface ExceptionDetails {
  text: string;
  lineNumber: number;
  columnNumber: number;
  scriptId?: string;
  stackTrace?: StackTrace;
  exception?: RemoteObject;
}

export interface Evaluation {
  result: RemoteObject;
  exceptionDetails?: ExceptionDetails;
}

export interface Scope {
  type: string;
  object: RemoteObject;
  name?: string;
  startLocation?: Location;
  endLocation?: Location;
}

export interface CallFrame {
  callFrameId: string;
  functionName: string;
  location: Location;
  url: string;
  scopeChain: Scope[];
  this: RemoteObject;
  returnValue?: RemoteObject;
  canBeRestarted?: boolean;
}

export interface ScriptParsed {
  scriptId: string;
  url: string;
  endLine: number;
  sourceMapURL?: string;
}

export interface Paused {
  callFrames: CallFrame[];
  reason: string;
  /** For an exception: the thrown value with `uncaught` beside it. For `ambiguous`: `reasons`. */
  data?: Record<string, unknown>;
  hitBreakpoints?: string[];
}

export interface ConsoleCall {
  type: string;
  args: RemoteObject[];
  stackTrace?: StackTrace;
}

type None = Record<string, never>;
type CallArgument = { value?: unknown; unserializableValue?: string; objectId?: string };
interface EvaluateOptions {
  expression: string;
  objectGroup?: string;
  includeCommandLineAPI?: boolean;
  silent?: boolean;
  returnByValue?: boolean;
  generatePreview?: boolean;
  throwOnSideEffect?: boolean;
}

/** Command → its parameters and its result. */
export interface Commands {
  "Debugger.enable": [params: None, result: None];
  "Debugger.setPauseOnExceptions": [params: { state: "none" | "uncaught" | "all" }, result: None];
  "Debugger.setBreakpointByUrl": [
    params: { urlRegex: string; lineNumber: number; columnNumber?: number; condition?: string },
    result: { breakpointId: string; locations: Location[] },
  ];
  "Debugger.setBreakpoint": [
    params: { location: Location; condition?: string },
    result: { breakpointId: string; actualLocation: Location },
  ];
  "Debugger.removeBreakpoint": [params: { breakpointId: string }, result: None];
  "Debugger.getPossibleBreakpoints": [
    params: { start: Location; end?: Location },
    result: { locations: Location[] },
  ];
  "Debugger.resume": [params: None, result: None];
  "Debugger.pause": [params: None, result: None];
  "Debugger.stepOver": [params: None, result: None];
  "Debugger.stepInto": [params: None, result: None];
  "Debugger.stepOut": [params: None, result: None];
  "Debugger.restartFrame": [params: { callFrameId: string; mode: "StepInto" }, result: None];
  "Debugger.getScriptSource": [params: { scriptId: string }, result: { scriptSource: string }];
  "Debugger.evaluateOnCallFrame": [params: EvaluateOptions & { callFrameId: string }, result: Evaluation];
  "Debugger.setVariableValue": [
    params: { scopeNumber: number; variableName: string; newValue: CallArgument; callFrameId: string },
    result: None,
  ];
  "Runtime.enable": [params: None, result: None];
  "Runtime.runIfWaitingForDebugger": [params: None, result: None];
  "Runtime.evaluate": [
    params: EvaluateOptions & { replMode?: boolean; awaitPromise?: boolean },
    result: Evaluation,
  ];
  "Runtime.callFunctionOn": [
    params: {
      functionDeclaration: string;
      objectId: string;
      arguments?: CallArgument[];
      objectGroup?: string;
      silent?: boolean;
      returnByValue?: boolean;
      generatePreview?: boolean;
      throwOnSideEffect?: boolean;
    },
    result: Evaluation,
  ];
  "Runtime.getProperties": [
    params: {
      objectId: string;
      ownProperties?: boolean;
      generatePreview?: boolean;
      nonIndexedPropertiesOnly?: boolean;
    },
    result: Properties & { exceptionDetails?: ExceptionDetails },
  ];
  "Runtime.releaseObjectGroup": [params: { objectGroup: string }, result: None];
  "Runtime.globalLexicalScopeNames": [params: None, result: { names: string[] }];
  "Runtime.getIsolateId": [params: None, result: { id: string }];
  "NodeRuntime.notifyWhenWaitingForDisconnect": [params: { enabled: boolean }, result: None];
}

/** Event → its parameters. */
export interface Events {
  "Debugger.scriptParsed": ScriptParsed;
  "Debugger.breakpointResolved": { breakpointId: string; location: Location };
  "Debugger.paused": Paused;
  "Debugger.resumed": None;
  "Runtime.consoleAPICalled": ConsoleCall;
  "Runtime.exceptionThrown": { exceptionDetails: ExceptionDetails };
  "Runtime.executionContextCreated": { context: { id: number; name: string } };
  "NodeRuntime.waitingForDisconnect": None;
}
