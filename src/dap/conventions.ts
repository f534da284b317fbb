// Made by scripts/conventions.mjs from the types of @vscode/debugprotocol: change that, not this.
// `line`, `column`: a number that counts from 0 or 1. `path`: of a source, a path or a URI. `memory`: a reference to memory that
// may be left out. `styled`: text that may hold ANSI sequences. With a capital: one of TYPES. `[]`: a list of it.
// What is not here means the same to all clients, or is only its sender's.

export type ConventionRules = Readonly<Record<string, string>>;

export const TYPES: Readonly<Record<string, ConventionRules>> = {
  Breakpoint: { source: "Source", line: "line", column: "column", endLine: "line", endColumn: "column" },
  BreakpointLocation: { line: "line", column: "column", endLine: "line", endColumn: "column" },
  CompletionItem: { start: "column" },
  DisassembledInstruction: {
    location: "Source",
    line: "line",
    column: "column",
    endLine: "line",
    endColumn: "column",
  },
  GotoTarget: { line: "line", column: "column", endLine: "line", endColumn: "column" },
  Scope: { source: "Source", line: "line", column: "column", endLine: "line", endColumn: "column" },
  Source: { path: "path", sources: "Source[]" },
  SourceBreakpoint: { line: "line", column: "column" },
  StackFrame: { source: "Source", line: "line", column: "column", endLine: "line", endColumn: "column" },
  StepInTarget: { line: "line", column: "column", endLine: "line", endColumn: "column" },
  Variable: { value: "styled", memoryReference: "memory" },
};

/** By requests, what is in their arguments. */
export const ARGUMENTS: Readonly<Record<string, ConventionRules>> = {
  breakpointLocations: {
    source: "Source",
    line: "line",
    column: "column",
    endLine: "line",
    endColumn: "column",
  },
  setBreakpoints: { source: "Source", breakpoints: "SourceBreakpoint[]", lines: "line[]" },
  source: { source: "Source" },
  evaluate: { line: "line", column: "column", source: "Source" },
  gotoTargets: { source: "Source", line: "line", column: "column" },
  completions: { column: "column", line: "line" },
};

/** By requests and events, what is in the bodies of the answers and of the events. */
export const BODIES: Readonly<Record<string, ConventionRules>> = {
  breakpointLocations: { breakpoints: "BreakpointLocation[]" },
  setBreakpoints: { breakpoints: "Breakpoint[]" },
  setFunctionBreakpoints: { breakpoints: "Breakpoint[]" },
  setExceptionBreakpoints: { breakpoints: "Breakpoint[]" },
  setDataBreakpoints: { breakpoints: "Breakpoint[]" },
  setInstructionBreakpoints: { breakpoints: "Breakpoint[]" },
  stackTrace: { stackFrames: "StackFrame[]" },
  scopes: { scopes: "Scope[]" },
  variables: { variables: "Variable[]" },
  setVariable: { memoryReference: "memory" },
  loadedSources: { sources: "Source[]" },
  evaluate: { memoryReference: "memory" },
  setExpression: { memoryReference: "memory" },
  stepInTargets: { targets: "StepInTarget[]" },
  gotoTargets: { targets: "GotoTarget[]" },
  completions: { targets: "CompletionItem[]" },
  disassemble: { instructions: "DisassembledInstruction[]" },
  locations: { source: "Source", line: "line", column: "column", endLine: "line", endColumn: "column" },
  output: { output: "styled", source: "Source", line: "line", column: "column" },
  breakpoint: { breakpoint: "Breakpoint" },
  loadedSource: { source: "Source" },
};
