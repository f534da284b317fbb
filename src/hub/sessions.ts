import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Disposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { FairShare } from "../common/fairShare.ts";
import { LIMITS } from "../common/limits.ts";
import type { Logger } from "../common/logger.ts";
import type { ChildOffer } from "../dap/childOffer.ts";
import type { JsonObject } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import type { Access } from "../common/access.ts";
import { guestName, inSentence, nameKeys, shownName } from "../common/names.ts";
import { ownLine } from "../common/sanitize.ts";
import type { Actor, Client, Participant } from "./client.ts";
import type { ServerDirectory } from "./console.ts";
import { ConsoleLines, leftOutLine } from "./consoleLines.ts";
import { Hub, type HubOptions, type Said } from "./hub.ts";
import { configurationType } from "./clientCapabilities.ts";
import type { ChildSession } from "./reverse.ts";
import type { Upstream, UpstreamEnd } from "./upstream.ts";

export interface Session {
  readonly id: string;
  readonly name: string;
  readonly parent: string | undefined;
  readonly hub: Hub;
}

/** An editor says the name when it starts the session. */
interface NamedLater extends Session {
  name: string;
}

/** The way by which a local editor starts its adapter's child sessions itself. */
export interface EditorChildren extends Disposable {
  /** Resolves, soon, with the offer as the editor is to be told it, when what it leads to is there. Never rejects. */
  offer(parent: Session, offer: ChildOffer): Promise<ChildOffer>;
}

/** A participant that begins to take part: a guest that was admitted, or the host. */
export interface NewParticipant {
  /** As they named themselves; absent: named after their program or address. */
  readonly name?: string | undefined;
  readonly address: string;
  readonly access: Access;
  readonly isHost?: boolean;
  /** How they came in; absent: over plain DAP, or the host. */
  readonly kind?: Participant["kind"];
  /** What they run; absent: as `initialize` says. */
  readonly program?: string | undefined;
}

export type SessionsOptions = Pick<HubOptions, "start" | "holdForClient"> & {
  readonly logger?: Logger;
  readonly name?: string;
  /** The name of the host, whose own window speaks to the adapters beside the hubs, as VS Code does. */
  readonly windowOf?: string;
};

interface Presence {
  readonly named: boolean;
  joined: boolean;
  /** The connection by which they were let in is gone; others of theirs may still be there. */
  disconnected: boolean;
}

/** What a participant has said to the others. */
export interface Chat {
  readonly participant: Participant;
  readonly text: string;
}

/** A participant has been let go, for that reason or because they asked for it. */
export interface Removal {
  readonly participant: Participant;
  readonly reason: AppError | undefined;
}

const NO_SERVERS: ServerDirectory = {
  list: () => [],
  tellToEnd: () => {
    throw new AppError("badArguments", "There is no server here.");
  },
  free: () => Promise.resolve(),
};

const ROOT = "1";
/** How long a child session waits for the first of those who were invited to set their breakpoints. */
const CHILD_HOLD_MS = 10_000;

