import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { type Access, allows } from "../common/access.ts";
import type { Participant } from "../hub/client.ts";
import type { Session, Sessions } from "../hub/sessions.ts";
import { acceptLink } from "../link/acceptLink.ts";
import type { HostHandlers, HostLink } from "../link/hostLink.ts";
import type { ClientInfo, ServerInfo, SessionInfo } from "../link/messages.ts";
import type { Channel } from "../transport/channel.ts";
import { PRODUCT } from "../common/product.ts";

/** The servers of this process, as guests may list and end them. */
export interface ServerDirectory {
  list(): ServerInfo[];
  /** Rejects with `badArguments` if there is none of that id. */
  end(id: number): Promise<void>;
}

/** The guests of one server who came over the link. */
export class LinkGuests {
  readonly #sessions: Sessions;
  readonly #access: Access;
  readonly #directory: ServerDirectory;
  readonly #logger: Logger;
  readonly #links = new Map<HostLink, Participant>();

  constructor(sessions: Sessions, access: Access, directory: ServerDirectory, logger: Logger) {
    this.#sessions = sessions;
    this.#access = access;
    this.#directory = directory;
    this.#logger = logger;
    sessions.onChanged(() => this.#notifyAll());
  }

  /** Resolves when the guest is in; rejects if it is not let in. */
  async accept(channel: Channel, full: boolean): Promise<void> {
    const { transport, address } = channel.peer;
    let participant: Participant | undefined;
    try {
      const link = await acceptLink(channel, {
        host: PRODUCT,
        logger: this.#logger,
        admit: async (hello) => {
          if (full) return new AppError("busy", "This server has as many clients as it may have.");
          const from = `${transport} ${address}`;
          participant = this.#sessions.admit({ name: hello.name, address: from, access: this.#access });
          const { id, access } = participant;
          return { guest: { id }, access, sessions: this.#sessions.list().map(sessionInfo) };
        },
      });
      if (participant !== undefined) this.#start(link, participant);
    } catch (thrown) {
      if (participant !== undefined) this.#sessions.leave(participant);
      throw thrown;
    }
  }

  close(reason: AppError | undefined): void {
    for (const link of this.#links.keys()) link.close(reason);
  }

  #start(link: HostLink, participant: Participant): void {
    this.#links.set(link, participant);
    let access = participant.access;
    const watch = this.#sessions.onChanged(() => {
      if (participant.access !== access) link.notify("access", { access: (access = participant.access) });
    });
    link.onClose(() => {
      watch.dispose();
      this.#links.delete(link);
      this.#sessions.leave(participant);
    });
    link.start(this.#handlers(participant));
  }

  #handlers(participant: Participant): HostHandlers {
    const sessions = this.#sessions;
    const need = (access: Access) => {
      if (!allows(participant.access, access)) {
        throw new AppError(
          "notAllowed",
          `That needs the right "${access}"; you have "${participant.access}".`,
        );
      }
    };
    const find = (id: number): Participant => {
      const found = sessions.participants().find((other) => other.id === id);
      if (found === undefined) throw new AppError("badArguments", `There is no client ${id} here any more.`);
      return found;
    };
    return {
      openSession: (request) => {
        if (!sessions.list().some(({ id }) => id === request.session)) {
          request.reject(
            new AppError("badArguments", `There is no session "${request.session}" here any more.`),
          );
          return;
        }
        const port = request.accept();
        const client = sessions.join(request.session, port, participant);
        client?.onGone(() => port.close());
      },
      listClients: () => ({ clients: this.#clients() }),
      listSessions: () => ({ sessions: sessions.list().map(sessionInfo) }),
      listServers: () => ({ servers: this.#directory.list() }),
      say: ({ text }) => {
        sessions.say(participant, text);
        for (const [link, other] of this.#links) {
          if (other !== participant)
            link.notify("said", { client: participant.id, name: participant.name, text });
        }
        return {};
      },
      setAccess: ({ client, access }) => {
        need("full");
        sessions.setAccess(find(client), access);
        return {};
      },
      removeClient: ({ client, message }) => {
        need("full");
        this.#remove(find(client), message ?? `${participant.name} has removed you.`);
        return {};
      },
      endSession: ({ session }) => {
        need("full");
        sessions
          .list()
          .find(({ id }) => id === session)
          ?.hub.end(`${participant.name} has ended the session.`, true);
        return {};
      },
      endServer: async ({ server }) => {
        need("full");
        await this.#directory.end(server);
        return {};
      },
    };
  }

  #remove(participant: Participant, message: string): void {
    const reason = new AppError("refused", message);
    this.#sessions.remove(participant, reason);
    for (const [link, other] of this.#links) if (other === participant) link.close(reason);
  }

  #clients(): ClientInfo[] {
    const linked = new Set(this.#links.values());
    return this.#sessions.participants().map((participant) => ({
      id: participant.id,
      name: participant.name,
      kind: participant.isHost ? "host" : linked.has(participant) ? "guest" : "dap",
      access: participant.access,
      from: participant.address,
    }));
  }

  #notifyAll(): void {
    for (const link of this.#links.keys()) {
      link.notify("clients", { clients: this.#clients() });
      link.notify("sessions", { sessions: this.#sessions.list().map(sessionInfo) });
    }
  }
}

function sessionInfo({ id, name, parent, hub }: Session): SessionInfo {
  // An adapter behind a port has no name until a client gives it one, and the link wants some.
  const type = hub.type || "unknown";
  return {
    id,
    name,
    type,
    ...(parent === undefined ? {} : { parent }),
    state: hub.stopped ? "stopped" : "running",
  };
}
