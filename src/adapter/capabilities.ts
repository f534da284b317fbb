import type { DebugProtocol } from "@vscode/debugprotocol";

export const EXCEPTION_FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = [
  { filter: "all", label: "All exceptions", description: "Stop where anything is thrown, caught or not." },
  {
    filter: "uncaught",
    label: "Uncaught exceptions",
    description: "Stop where something is thrown that nothing will catch.",
    default: false,
  },
];

export const CAPABILITIES: DebugProtocol.Capabilities = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsBreakpointLocationsRequest: true,
  exceptionBreakpointFilters: EXCEPTION_FILTERS,
  supportsExceptionInfoRequest: true,
  supportsEvaluateForHovers: true,
  supportsClipboardContext: true,
  supportsSetVariable: true,
  supportsSetExpression: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ["."],
  supportsLoadedSourcesRequest: true,
  supportsRestartFrame: true,
  supportsRestartRequest: true,
  supportsTerminateRequest: true,
  supportTerminateDebuggee: true,
  supportsDelayedStackTraceLoading: true,
};
