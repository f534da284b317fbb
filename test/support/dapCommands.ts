import type { DebugProtocol } from "@vscode/debugprotocol";

interface Command<Request extends DebugProtocol.Request, Response extends DebugProtocol.Response> {
  readonly arguments: Request["arguments"];
  readonly body: Response["body"];
}

/** Every request of the protocol, so that `client.request("scopes", …)` knows its arguments and its answer. */
export interface DapCommands {
  initialize: Command<DebugProtocol.InitializeRequest, DebugProtocol.InitializeResponse>;
  launch: Command<DebugProtocol.LaunchRequest, DebugProtocol.LaunchResponse>;
  attach: Command<DebugProtocol.AttachRequest, DebugProtocol.AttachResponse>;
  configurationDone: Command<DebugProtocol.ConfigurationDoneRequest, DebugProtocol.ConfigurationDoneResponse>;
  disconnect: Command<DebugProtocol.DisconnectRequest, DebugProtocol.DisconnectResponse>;
  terminate: Command<DebugProtocol.TerminateRequest, DebugProtocol.TerminateResponse>;
  restart: Command<DebugProtocol.RestartRequest, DebugProtocol.RestartResponse>;
  setBreakpoints: Command<DebugProtocol.SetBreakpointsRequest, DebugProtocol.SetBreakpointsResponse>;
  setFunctionBreakpoints: Command<
    DebugProtocol.SetFunctionBreakpointsRequest,
    DebugProtocol.SetFunctionBreakpointsResponse
  >;
  setExceptionBreakpoints: Command<
    DebugProtocol.SetExceptionBreakpointsRequest,
    DebugProtocol.SetExceptionBreakpointsResponse
  >;
  dataBreakpointInfo: Command<
    DebugProtocol.DataBreakpointInfoRequest,
    DebugProtocol.DataBreakpointInfoResponse
  >;
  setDataBreakpoints: Command<
    DebugProtocol.SetDataBreakpointsRequest,
    DebugProtocol.SetDataBreakpointsResponse
  >;
  setInstructionBreakpoints: Command<
    DebugProtocol.SetInstructionBreakpointsRequest,
    DebugProtocol.SetInstructionBreakpointsResponse
  >;
  breakpointLocations: Command<
    DebugProtocol.BreakpointLocationsRequest,
    DebugProtocol.BreakpointLocationsResponse
  >;
  continue: Command<DebugProtocol.ContinueRequest, DebugProtocol.ContinueResponse>;
  next: Command<DebugProtocol.NextRequest, DebugProtocol.NextResponse>;
  stepIn: Command<DebugProtocol.StepInRequest, DebugProtocol.StepInResponse>;
  stepOut: Command<DebugProtocol.StepOutRequest, DebugProtocol.StepOutResponse>;
  stepBack: Command<DebugProtocol.StepBackRequest, DebugProtocol.StepBackResponse>;
  reverseContinue: Command<DebugProtocol.ReverseContinueRequest, DebugProtocol.ReverseContinueResponse>;
  restartFrame: Command<DebugProtocol.RestartFrameRequest, DebugProtocol.RestartFrameResponse>;
  goto: Command<DebugProtocol.GotoRequest, DebugProtocol.GotoResponse>;
  pause: Command<DebugProtocol.PauseRequest, DebugProtocol.PauseResponse>;
  stackTrace: Command<DebugProtocol.StackTraceRequest, DebugProtocol.StackTraceResponse>;
  scopes: Command<DebugProtocol.ScopesRequest, DebugProtocol.ScopesResponse>;
  variables: Command<DebugProtocol.VariablesRequest, DebugProtocol.VariablesResponse>;
  setVariable: Command<DebugProtocol.SetVariableRequest, DebugProtocol.SetVariableResponse>;
  source: Command<DebugProtocol.SourceRequest, DebugProtocol.SourceResponse>;
  threads: Command<DebugProtocol.ThreadsRequest, DebugProtocol.ThreadsResponse>;
  terminateThreads: Command<DebugProtocol.TerminateThreadsRequest, DebugProtocol.TerminateThreadsResponse>;
  modules: Command<DebugProtocol.ModulesRequest, DebugProtocol.ModulesResponse>;
  loadedSources: Command<DebugProtocol.LoadedSourcesRequest, DebugProtocol.LoadedSourcesResponse>;
  evaluate: Command<DebugProtocol.EvaluateRequest, DebugProtocol.EvaluateResponse>;
  setExpression: Command<DebugProtocol.SetExpressionRequest, DebugProtocol.SetExpressionResponse>;
  stepInTargets: Command<DebugProtocol.StepInTargetsRequest, DebugProtocol.StepInTargetsResponse>;
  gotoTargets: Command<DebugProtocol.GotoTargetsRequest, DebugProtocol.GotoTargetsResponse>;
  completions: Command<DebugProtocol.CompletionsRequest, DebugProtocol.CompletionsResponse>;
  exceptionInfo: Command<DebugProtocol.ExceptionInfoRequest, DebugProtocol.ExceptionInfoResponse>;
  readMemory: Command<DebugProtocol.ReadMemoryRequest, DebugProtocol.ReadMemoryResponse>;
  writeMemory: Command<DebugProtocol.WriteMemoryRequest, DebugProtocol.WriteMemoryResponse>;
  disassemble: Command<DebugProtocol.DisassembleRequest, DebugProtocol.DisassembleResponse>;
  locations: Command<DebugProtocol.LocationsRequest, DebugProtocol.LocationsResponse>;
  cancel: Command<DebugProtocol.CancelRequest, DebugProtocol.CancelResponse>;
}
