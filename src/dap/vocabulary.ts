/**
 * The requests outside the DAP specification that known adapters understand. Some adapters die of a request that
 * they do not know (lldb-dap stops answering and ends), so to an adapter named here nothing else goes through.
 * An adapter that is not named here is taken to answer unknown requests with an error, as DAP wants.
 */
interface Family {
  /** Fits the adapter's name as clients and configurations write it (`adapterID`, `type`) or its command. */
  readonly name: RegExp;
  readonly requests: readonly string[];
}

const FAMILIES: readonly Family[] = [
  {
    name: /debugpy|^python$/i,
    requests: [
      "pydevdSystemInfo",
      "debugpySystemInfo",
      "setPydevdSourceMap",
      "setDebuggerProperty",
      "pydevdAuthorize",
    ],
  },
  { name: /lldb/i, requests: ["compileUnits", "_testGetTargetBreakpoints"] },
  { name: /^go$|dlv|delve/i, requests: [] },
  {
    name: /cdt-?gdb|^gdb(target)?$/i,
    requests: ["cdt-gdb-adapter/Memory", "cdt-gdb-adapter/Registers", "cdt-gdb-adapter/customReset"],
  },
  {
    name: /^(pwa-)?(node|chrome|msedge|extensionHost)$|^node-terminal$|js-?debug/i,
    requests: [
      "canPrettyPrintSource",
      "createDiagnostics",
      "enableCustomBreakpoints",
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
      "setSourceMapStepping",
      "setSymbolOptions",
      "startProfile",
      "startSelfProfile",
      "stopProfile",
      "stopSelfProfile",
      "toggleSkipFileStatus",
    ],
  },
  { name: /^debug-server-node$/, requests: [] },
];

/**
 * True if an adapter understands the custom request, or if nothing is known of it. What kind it is, its command tells
 * best; the names that clients call it by count where that tells nothing.
 */
export function understands(
  commands: readonly string[],
  clients: readonly string[],
  command: string,
): boolean {
  const named = (names: readonly string[]) =>
    FAMILIES.filter((family) => names.some((name) => family.name.test(name)));
  const byCommand = named(commands);
  const families = byCommand.length > 0 ? byCommand : named(clients);
  return families.length === 0 || families.some((family) => family.requests.includes(command));
}
