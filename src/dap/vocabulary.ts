/**
 * Adapters that die of a request that they do not know, or never answer it, instead of answering with an error as DAP
 * wants, and the requests outside the DAP specification that each does know, from its own sources. All other adapters
 * are asked.
 */
interface FragileAdapter {
  /** Fits its command, or the name by which clients and configurations call it (`adapterID`, `type`). */
  readonly name: RegExp;
  readonly requests: readonly string[];
  /** A capability that only its versions announce which answer all that they get. */
  readonly unless?: string;
}

/** The first that fits counts. lldb/tools/lldb-dap/Handler/RequestHandler.h; until LLVM 19 lldb-dap.cpp. */
const FRAGILE: readonly FragileAdapter[] = [
  { name: /lldb-vscode|lldb-dap-1\d$/i, requests: ["compileUnits", "_testGetTargetBreakpoints"] },
  {
    name: /lldb-dap/i,
    requests: ["compileUnits", "_testGetTargetBreakpoints", "__lldb_moduleSymbols"],
    unless: "supportsModuleSymbolsRequest",
  },
  {
    // Never answers; the requests of src/dap/api.d.ts that it or its editor extension knows.
    name: /^(pwa-)?(node|chrome|msedge|extensionHost)$|^node-terminal$|js-?debug/i,
    requests: [
      "canEmulate",
      "canPrettyPrintSource",
      "createDiagnostics",
      "disableCustomBreakpoints",
      "disableSourcemap",
      "enableCustomBreakpoints",
      "enableNetworking",
      "evaluationOptions",
      "getBreakpoints",
      "getPerformance",
      "getPreferredUILocation",
      "launchUnelevated",
      "launchVSCode",
      "networkCall",
      "prettyPrintSource",
      "remoteFileExists",
      "requestCDPProxy",
      "revealPage",
      "saveDiagnosticLogs",
      "setCustomBreakpoints",
      "setDebuggerProperty",
      "setExcludedCallers",
      "setFocusEmulation",
      "setSourceMapStepping",
      "setSymbolOptions",
      "startProfile",
      "startSelfProfile",
      "stopProfile",
      "stopSelfProfile",
      "toggleSkipFileStatus",
    ],
  },
];

/**
 * True if an adapter knows the custom request, or answers those that it does not know. Which adapter it
 * is, its own command tells best; what clients call it counts where that tells nothing.
 */
export function survives(
  commands: readonly string[],
  clients: readonly string[],
  capabilities: Readonly<Record<string, unknown>>,
  command: string,
): boolean {
  const named = (names: readonly string[]) =>
    FRAGILE.find(({ name }) => names.some((candidate) => name.test(candidate)));
  const adapter = named(commands) ?? named(clients);
  if (adapter === undefined) return true;
  const answersAll = adapter.unless !== undefined && capabilities[adapter.unless] === true;
  return answersAll || adapter.requests.includes(command);
}
