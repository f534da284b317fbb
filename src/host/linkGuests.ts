import { DisposableStore } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { inSentence } from "../common/names.ts";
import { type Access, allows } from "../common/access.ts";
import { guestMessageLimit } from "../common/messageLimit.ts";
import type { Participant } from "../hub/client.ts";
import type { Chat, Removal, Session, Sessions } from "../hub/sessions.ts";
import { acceptLink } from "../link/hostHandshake.ts";
import { ResumableLinks } from "../link/resumableLinks.ts";
import type { HostHandlers, HostLink } from "../link/hostLink.ts";
import { LINK_LIMITS } from "../link/limits.ts";
import type { ClientInfo, SessionInfo } from "../link/messages.ts";
import { peerLabel } from "../transport/peer.ts";
import { PRODUCT } from "../common/product.ts";
import type { JoinAttempt } from "./admission.ts";
import { PrefetchingPort } from "./prefetchingPort.ts";
import { sourceHandlers } from "./sourceFiles.ts";
import type { SourceReader } from "./sourceReader.ts";

/** From this round trip on, what a guest's editor will ask at a stop is prefetched. */
const FAR_MS = 10;

/** The guests of one server that speak the link. */
export class LinkGuests {
  readonly #sessions: Sessions;
  readonly #reader: SourceReader;
  readonly #logger: Logger;
  readonly #links = new Map<HostLink, Participant>();
  /** The guests whose connection has broken, in the order in which that was. */
  readonly #away = new Set<HostLink>();
  readonly #resumable = new ResumableLinks();
  readonly #subscriptions = new DisposableStore();

  constructor(sessions: Sessions, reader: SourceReader, logger: Logger) {
    this.#sessions = sessions;
    this.#reader = reader;
    this.#logger = logger;
    this.#subscriptions.add(sessions.onChanged(() => this.#notifyAll()));
    this.#subscriptions.add(sessions.onChat((chat) => this.#said(chat)));
    this.#subscriptions.add(sessions.onRemoved((removal) => this.#removed(removal)));
  }

  /** How far away a guest of the link is, in milliseconds, as soon as that is measured. */
  find(participant: Participant): { readonly latencyMs: number | undefined } | undefined {
    for (const [link, other] of this.#links)
      if (other === participant) return { latencyMs: link.connection.latencyMs };
    return undefined;
  }

  /** Resolves when the guest is admitted, or has resumed its link; rejects if it is not. */
  async accept(attempt: JoinAttempt): Promise<void> {
    const { channel } = attempt;
    let participant: Participant | undefined;
    try {
      const link = await acceptLink(channel, {
        timeoutMs: attempt.remainingMs,
        resumable: this.#resumable,
        mayResume: () => attempt.assertMayResume(),
        onResume: (link) => {
          attempt.resume();
          const guest = this.#links.get(link);
          if (guest !== undefined) guest.address = peerLabel(channel.peer);
        },
        host: PRODUCT,
        logger: this.#logger,
        admit: async ({ name, client }, context) => {
          const address = peerLabel(channel.peer);
          const identity = { name, address, kind: "guest", program: client.name } as const;
          const access = await attempt.decide(identity, context);
          const guest = this.#sessions.admit({ ...identity, access });
          participant = guest;
          return {
            guest: { id: guest.id },
            access,
            sessions: this.#sessions.list().map(sessionInfo),
            intake: {
              limits: {
                message: () => guestMessageLimit(guest.access),
                otherBytes: LINK_LIMITS.guestControlFrameBytes,
              },
              turns: this.#sessions.turns,
            },
          };
        },
      });
      if (participant !== undefined) this.#start(link, participant);
    } catch (thrown) {
      if (participant !== undefined) this.#sessions.leave(participant);
      throw thrown;
    }
  }

  /** So many guests that are away keep their place; the one that has been away longest loses it first. */
  keepAway(count: number): void {
    for (const link of [...this.#away].slice(0, Math.max(0, this.#away.size - count)))
      link.close(new AppError("closed", "Others have taken your place while you were away."));
  }

  close(reason: AppError | undefined): void {
    this.#subscriptions.dispose();
    for (const link of this.#links.keys()) link.close(reason);
  }

  #start(link: HostLink, participant: Participant): void {
    this.#links.set(link, participant);
    let access = participant.access;
    const watch = this.#sessions.onChanged(() => {
      if (participant.access !== access) link.notify("access", { access: (access = participant.access) });
    });
    link.connection.onAway(() => {
      this.#away.add(link);
      this.#sessions.setAway(participant, true);
    });
    link.connection.onBack(() => {
      this.#away.delete(link);
      this.#sessions.setAway(participant, false);
    });
    link.onClose(() => {
      this.#away.delete(link);
      watch.dispose();
      this.#links.delete(link);
      this.#sessions.leave(participant);
    });
    link.start(this.#handlers(link, participant));
  }

  #handlers(link: HostLink, participant: Participant): HostHandlers {
    const sessions = this.#sessions;
    const need = (access: Access) => {
      if (!allows(participant.access, access)) {
        throw new AppError(
          "notAllowed",
          `That needs the right "${access}"; you have "${participant.access}".`,
        );
      }
    };
    return {
      ...sourceHandlers(this.#reader, {
        names: (id, path) => sessions.list().some((session) => session.id === id && session.hub.names(path)),
        needControl: () => need("control"),
        charge: (cost) => link.charge(cost),
      }),
      openSession: (request) => {
        if (!sessions.list().some(({ id }) => id === request.session)) {
          request.reject(
            new AppError("badArguments", `There is no session "${request.session}" here any more.`),
          );
          return;
        }
        const stream = request.accept();
        const isFar = () => (link.connection.latencyMs ?? 0) >= FAR_MS;
        const pushes = link.welcome.features.includes("push");
        const port = pushes ? new PrefetchingPort(stream, { isFar }) : stream;
        const client = sessions.join(request.session, port, participant);
        client?.onGone(() => port.close());
      },
      listClients: () => ({ clients: this.#clients() }),
      listSessions: () => ({ sessions: sessions.list().map(sessionInfo) }),
      listServers: () => ({ servers: [...sessions.servers.list()] }),
      say: ({ text }) => {
        sessions.say(participant, text);
        return {};
      },
      setAccess: ({ client, access }) => {
        need("full");
        sessions.setAccess(sessions.guest(client), access);
        return {};
      },
      removeClient: ({ client, message }) => {
        need("full");
        const who = inSentence(participant.name);
        const reason = `${who} has removed you${message === undefined ? "." : `: ${message}`}`;
        sessions.remove(sessions.guest(client), new AppError("refused", reason));
        return {};
      },
      endSession: ({ session }) => {
        need("full");
        sessions
          .list()
          .find(({ id }) => id === session)
          ?.hub.end(`${inSentence(participant.name)} has ended the session.`, true);
        return {};
      },
      endServer: ({ server }) => {
        need("full");
        sessions.servers.tellToEnd(server, participant.name);
        return {};
      },
    };
  }

  #clients(): ClientInfo[] {
    return this.#sessions.participants().map(({ id, name, kind, access, address, joinedAt, isAway }) => ({
      id,
      name,
      kind,
      access,
      from: address,
      joinedAt,
      ...(isAway && { away: true }),
    }));
  }

  #said({ participant, text }: Chat): void {
    const { id, name } = participant;
    for (const [link, other] of this.#links)
      if (other !== participant) link.notify("said", { client: id, name, text });
  }

  #removed({ participant, reason }: Removal): void {
    for (const [link, other] of this.#links) if (other === participant) link.close(reason);
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
