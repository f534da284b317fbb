import { DapClient, type DapClientOptions } from "./dapClient.ts";
import { type Fixture, FIXTURES, ROOT, fixtures } from "./fixtures.ts";
import { TOOLS, type Part } from "./parts.ts";
import { TestProcess, freePort } from "./process.ts";

/** An adapter that speaks DAP on its standard streams. */
export interface StdioStart {
  readonly kind: "stdio";
  readonly command: readonly [string, ...string[]];
}

/** An adapter that listens on a TCP port of 127.0.0.1. */
export interface TcpStart {
  readonly kind: "tcp";
  /** The command for a port; 0 where the adapter chooses one and says so on the line `listening`. */
  command(port: number): readonly [string, ...string[]];
  /** Its first group is the port. Without it, connecting is tried until it works. */
  readonly listening?: RegExp;
}

/** What the standard session (scenario.ts) does with this adapter. */
export interface SessionSpec {
  readonly request: "launch" | "attach";
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly fixture: Fixture;
  /** The name of the fixture's function `square`, as the adapter's function breakpoints want it. */
  readonly functionName: string;
  /** Evaluated in `square` at its first call, where n is 2. */
  readonly evaluate: { readonly expression: string; readonly context: string; readonly result: RegExp };
  /** A variable of `main` that has children. */
  readonly structure: string;
  /** Set in `main` at the second stop; makes the program print `output`. */
  readonly set: { readonly name: string; readonly value: string };
  /** Absent where the program's output goes to the adapter's own standard output. */
  readonly output?: RegExp;
  /** The debuggee is a child session, asked for by `startDebugging`. */
  readonly child?: true;
  /** `exited` is sent before the end. */
  readonly exited: boolean;
  /** It crashes after the disconnect response and may be cut off within a message. */
  readonly diesAtExit?: true;
}

export interface AdapterEntry {
  readonly name: string;
  readonly adapterID: string;
  readonly parts: readonly Part[];
  readonly start: StdioStart | TcpStart;
  readonly session: SessionSpec;
  /** The name of the golden transcript; the same for all ways to reach one adapter. */
  readonly golden: string;
}

export const PYTHON = "/usr/bin/python3";
export const LLDB_DAP = "/usr/bin/lldb-dap-19";
const JS_DEBUG = `${ROOT}/test/support/jsdebug-server.mjs`;
const CDT_GDB = `${TOOLS}/cdt-gdb/node_modules/cdt-gdb-adapter/dist/debugAdapter.js`;

const set = { name: "total", value: "100" } as const;
const evaluate = { expression: "n + 40", context: "watch", result: /\b42\b/ } as const;

const debugpySession: SessionSpec = {
  request: "launch",
  arguments: {
    name: "python",
    type: "python",
    request: "launch",
    program: fixtures.python.program,
    cwd: FIXTURES,
    console: "internalConsole",
    python: [PYTHON],
    justMyCode: true,
  },
  fixture: fixtures.python,
  functionName: "square",
  evaluate,
  structure: "data",
  set,
  output: /total 329/,
  exited: true,
};

const lldbSession: SessionSpec = {
  request: "launch",
  arguments: {
    name: "c",
    type: "lldb-dap",
    request: "launch",
    program: fixtures.c.program,
    args: [],
    cwd: FIXTURES,
  },
  fixture: fixtures.c,
  functionName: "square",
  evaluate,
  structure: "p",
  set,
  output: /total 330/,
  exited: true,
  diesAtExit: true,
};

