import { format } from "../../address/format.ts";
import type { ClientAddress } from "../../address/model.ts";
import type { Access } from "../../common/access.ts";
import { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import { type Joined, type JoinOptions, joinServer } from "../../guest/join.ts";
import type { ClientInfo } from "../../link/messages.ts";
import type { GuestIdentity } from "../../link/openLink.ts";

/** A server that this window is a guest of. Its debug session and all children come by one link. */
export interface Join {
  /** Names it within this window. */
  readonly id: string;
  /** The connection string, without password. */
  readonly address: string;
  readonly joined: Joined;
  /** The right that the host gives us, as it is now. */
  readonly access: Access;
  /** All participants, ourselves included, as the host told last. */
  readonly clients: readonly ClientInfo[];
}

interface State {
  access: Access;
  clients: readonly ClientInfo[];
}

/** The servers that this window is a guest of. */
export class Joins {
  readonly #joins = new Map<string, Join & State>();
  readonly #changed = new Emitter<void>();
  /** One began or ended, or its host told something new of it. */
  readonly onChanged = this.#changed.event;
  #lastId = 0;

  get all(): Join[] {
    return [...this.#joins.values()];
  }

  /** Connects and is let in. Rejects with an AppError: the transport's, the handshake's, or the host's refusal. */
  async join(address: ClientAddress, identity: GuestIdentity, options: JoinOptions): Promise<Join> {
    const joined = await joinServer(address, identity, options);
    const { link } = joined;
    const id = String(++this.#lastId);
    const join = {
      id,
      // With a password that was remembered or without one yet, it is the same server.
      address: format({ ...address, password: undefined }),
      joined,
      access: link.welcome.access,
      clients: [] as readonly ClientInfo[],
    };
    link.on("access")(({ access }) => this.#set(join, { access }));
    link.on("clients")(({ clients }) => this.#set(join, { clients }));
    link.connection.onAway(() => this.#changed.fire());
    link.connection.onBack(() => this.#changed.fire());
    link.onClose(() => {
      this.#joins.delete(id);
      this.#changed.fire();
    });
    this.#joins.set(id, join);
    this.#changed.fire();
    link.start();
    void this.#listClients(join);
    return join;
  }

  /** Leaves all: the window closes. Resolves when their hosts have been told. */
  async leaveAll(): Promise<void> {
    const links = this.all.map(({ joined }) => joined.link);
    for (const link of links) link.close();
    await Promise.all(links.map(({ connection }) => connection.gone));
  }

  dispose(): void {
    void this.leaveAll();
  }

  /** The host tells of changes; who was there before is asked for. */
  async #listClients(join: Join & State): Promise<void> {
    try {
      this.#set(join, await join.joined.link.request("listClients", {}));
    } catch (thrown) {
      // The link has ended, which its sessions tell; or the host does not say, and then no participant is shown.
      void AppError.from(thrown);
    }
  }

  #set(join: Join & State, state: Partial<State>): void {
    Object.assign(join, state);
    this.#changed.fire();
  }
}

/** The host's name of the session that was joined. */
export function joinName({ joined, address }: Join): string {
  return joined.link.welcome.sessions.find(({ parent }) => parent === undefined)?.name ?? address;
}
