import { AppError } from "../common/errors.ts";
import { type JsonObject, encodeJson, type Outcome, errorOutcome, ownOutput } from "../dap/messages.ts";
import { type ChildOffer, offersChild, readChildOffer } from "../dap/childOffer.ts";
import type { Client } from "./client.ts";
import type { ReverseRequest } from "./upstream.ts";
import { mayControl } from "./viewAccess.ts";

interface ReverseHub {
  readonly clients: ReadonlySet<Client>;
  /** Sends an event to all live clients. */
  broadcast(event: string, body: Buffer | undefined): void;
}

/** A child session, as those who join it need to know it. */
export interface ChildSession {
  readonly id: string;
  readonly name: string;
  /** Lets it run, if it waits for a client to configure it. */
  readonly release: () => void;
  /** A local editor has started it and drives it: it need not be invited. */
  readonly isEditors?: boolean;
}

export interface ReverseOptions {
  /** `hold`: clients will be invited, so the program waits for their breakpoints. */
  readonly startChild:
    ((request: string, configuration: JsonObject, hold: boolean) => Promise<ChildSession>) | undefined;
  /**
   * A local editor starts its adapter's child sessions by itself: resolves, soon, with the offer as it is to be told. Undefined: the
   * hub starts them.
   */
  readonly offerChild: (offer: ChildOffer) => Promise<ChildOffer> | undefined;
  /** The client that started the session, if it is here. */
  readonly driver: () => Client | undefined;
}

/**
 * Which of its adapter's requests the client that started the session is sent, `startDebugging` apart. What an adapter
 * wants runs on that client's machine. A local editor has chosen the adapter itself and is sent all. A client that came through a
 * server is a guest of the host's: of them, only a plain DAP client that can open terminals is asked for one, because it
 * has started the program as its own.
 */
function mayBeAsked({ isLocal, participant, capabilities }: Client, command: string): boolean {
  const opensTerminals = capabilities?.runInTerminal === true;
  if (command === "runInTerminal") return opensTerminals && (isLocal || participant.kind === "dap");
  return isLocal;
}

/** Requests of the adapter. Each is answered, whichever client leaves. */
export class ReverseRequests {
  readonly #hub: ReverseHub;
  readonly #options: ReverseOptions;
  readonly #children: ChildSession[] = [];

  constructor(hub: ReverseHub, options: ReverseOptions) {
    this.#hub = hub;
    this.#options = options;
  }

  handle(request: ReverseRequest): void {
    const { command } = request;
    if (offersChild(command)) {
      this.childOffered(command, request.args, (outcome) => request.answer(outcome));
      return;
    }
    const driver = this.#options.driver();
    if (driver !== undefined && mayBeAsked(driver, command))
      driver.request(command, request.args, (outcome) => request.answer(outcome), request.rest);
    else
      request.answer(
        errorOutcome(new AppError("notSupported", `Nobody is here for the request "${command}".`)),
      );
  }

  /**
   * The adapter offers a child session, by an event or by a request that wants an answer. To a local editor it is passed on as the
   * adapter has sent it.
   */
  childOffered(name: string, message: Buffer | undefined, answer?: (outcome: Outcome) => void): void {
    const offer = readChildOffer(name, message);
    const driver = this.#options.driver();
    const told = driver?.isLocal === true ? this.#options.offerChild(offer) : undefined;
    if (driver === undefined || told === undefined) {
      void this.#startChild(offer.request, offer.configuration).then((outcome) =>
        answer?.(outcome instanceof AppError ? errorOutcome(outcome) : { success: true }),
      );
      return;
    }
    let { message: passed } = offer;
    driver.hold(told.then((own) => (passed = own.message)));
    if (answer === undefined) driver.eventLater(name, () => passed, passed.length);
    else driver.requestLater(name, () => passed, passed.length, answer);
  }

  /** Starts a child session and invites all clients that can join it. Never throws. */
  async #startChild(how: string, configuration: JsonObject): Promise<ChildSession | AppError> {
    if (this.#options.startChild === undefined)
      return new AppError("notSupported", "Child sessions are not served here.");
    try {
      const child = await this.#options.startChild(how, configuration, this.#invitable().some(mayControl));
      // Again: a client may have come or gone while the adapter was opened.
      this.childStarted(child);
      return child;
    } catch (thrown) {
      const error = AppError.from(thrown, "adapterFailed");
      this.#hub.broadcast(
        "output",
        ownOutput("important", `Debug Server: A child session did not start: ${error.toLine()}`),
      );
      return error;
    }
  }

  /**
   * A child session has started: all clients that can join it are invited. It runs if there is none to wait for: a client
   * with view access has nothing to configure.
   */
  childStarted(child: ChildSession): void {
    this.#children.push(child);
    const invited = this.#invitable().filter(({ isLocal }) => !isLocal || child.isEditors !== true);
    const expected = new Set(invited.filter(mayControl));
    if (expected.size === 0) child.release();
    for (const client of invited) {
      this.#invite(client, child, (accepted) => {
        if (!accepted && expected.delete(client) && expected.size === 0) child.release();
      });
    }
  }

  get hasChildren(): boolean {
    return this.#children.length > 0;
  }

  /** Invites a late client to the children that go on. */
  replayChildren(client: Client): void {
    for (const child of this.#children) this.#invite(client, child, () => {});
  }

  childEnded(id: string): void {
    const index = this.#children.findIndex((child) => child.id === id);
    if (index >= 0) this.#children.splice(index, 1);
  }

  #invitable(): Client[] {
    return [...this.#hub.clients].filter(
      ({ live, capabilities }) => live && capabilities?.startDebugging === true,
    );
  }

  /** The configuration is the one by which the client joined this session, with the child's id. */
  #invite(client: Client, child: ChildSession, answered: (accepted: boolean) => void): void {
    const { capabilities } = client;
    if (capabilities?.startDebugging !== true) return;
    const configuration = {
      ...client.startArgs,
      type: client.startArgs?.type ?? capabilities.adapterID,
      name: child.name,
      request: "attach",
      debugServerSession: child.id,
      debugServerTicket: client.participant.ticket,
    };
    client.request("startDebugging", encodeJson({ request: "attach", configuration }), ({ success }) =>
      answered(success),
    );
  }
}
