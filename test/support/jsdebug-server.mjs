// The real js-debug as a plain DAP server on TCP, the way Microsoft's standalone dapDebugServer is one: each
// connection is a session; a child session is asked for by the reverse request `startDebugging` on its parent's
// connection, and the next connection becomes that child. Prints `listening PORT`.
//   node jsdebug-server.mjs [PORT]
import Module, { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { extensionContext, standIn } from "./jsdebug-vscode.mjs";

const EXTENSION = fileURLToPath(new URL("../../.tools/js-debug", import.meta.url));
const ROOT_TYPE = "pwa-node";

/** Calls `onMessage` with each DAP message of a stream. */
function decode(stream, onMessage) {
  let bytes = Buffer.alloc(0);
  stream.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const header = bytes.indexOf("\r\n\r\n");
      if (header < 0) return;
      const length = Number(/Content-Length: *(\d+)/i.exec(bytes.toString("latin1", 0, header))?.[1]);
      if (Number.isNaN(length)) return void stream.destroy();
      const end = header + 4 + length;
      if (bytes.length < end) return;
      const message = JSON.parse(bytes.toString("utf8", header + 4, end));
      bytes = bytes.subarray(end);
      onMessage(message);
    }
  });
}

function encode(message) {
  const body = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/**
 * One client's connection, joined to the session's pipe in the extension. Messages to the client are numbered
 * anew, because our own `startDebugging` requests are among them.
 */
class Connection {
  #client;
  #seq = 0;
  /** Requests to the client that are under way: our number → what to do with the response. */
  #underWay = new Map();

  constructor(client) {
    this.#client = client;
  }

  join(adapter) {
    const client = this.#client;
    decode(adapter, (message) => {
      const seq = this.#send(message);
      if (message.type !== "request") return;
      this.#underWay.set(seq, (response) => adapter.write(encode({ ...response, request_seq: message.seq })));
    });
    decode(client, (message) => {
      if (message.type !== "response") return void adapter.write(encode(message));
      this.#underWay.get(message.request_seq)?.(message);
      this.#underWay.delete(message.request_seq);
    });
    client.on("end", () => adapter.end());
    adapter.on("end", () => client.end());
    client.on("close", () => adapter.destroy());
    adapter.on("close", () => client.end());
    client.on("error", () => adapter.destroy());
    adapter.on("error", () => client.destroy());
    client.resume();
  }

  /** Asks the client to start a child session; true if it says that it did. */
  startDebugging(configuration) {
    return new Promise((resolve) => {
      const args = { request: configuration.request, configuration };
      const seq = this.#send({ type: "request", command: "startDebugging", arguments: args });
      this.#underWay.set(seq, (response) => resolve(response.success));
    });
  }

  #send(message) {
    const seq = ++this.#seq;
    this.#client.write(encode({ ...message, seq }));
    return seq;
  }
}

const connections = new Map();
const children = [];
let sessions = 0;

const { vscode, factories, started, terminated } = standIn((configuration, parent) => {
  const connection = connections.get(parent?.id);
  if (!connection) return false;
  children.push({ configuration, parent });
  return connection.startDebugging(configuration);
});

// The bundle copies a module's own properties to an object with the module's prototype: as the prototype, the
// stand-in is still asked for what nobody listed.
const moduleOfVscode = Object.create(vscode);
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "vscode" ? moduleOfVscode : load.call(this, request, ...rest);
};
await createRequire(import.meta.url)(`${EXTENSION}/src/extension.js`).activate(extensionContext(EXTENSION));

async function serve(client) {
  client.setNoDelay(true);
  client.pause();
  const { configuration, parent } = children.shift() ?? {
    configuration: { type: ROOT_TYPE, name: "root", request: "launch" },
  };
  const session = {
    id: `session-${++sessions}`,
    type: configuration.type,
    name: configuration.name,
    configuration,
    parentSession: parent,
    workspaceFolder: undefined,
    customRequest: async () => ({}),
    getDebugProtocolBreakpoint: async () => undefined,
  };
  const descriptor = await factories.get(session.type).createDebugAdapterDescriptor(session);
  const adapter = descriptor.path ? connect(descriptor.path) : connect(descriptor.port, descriptor.host);
  const connection = new Connection(client);
  connections.set(session.id, connection);
  connection.join(adapter);
  started.fire(session);
  client.on("close", () => {
    connections.delete(session.id);
    terminated.fire(session);
  });
}

const server = createServer({ allowHalfOpen: true }, (client) => void serve(client));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () =>
  console.log(`listening ${server.address().port}`),
);
