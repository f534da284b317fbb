import { createHash } from "node:crypto";
import type { Disposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { type AdapterPort, type ChildOffer, adapterPort, leadingTo, takesOffer } from "../dap/childOffer.ts";
import { type JsonObject, encodeJson } from "../dap/messages.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { Participant } from "../hub/client.ts";
import type { EditorChildren, Session, Sessions } from "../hub/sessions.ts";
import { SameUser } from "../security/sameUser.ts";
import type { Channel, Listener } from "../transport/channel.ts";
import { closeInOrder } from "../transport/closing.ts";
import { listenPipe } from "../transport/pipe.ts";
import { type TcpListener, listenTcp } from "../transport/tcp.ts";
import { type AdapterSource, openAdapter } from "./adapters.ts";

/** How long it may take to know whose a connection is. */
const KNOWN_MS = 5_000;

/** A child session that the editor was offered and has not started. */
interface Open {
  readonly parent: Session;
  readonly parentArgs: JsonObject;
  /** As the editor was told. */
  readonly configuration: JsonObject;
  /** Where the adapter listens for it; undefined: it is reached as its parent. */
  readonly at: AdapterPort | undefined;
}

/** What a process that comes by the pipe is told first, in one line; DAP follows. */
export interface OfferedChildren {
  readonly offers: readonly Pick<Open, "configuration" | "parentArgs">[];
}

/**
 * The child sessions of a local editor's adapter. The editor starts them as it would without us: at the port that the adapter
 * names, in whose place it is told one of ours, or by the parent's command once more, which finds us by a pipe
 * (cli/parentSession.ts). Either way the child is one more session here, which the editor drives, and who takes part in its parent
 * is invited. Both ways are for this user's programs only.
 */
export class ChildSessions implements EditorChildren, Disposable {
  readonly #sessions: Sessions;
  readonly #editor: Participant;
  readonly #source: AdapterSource;
  readonly #logger: Logger;
  readonly #sameUser: SameUser;
  readonly #open: Open[] = [];
  readonly #ports = new Map<string, Promise<TcpListener>>();
  readonly #listeners = new Set<Listener>();
  #pipe: Promise<Listener> | undefined;
  #isDisposed = false;

  /** `editor`: who drives the children, as they drive the parent, whose adapter is the `source`'s. */
  constructor(sessions: Sessions, editor: Participant, source: AdapterSource, logger: Logger) {
    this.#sessions = sessions;
    this.#editor = editor;
    this.#source = source;
    this.#logger = logger;
    this.#sameUser = new SameUser((message) => logger.log("warn", message));
  }

  async offer(parent: Session, offer: ChildOffer): Promise<ChildOffer> {
    const at = adapterPort(offer.configuration);
    try {
      const own = at && (await this.#portFor(at, parent));
      this.#pipe ??= this.#listen(listenPipe({ name: childPipe(this.#source) }), (channel) =>
        this.#byPipe(channel),
      );
      await this.#pipe;
      const told = own === undefined ? offer : leadingTo(offer, own.port);
      const parentArgs = parent.hub.driver?.startArgs ?? {};
      this.#open.push({ parent, parentArgs, configuration: told.configuration, at });
      return told;
    } catch (thrown) {
      // The editor reaches it all the same, past us.
      this.#logger.log("warn", `A child session cannot be joined: ${AppError.from(thrown).toLine()}`);
      return offer;
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#open.length = 0;
    for (const listener of this.#listeners) void listener.close();
    this.#listeners.clear();
  }

  #portFor(at: AdapterPort, parent: Session): Promise<TcpListener> {
    const key = `${at.host} ${at.port}`;
    const known = this.#ports.get(key);
    if (known !== undefined) return known;
    const opening = listenTcp({ ports: { first: 0, last: 0 }, loopback: true });
    const port = this.#listen(opening, (channel) => this.#byPort(channel, parent, at));
    this.#ports.set(key, port);
    port.catch(() => this.#ports.delete(key));
    return port;
  }

  async #listen<T extends Listener>(
    opening: Promise<T>,
    take: (channel: Channel) => Promise<void>,
  ): Promise<T> {
    const listener = await opening;
    if (this.#isDisposed) {
      await listener.close();
      throw new AppError("closed", "The debug session has ended.");
    }
    this.#listeners.add(listener);
    listener.onChannel((channel) => {
      take(channel).catch((thrown: unknown) => {
        this.#logger.log("info", `${channel.peer.address}: ${AppError.from(thrown).toLine()}`);
        void closeInOrder(channel.stream);
      });
    });
    return listener;
  }

  async #byPort(channel: Channel, parent: Session, at: AdapterPort): Promise<void> {
    const refusal = await this.#sameUser.refuse(channel.peer, AbortSignal.timeout(KNOWN_MS));
    if (refusal !== undefined) throw refusal;
    await this.#drive(channel, parent, at);
  }

  /** In a directory that only this user can enter. */
  async #byPipe(channel: Channel): Promise<void> {
    const [oldest] = this.#open.filter(({ parent }) => parent.hub.ended === undefined);
    if (oldest === undefined) throw new AppError("closed", "No child session waits to be started.");
    const offers = this.#open.map(({ configuration, parentArgs }) => ({ configuration, parentArgs }));
    const children: OfferedChildren = { offers };
    channel.stream.write(Buffer.concat([encodeJson(children), Buffer.from("\n")]));
    await this.#drive(channel, oldest.parent, oldest.at);
  }

  async #drive({ stream }: Channel, parent: Session, at: AdapterPort | undefined): Promise<void> {
    const source: AdapterSource = at === undefined ? this.#source : { kind: "tcp", ...at };
    const upstream = await openAdapter(source, { logger: this.#logger });
    if (this.#isDisposed || stream.destroyed || parent.hub.ended !== undefined) {
      upstream.dispose();
      throw new AppError("closed", "The child session is no longer wanted.");
    }
    const port = new StreamPort(stream);
    this.#sessions.addEditorsChild(parent, upstream, port, this.#editor, (args) => this.#taken(args));
  }

  #taken(args: JsonObject): void {
    const index = this.#open.findIndex(({ configuration, parentArgs }) =>
      takesOffer(configuration, parentArgs, args),
    );
    if (index >= 0) this.#open.splice(index, 1);
  }
}

/** The pipes of the processes in front of the same adapter begin so; each process has its own. */
export function childPipePrefix(source: AdapterSource): string {
  const adapter = createHash("sha256").update(JSON.stringify(source)).digest("hex").slice(0, 16);
  return `children-${adapter}-`;
}

function childPipe(source: AdapterSource): string {
  return `${childPipePrefix(source)}${process.pid}`;
}