/** The real adapters, each started as its users start it, with what is particular about it. */
export const adapters = {
  /** The launch response comes after configurationDone; no `name` in sources; the debuggee is a child process. */
  debugpy: {
    name: "debugpy",
    golden: "debugpy",
    adapterID: "debugpy",
    parts: ["debugpy"],
    start: { kind: "stdio", command: [PYTHON, "-m", "debugpy.adapter"] },
    session: debugpySession,
  },
  /** Ends after its only session. */
  "debugpy-tcp": {
    name: "debugpy-tcp",
    golden: "debugpy",
    adapterID: "debugpy",
    parts: ["debugpy"],
    start: {
      kind: "tcp",
      command: (port) => [PYTHON, "-m", "debugpy.adapter", "--host", "127.0.0.1", "--port", String(port)],
    },
    session: debugpySession,
  },
  /**
   * Every `seq` is 0; `terminated` twice, the second after the disconnect response; no `exited`; the program
   * writes to delve's own standard output. One session.
   */
  delve: {
    name: "delve",
    golden: "delve",
    adapterID: "go",
    parts: ["delve"],
    start: {
      kind: "tcp",
      command: (port) => ["/usr/bin/dlv", "dap", "--listen", `127.0.0.1:${port}`],
      listening: /^DAP server listening at: 127\.0\.0\.1:(\d+)$/,
    },
    session: {
      request: "launch",
      arguments: {
        name: "go",
        type: "go",
        request: "launch",
        mode: "exec",
        program: fixtures.go.program,
        cwd: FIXTURES,
        stopOnEntry: false,
      },
      fixture: fixtures.go,
      functionName: "main.square",
      evaluate,
      structure: "p",
      set,
      exited: false,
    },
  },
  /** Every `seq` is 0; aborts at its exit and says so in `output` events after the disconnect response. */
  lldb: {
    name: "lldb",
    golden: "lldb",
    adapterID: "lldb-dap",
    parts: ["lldb"],
    start: { kind: "stdio", command: [LLDB_DAP] },
    session: lldbSession,
  },
  /** Serves one connection. */
  "lldb-tcp": {
    name: "lldb-tcp",
    golden: "lldb",
    adapterID: "lldb-dap",
    parts: ["lldb"],
    start: { kind: "tcp", command: (port) => [LLDB_DAP, "--port", String(port)] },
    session: lldbSession,
  },
  /** Answers pipelined requests out of order. */
  "cdt-gdb": {
    name: "cdt-gdb",
    golden: "cdt-gdb",
    adapterID: "gdb",
    parts: ["gdb"],
    start: { kind: "stdio", command: [process.execPath, CDT_GDB] },
    session: {
      request: "launch",
      arguments: {
        name: "gdb",
        type: "gdb",
        request: "launch",
        program: fixtures.c.program,
        gdb: "/usr/bin/gdb",
        cwd: FIXTURES,
      },
      fixture: fixtures.c,
      functionName: "square",
      evaluate,
      structure: "p",
      set,
      output: /total 330/,
      exited: false,
    },
  },
  /**
   * The debuggee is a child session of the one that launches; ids of threads and breakpoints start at 0; breakpoints
   * are unverified until the script is loaded; `allThreadsStopped` is false. Serves any number of sessions.
   */
  "js-debug": {
    name: "js-debug",
    golden: "js-debug",
    adapterID: "pwa-node",
    parts: ["jsDebug"],
    start: {
      kind: "tcp",
      command: (port) => [process.execPath, JS_DEBUG, String(port)],
      listening: /^listening (\d+)$/,
    },
    session: {
      request: "launch",
      arguments: {
        name: "javascript",
        type: "pwa-node",
        request: "launch",
        program: fixtures.javascript.program,
        cwd: FIXTURES,
        runtimeExecutable: process.execPath,
        console: "internalConsole",
      },
      fixture: fixtures.javascript,
      functionName: "square",
      evaluate,
      structure: "data",
      set,
      output: /total 330/,
      child: true,
      exited: false,
    },
  },
  /** Our own, for Node programs (src/adapter). */
  embedded: {
    name: "embedded",
    golden: "embedded",
    adapterID: "debug-server-node",
    parts: [],
    start: { kind: "stdio", command: [process.execPath, `${ROOT}/dist/cli.cjs`, "embedded-adapter"] },
    session: {
      request: "launch",
      arguments: {
        name: "javascript",
        type: "debug-server-node",
        request: "launch",
        program: fixtures.javascript.program,
        cwd: FIXTURES,
      },
      fixture: fixtures.javascript,
      functionName: "square",
      evaluate,
      structure: "data",
      set,
      output: /total 330/,
      exited: true,
    },
  },
} as const satisfies Record<string, AdapterEntry>;

/** An adapter that is there to be connected to. */
export interface RunningAdapter {
  /** Where it listens; undefined for an adapter on stdio, which starts with `connect`. */
  readonly port: number | undefined;
  connect(options?: DapClientOptions): Promise<DapClient>;
  /** Ends it with all that it started. */
  dispose(): Promise<void>;
}

/** Starts an adapter. One on stdio is a new process for each `connect`. */
export async function startAdapter(entry: AdapterEntry): Promise<RunningAdapter> {
  const { start } = entry;
  if (start.kind === "stdio") {
    const clients: DapClient[] = [];
    const [command, ...args] = start.command;
    return {
      port: undefined,
      async connect(options) {
        const client = DapClient.spawn(command, args, { name: entry.name, ...options });
        clients.push(client);
        return client;
      },
      async dispose() {
        await Promise.all(clients.map((client) => client.kill()));
      },
    };
  }
  const wanted = start.listening ? 0 : await freePort();
  const [command, ...args] = start.command(wanted);
  const server = new TestProcess(command, args);
  const clients: DapClient[] = [];
  try {
    const port = start.listening ? Number((await server.waitLine(start.listening))[1]) : wanted;
    return {
      port,
      async connect(options) {
        const client = await DapClient.connect({ port }, { name: entry.name, ...options });
        clients.push(client);
        return client;
      },
      async dispose() {
        await Promise.all(clients.map((client) => client.kill()));
        await server.kill();
      },
    };
  } catch (error) {
    await server.kill();
    throw error;
  }
}