/** What one server serves: a debug session with all its children, and who takes part in them. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #participants = new Map<Participant, Presence>();
  readonly #options: SessionsOptions;
  readonly #changed = new Emitter<void>();
  readonly #participantJoined = new Emitter<Participant>();
  readonly #participantLeft = new Emitter<Participant>();
  readonly #participantAway = new Emitter<Participant>();
  readonly #end = new Emitter<UpstreamEnd>();
  readonly #said = new Emitter<Said>();
  /** A line for all debug consoles, once for all sessions, for a window that is no client. */
  readonly onSaid = this.#said.event;
  readonly #chat = new Emitter<Chat>();
  readonly onChat = this.#chat.event;
  readonly #removed = new Emitter<Removal>();
  /** Their clients were told and closed; who holds the connection below closes that. */
  readonly onRemoved = this.#removed.event;
  /** The turns in which the messages of all that came in by a server are handled. */
  readonly turns = new FairShare();
  /** The servers by which all this can be joined: the part that starts them sets it. */
  servers: ServerDirectory = NO_SERVERS;
  /** Absent: the hub starts child sessions, also for a local editor. The part that lets that editor in sets it. */
  editorChildren: EditorChildren | undefined;
  /** The host, if their own window speaks to the adapters itself. */
  readonly window: Participant | undefined;
  /** A session began or ended; a participant came, left, was away or was given another right. Not that one was active. */
  readonly onChanged = this.#changed.event;
  readonly onJoined = this.#participantJoined.event;
  readonly onLeft = this.#participantLeft.event;
  /** A participant has lost their connection, or has it again, as `isAway` says. */
  readonly onAway = this.#participantAway.event;
  /** The root session has ended, and with it everything. */
  readonly onEnd = this.#end.event;
  readonly #lines = new ConsoleLines((participant, count) =>
    this.#announce(leftOutLine(participant, count), { participant }),
  );
  #nextSession = Number(ROOT);
  #nextParticipant = 1;

  constructor(upstream: Upstream, options: SessionsOptions = {}) {
    this.#options = options;
    const { start, holdForClient, windowOf } = options;
    if (windowOf !== undefined) {
      this.window = this.admit({ name: windowOf, address: "this window", access: "full", isHost: true });
      this.#present(this.window);
    }
    const root = this.#add(upstream, options.name ?? upstream.names[0] ?? "session", undefined, {
      start,
      holdForClient,
      free: () => {
        this.editorChildren?.dispose();
        return this.servers.free();
      },
    });
    root.hub.onEnd((end) => this.#end.fire(end));
  }

  get root(): Hub {
    const root = this.#sessions.get(ROOT);
    if (root === undefined) throw new AppError("closed", "The debug session has ended.");
    return root.hub;
  }

  list(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Those who take part, in the order in which they came. */
  participants(): Participant[] {
    return [...this.#participants].filter(([, state]) => state.joined).map(([participant]) => participant);
  }

  /** A participant that may be let go or be given another right. Throws an AppError if there is none, or if it is the host. */
  guest(id: number): Participant {
    const found = this.participants().find((participant) => participant.id === id);
    if (found === undefined) throw new AppError("badArguments", `There is no client ${id} here any more.`);
    if (found.isHost) throw new AppError("notAllowed", "The host stays, with every right.");
    return found;
  }

  /** Registers a participant that was let in. `leave` must be called when their connection is gone. */
  admit(joining: NewParticipant): Participant {
    const participant: Participant = {
      id: this.#nextParticipant++,
      name: this.#uniqueName(joining.name ?? joining.address, joining.isHost),
      access: joining.access,
      address: joining.address,
      kind: joining.kind ?? (joining.isHost === true ? "host" : "dap"),
      program: joining.program && shownName(joining.program),
      joinedAt: Date.now(),
      lastActiveAt: Date.now(),
      ticket: randomBytes(16).toString("hex"),
      isHost: joining.isHost ?? false,
      isAway: false,
    };
    this.#participants.set(participant, {
      joined: false,
      named: joining.name !== undefined,
      disconnected: false,
    });
    return participant;
  }

  join(session: string, port: DapPort, participant: Participant): Client | undefined {
    return this.#sessions.get(session)?.hub.join(port, participant);
  }

  /** Joins the root session: plain DAP knows no other until it names one in `attach`. */
  joinRoot(port: DapPort, participant: Participant): Client {
    return this.root.join(port, participant);
  }

  /** The connection by which they were let in has gone. With their last one goes what only they brought. */
  leave(participant: Participant): void {
    const state = this.#participants.get(participant);
    if (state === undefined) return;
    state.disconnected = true;
    if (this.list().some(({ hub }) => [...hub.clients].some((client) => client.participant === participant)))
      return;
    this.#participants.delete(participant);
    for (const { hub } of this.#sessions.values()) hub.forget(participant);
    if (!state.joined) return;
    this.#announce(`${inSentence(participant.name)} has left.`);
    this.#participantLeft.fire(participant);
    this.#changed.fire();
  }

  setAccess(participant: Participant, access: Access): void {
    if (participant.access === access) return;
    participant.access = access;
    for (const { hub } of this.#sessions.values()) hub.accessChanged(participant);
    this.#announce(`${inSentence(participant.name)} may now ${access}.`);
    this.#changed.fire();
  }

  /** They have lost their connection, or have it again. */
  setAway(participant: Participant, isAway: boolean): void {
    if (participant.isAway === isAway) return;
    participant.isAway = isAway;
    const line = awayLine(participant);
    if (this.#lines.takeOrCount(participant, line.length)) this.#announce(line, { participant });
    this.#participantAway.fire(participant);
    this.#changed.fire();
  }

  /** Tells a participant why and lets them go. */
  remove(participant: Participant, reason: AppError): void {
    this.#drop(participant, reason);
    this.#removed.fire({ participant, reason });
  }

  /** Lets a participant go who wants to. */
  letGo(participant: Participant): void {
    this.#drop(participant, new AppError("closed", "You have left; the session goes on."));
    this.#removed.fire({ participant, reason: undefined });
  }

  /** A line of theirs for all others. Throws an AppError if it is too much at a time. */
  say(participant: Participant, text: string): void {
    if (!participant.isHost && !this.#lines.take(participant, text.length)) {
      const { consoleLines, consoleLetters, consoleMs } = LIMITS;
      throw new AppError(
        "busy",
        `This was not said: the others get ${consoleLines} lines or ${consoleLetters} letters of you in ${consoleMs / 1000} s.`,
        { hint: "Say it again in a moment." },
      );
    }
    participant.lastActiveAt = Date.now();
    const line = ownLine(`${inSentence(participant.name)}: ${text}`);
    for (const { hub } of this.#sessions.values()) {
      hub.tell(
        line,
        [...hub.clients].find((client) => client.participant === participant),
      );
    }
    this.#said.fire({ line, by: { participant } });
    this.#chat.fire({ participant, text });
  }

  /** A child session that the host has started by itself; all clients that can join it are invited. */
  addChild(parent: Session, upstream: Upstream, name: string): Session {
    const child = this.#add(upstream, name, parent, {});
    // The host's window configures it; guests come when they like.
    parent.hub.childStarted({ id: child.id, name, release: () => {} });
    return child;
  }

  /**
   * A local editor starts a child session that its adapter has offered it, over a connection of its own: it drives it, and once it
   * has started it (`onStart`, with its arguments), all clients that can join it are invited.
   */
  addEditorsChild(
    parent: Session,
    upstream: Upstream,
    port: DapPort,
    editor: Participant,
    onStart: (args: JsonObject) => void,
  ): void {
    const child = this.#add(upstream, `${parent.name} (child)`, parent, {
      startedByEditor: editor.id,
      onStart: (args) => {
        if (typeof args.name === "string") child.name = args.name;
        this.#changed.fire();
        onStart(args);
        parent.hub.childStarted({ id: child.id, name: child.name, release: () => {}, isEditors: true });
      },
    });
    const client = child.hub.join(port, editor);
    client.onGone(() => port.close());
    // As the adapter's own end would.
    child.hub.onEnd(() => client.close());
  }

  end(reason: string): void {
    for (const { hub } of [...this.#sessions.values()].reverse()) hub.end(reason);
  }

  #drop(participant: Participant, reason: AppError): void {
    for (const { hub } of this.#sessions.values()) {
      for (const client of [...hub.clients]) if (client.participant === participant) client.drop(reason);
    }
  }

  #add(upstream: Upstream, name: string, parent: Session | undefined, start: HubOptions): NamedLater {
    const id = String(this.#nextSession++);
    const hub = new Hub(upstream, {
      ...start,
      ...(parent === undefined ? {} : { parent: parent.hub }),
      children: () => this.#childrenOf(id).map((child) => child.hub),
      ...(this.window === undefined ? {} : { windowOf: this.window }),
      logger: this.#options.logger,
      console: this,
      lines: this.#lines,
      startChild: (request, configuration, hold) => this.#startChild(session, request, configuration, hold),
      offerChild: (offer) => this.editorChildren?.offer(session, offer),
      findSession: (client, start) => this.#transfer(client, start, session),
    });
    const session: NamedLater = { id, name, parent: parent?.id, hub };
    this.#sessions.set(id, session);
    hub.onSaid((said) => this.#said.fire(said));
    hub.onJoined((client) => this.#joined(client));
    hub.onLeft(({ participant }) => {
      if (this.#participants.get(participant)?.disconnected === true) this.leave(participant);
    });
    hub.onEnd(() => {
      for (const child of this.#childrenOf(id)) child.hub.end("The parent session has ended.");
      // The root stays: it answers late questions until the server ends.
      if (parent !== undefined) this.#sessions.delete(id);
      parent?.hub.childEnded(id);
      this.#changed.fire();
    });
    this.#changed.fire();
    return session;
  }

  #childrenOf(id: string): Session[] {
    return this.list().filter(({ parent }) => parent === id);
  }

  async #startChild(
    parent: Session,
    request: string,
    configuration: JsonObject,
    hold: boolean,
  ): Promise<ChildSession> {
    const upstream = await parent.hub.upstream.openChild(configuration);
    if (parent.hub.ended !== undefined) {
      upstream.dispose();
      throw new AppError("closed", "The parent session has ended.");
    }
    const name = typeof configuration.name === "string" ? configuration.name : `${parent.name} (child)`;
    const child = this.#add(upstream, name, parent, {
      holdForClient: hold,
      start: {
        request: request === "launch" ? "launch" : "attach",
        configuration,
        adapterID: configurationType(configuration) ?? upstream.names[0] ?? "",
        initialize: parent.hub.initializeArgs,
        onFailed: ({ message }) => child.hub.end(message),
      },
    });
    const timer = setTimeout(() => child.hub.release(), CHILD_HOLD_MS);
    const release = () => {
      clearTimeout(timer);
      child.hub.release();
    };
    child.hub.onEnd(() => clearTimeout(timer));
    return { id: child.id, name, release };
  }

  /** A line for all participants, where they look: a parent without a program has nothing to look at. */
  #announce(line: string, by?: Actor): void {
    const { root } = this;
    const hubs = root.isParentOnly
      ? this.list()
          .map(({ hub }) => hub)
          .filter((hub) => !hub.isParentOnly)
      : [root];
    for (const hub of hubs) {
      const own = [...hub.clients].find(({ participant }) => participant === by?.participant);
      hub.tell(line, own);
    }
    this.#said.fire({ line: ownLine(line), by });
  }

  /** The host itself: present from the beginning, and the others need not be told. */
  #present(participant: Participant): void {
    const state = this.#participants.get(participant);
    if (state !== undefined) state.joined = true;
  }

  /**
   * Where a client asks to go that was invited to a child session; with its ticket it stays the same participant.
   * One that names none stays where it is, unless there is no program there and it cannot follow an invitation: then
   * it is taken to the child session that has one.
   */
  #transfer(
    client: Client,
    { debugServerSession, debugServerTicket }: JsonObject,
    from: Session,
  ): Hub | undefined {
    if (typeof debugServerSession !== "string") {
      if (from.hub.hasProgram || client.capabilities?.startDebugging === true) return from.hub;
      const children = this.#childrenOf(from.id).filter(({ hub }) => hub.ended === undefined);
      return (children.find(({ hub }) => hub.stopped) ?? children[0] ?? from).hub;
    }
    const session = this.#sessions.get(debugServerSession);
    if (session === undefined) return undefined;
    const owner = [...this.#participants.keys()].find(({ ticket }) => sameTicket(ticket, debugServerTicket));
    if (owner !== undefined) client.participant = owner;
    return session.hub;
  }

  #joined(client: Client): void {
    const { participant, capabilities } = client;
    const state = this.#participants.get(participant);
    if (state === undefined || state.joined) return;
    state.joined = true;
    participant.joinedAt = Date.now();
    participant.program ??= capabilities?.clientName && shownName(capabilities.clientName);
    if (!state.named && capabilities?.clientName !== undefined)
      participant.name = this.#uniqueName(capabilities.clientName);
    const { name, address, access } = participant;
    this.#announce(`${inSentence(name)} has joined (${address}, ${access}).`, client);
    this.#participantJoined.fire(participant);
    this.#changed.fire();
  }

  /** No two participants have names that look alike: "Ana", "Ana 2", … */
  #uniqueName(wanted: string, isHost = false): string {
    const taken = new Set(
      [...this.#participants.keys()].flatMap((participant) => nameKeys(participant.name)),
    );
    const base = isHost ? shownName(wanted) : guestName(wanted);
    let name = base;
    for (let n = 2; nameKeys(name).some((key) => taken.has(key)); n++) name = `${base} ${n}`;
    return name;
  }
}

function sameTicket(ticket: string, shown: unknown): boolean {
  if (typeof shown !== "string" || shown.length !== ticket.length) return false;
  return timingSafeEqual(Buffer.from(ticket, "latin1"), Buffer.from(shown, "latin1"));
}

/** What all are told of a participant that has lost their connection, or has it again. */
export function awayLine({ name, isAway }: Participant): string {
  const who = inSentence(name);
  return isAway ? `${who} has lost the connection, and may come back.` : `${who} is back.`;
}
