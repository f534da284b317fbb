import type { CleanUp } from "./namespaces.ts";
import { once } from "../../src/common/event.ts";
import { type JsonObject, encodeJson, parseObject } from "../../src/dap/messages.ts";
import type { DapPort } from "../../src/dap/port.ts";
import { acceptLink } from "../../src/link/hostHandshake.ts";
import { listenTcp } from "../../src/transport/tcp.ts";
import { Mailbox } from "./mailbox.ts";

/** One stream of a guest's, to a host that obeys no rule but those of the link. */
export interface AttackedSession {
  /** The session's id, as the guest asked for it. */
  readonly id: string;
  /** All that the guest has said in it. */
  readonly heard: JsonObject[];
  /** Resolves when the guest has left it. */
  readonly closed: Promise<unknown>;
  /** Sends a message; resolves with the guest's answer if it is a request. */
  ask(command: string, args: unknown): Promise<JsonObject>;
  event(event: string, body?: unknown): void;
  /** Sends any text. */
  text(text: string): void;
}

export interface MaliciousHost {
  readonly port: number;
  /** The session of that id, as soon as the guest's editor has joined and configured it. */
  session(id?: string): Promise<AttackedSession>;
  /** All that guests have said, in all sessions. */
  readonly heard: readonly JsonObject[];
}

export interface MaliciousHostOptions {
  /** Of its sessions. */
  readonly name?: string;
  /** What it answers a command with instead of success: the body of the refusal. */
  readonly refusals?: Readonly<Record<string, object>>;
  /** The body of its answer to a command. */
  readonly answers?: Readonly<Record<string, object>>;
}

/** Lets everybody in, has a session of every id, and answers every request with success. */
export async function maliciousHost(t: CleanUp, options: MaliciousHostOptions = {}): Promise<MaliciousHost> {
  const heard: JsonObject[] = [];
  const ready = new Mailbox<AttackedSession>();
  const root = { id: "1", name: options.name ?? "app.js", type: "node" };
  const listener = await listenTcp({ ports: { first: 0, last: 0 }, loopback: true });
  t.after(() => listener.close());
  listener.onChannel((channel) => {
    t.after(async () => void channel.stream.destroy());
    void acceptLink(channel, {
      host: { name: "Debug Server", version: "0.1.0" },
      admit: async () => ({ guest: { id: 2 }, access: "control", sessions: [root] }),
    }).then((link) => {
      const nothing = async () => ({});
      link.start({
        openSession: (request) =>
          attack(request.session, request.accept(), heard, options, (session) => ready.put(session)),
        listClients: async () => ({ clients: [] }),
        listSessions: async () => ({
          sessions: Array.from({ length: 100 }, (_, index) => ({ ...root, id: String(index + 1) })),
        }),
        listServers: async () => ({ servers: [] }),
        say: nothing,
        setAccess: nothing,
        removeClient: nothing,
        endSession: nothing,
        endServer: nothing,
        describeSource: async () => ({ size: 1, sha256: "0".repeat(64) }),
        readSource: async () => ({ size: 1, data: "eA==", end: true }),
        findSource: nothing,
      });
    }, ignore);
  });
  const session = (id = root.id) =>
    ready.take((each) => each.id === id, `a guest's editor in session ${id}`, 60_000);
  return { port: listener.port, heard, session };
}

const ignore = () => {};

const ANSWERS: Readonly<Record<string, object>> = {
  initialize: { supportsConfigurationDoneRequest: true },
  threads: { threads: [{ id: 1, name: "main" }] },
};

function attack(
  id: string,
  port: DapPort,
  all: JsonObject[],
  { refusals = {}, answers: bodies = {} }: MaliciousHostOptions,
  onReady: (session: AttackedSession) => void,
): void {
  const heard: JsonObject[] = [];
  const answers = new Mailbox<JsonObject>();
  let seq = 0;
  const send = (message: object) => {
    port.send([encodeJson({ seq: ++seq, ...message })]);
    return seq;
  };
  const session: AttackedSession = {
    id,
    heard,
    closed: once(port.onClose),
    ask(command, args) {
      const asked = send({ type: "request", command, arguments: args });
      return answers.take(({ request_seq }) => request_seq === asked, `the answer to ${command}`);
    },
    event: (event, body) => void send({ type: "event", event, body }),
    text: (text) => void port.send([Buffer.from(text)]),
  };
  port.onMessage(({ body }) => {
    const message = parseObject(body);
    heard.push(message);
    all.push(message);
    const { type, command } = message;
    if (type === "response") {
      answers.put(message);
      return;
    }
    const refusal = refusals[String(command)];
    const content = refusal ?? bodies[String(command)] ?? ANSWERS[String(command)] ?? {};
    send({
      type: "response",
      request_seq: message.seq,
      success: refusal === undefined,
      command,
      body: content,
    });
    if (refusal !== undefined) return;
    if (command === "attach" || command === "launch") send({ type: "event", event: "initialized" });
    // From here on a host of ours would invite to child sessions.
    if (command === "configurationDone") onReady(session);
  });
  port.start();
}
