// A stand-in for the `vscode` module, just enough for js-debug's extension.js to start and to debug Node
// programs. What it needs is written out; everything else is a dummy that takes any call and property.
import { tmpdir } from "node:os";

const noop = { dispose() {} };

function dummy(name) {
  const target = function () {};
  return new Proxy(target, {
    get(_, key) {
      // Not a promise, and a string where one is wanted.
      if (key === "then") return undefined;
      if (key === Symbol.toPrimitive) return () => name;
      return dummy(`${name}.${String(key)}`);
    },
    apply: () => dummy(`${name}()`),
    construct: () => dummy(`new ${name}`),
  });
}

/** `real`, with dummies for the properties that it does not have. */
function withDummies(name, real) {
  const known = (key) => key in real || key === "then" || typeof key === "symbol";
  return new Proxy(real, { get: (_, key) => (known(key) ? real[key] : dummy(`${name}.${key}`)) });
}

class EventEmitter {
  #listeners = new Set();
  event = (listener, self) => {
    const entry = (value) => listener.call(self, value);
    this.#listeners.add(entry);
    return { dispose: () => this.#listeners.delete(entry) };
  };
  fire(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
  dispose() {
    this.#listeners.clear();
  }
}

class Disposable {
  #cleanUp;
  constructor(cleanUp) {
    this.#cleanUp = cleanUp;
  }
  static from(...items) {
    return new Disposable(() => items.forEach((item) => item.dispose()));
  }
  dispose() {
    this.#cleanUp?.();
    this.#cleanUp = undefined;
  }
}

class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: () => noop };
  cancel() {}
  dispose() {}
}

class DebugAdapterNamedPipeServer {
  constructor(path) {
    this.path = path;
  }
}

class DebugAdapterServer {
  constructor(port, host) {
    this.port = port;
    this.host = host;
  }
}

/** Base classes and enums that the extension only extends or passes on. */
function unknownClass(name) {
  const base = class {};
  return new Proxy(base, { get: (_, key) => (key in base ? base[key] : dummy(`${name}.${String(key)}`)) });
}

const fileUri = (path) => ({
  scheme: "file",
  authority: "",
  path,
  fsPath: path,
  query: "",
  fragment: "",
  toString: () => `file://${path}`,
  with: (change) => fileUri(change.path ?? path),
});

const memento = {
  get: (_key, fallback) => fallback,
  update: async () => {},
  keys: () => [],
  setKeysForSync() {},
};
const configuration = {
  get: (_key, fallback) => fallback,
  has: () => false,
  inspect: () => undefined,
  update: async () => {},
};

/**
 * Makes the module. `startDebugging(configuration, parentSession)` is called when the extension wants a child
 * session; the descriptor factories that the extension registers land in `factories`, by debug type.
 */
export function standIn(startDebugging) {
  const factories = new Map();
  const started = new EventEmitter();
  const terminated = new EventEmitter();
  const parts = {
    EventEmitter,
    Disposable,
    CancellationTokenSource,
    DebugAdapterNamedPipeServer,
    DebugAdapterServer,
    Uri: {
      file: fileUri,
      parse: (text) => fileUri(text.replace(/^file:\/\//, "")),
      from: ({ path }) => fileUri(path),
    },
    l10n: {
      bundle: undefined,
      t: (message, ...values) =>
        (typeof message === "string" ? message : message.message).replace(
          /\{(\d+)\}/g,
          (_, index) => values[index],
        ),
    },
    env: withDummies("env", {
      uiKind: 1,
      remoteName: undefined,
      language: "en",
      appName: "tests",
      machineId: "tests",
      sessionId: "tests",
      uriScheme: "vscode",
      isTelemetryEnabled: false,
      onDidChangeTelemetryEnabled: () => noop,
      asExternalUri: async (uri) => uri,
    }),
    extensions: withDummies("extensions", {
      getExtension: () => undefined,
      all: [],
      onDidChange: () => noop,
    }),
    workspace: withDummies("workspace", {
      workspaceFolders: [],
      textDocuments: [],
      isTrusted: true,
      tunnels: Promise.resolve([]),
      getWorkspaceFolder: () => undefined,
      getConfiguration: () => configuration,
      onDidChangeConfiguration: () => noop,
      onDidChangeWorkspaceFolders: () => noop,
      findFiles: async () => [],
    }),
    commands: withDummies("commands", {
      registerCommand: () => noop,
      executeCommand: async () => undefined,
      getCommands: async () => [],
    }),
    debug: withDummies("debug", {
      breakpoints: [],
      activeDebugSession: undefined,
      onDidStartDebugSession: started.event,
      onDidTerminateDebugSession: terminated.event,
      registerDebugAdapterDescriptorFactory: (type, factory) => {
        factories.set(type, factory);
        return noop;
      },
      startDebugging: async (_folder, config, options) =>
        startDebugging(config, options?.parentSession ?? options),
    }),
  };
  const vscode = new Proxy(parts, {
    get(_, key) {
      if (key in parts) return parts[key];
      return /^[A-Z]/.test(String(key)) ? unknownClass(String(key)) : dummy(String(key));
    },
  });
  return { vscode, factories, started, terminated };
}

export function extensionContext(path) {
  return withDummies("context", {
    subscriptions: [],
    extensionPath: path,
    extensionUri: fileUri(path),
    asAbsolutePath: (relative) => `${path}/${relative}`,
    storagePath: tmpdir(),
    storageUri: fileUri(tmpdir()),
    globalStoragePath: tmpdir(),
    globalState: memento,
    workspaceState: memento,
    extension: { packageJSON: { version: "0.0.0" }, extensionKind: 2 },
    extensionMode: 1,
  });
}
