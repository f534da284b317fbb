import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import type { Logger } from "../common/logger.ts";
import { guestMessageLimit, LIMIT_BEFORE_ADMISSION } from "../common/messageLimit.ts";
import type { DapPort } from "../dap/port.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { Client, Participant } from "../hub/client.ts";
import { readClientCapabilities } from "../hub/clientCapabilities.ts";
import type { Sessions } from "../hub/sessions.ts";
import { stallMs, peerLabel } from "../transport/peer.ts";
import type { JoinAttempt } from "./admission.ts";
import { PendingDapPort } from "./pendingDapPort.ts";

/** The guests of one server that speak plain DAP. */
export class DapGuests {
  readonly #sessions: Sessions;
  readonly #logger: Logger;
  readonly #initializeMs: number;
  readonly #clients = new Set<Client>();

  /** `initializeMs`: how long the `initialize` of an admitted guest may remain unanswered. */
  constructor(sessions: Sessions, logger: Logger, initializeMs: number) {
    this.#sessions = sessions;
    this.#logger = logger;
    this.#initializeMs = initializeMs;
  }

  has(participant: Participant): boolean {
    return [...this.#clients].some((client) => client.participant === participant);
  }

  /** Resolves when the guest is admitted; rejects if it is not. */
  async accept(attempt: JoinAttempt): Promise<void> {
    const { peer, stream } = attempt.channel;
    let client: Client | undefined;
    const port = new StreamPort(stream, {
      limit: () =>
        client?.capabilities === undefined
          ? LIMIT_BEFORE_ADMISSION
          : guestMessageLimit(client.participant.access),
      turns: this.#sessions.turns,
      stallMs: stallMs(peer),
    });
    const address = peerLabel(peer);
    const pending = new PendingDapPort(port);
    try {
      const { clientName = address } = readClientCapabilities(await pending.initialized(attempt.remainingMs));
      // Nothing of DAP says that it takes longer.
      const wait = { signal: pending.gone, extend: () => {} };
      const access = await attempt.decide({ name: clientName, address, kind: "dap" }, wait);
      client = this.#join(pending, address, access);
    } catch (thrown) {
      const reason = AppError.from(thrown);
      pending.refuse(reason);
      throw reason;
    }
  }

  /** Each guest is let go, with the reason if there is one. */
  close(reason: AppError | undefined): void {
    for (const client of [...this.#clients]) {
      if (reason === undefined) client.close();
      else client.drop(reason);
    }
  }

  #join(port: DapPort, address: string, access: Access): Client {
    const participant = this.#sessions.admit({ address, access });
    const client = this.#sessions.joinRoot(port, participant);
    this.#clients.add(client);
    // Its `initialize` may yet be refused, for wrong arguments say; the adapter's answer to it may take its time.
    const timer = setTimeout(() => {
      if (client.capabilities !== undefined) return;
      client.drop(new AppError("timeout", "The client did not send initialize in time."));
    }, this.#initializeMs);
    client.onAnswered(() => {
      if (client.capabilities !== undefined) clearTimeout(timer);
    });
    client.onGone((reason) => {
      clearTimeout(timer);
      this.#clients.delete(client);
      if (reason !== undefined) this.#logger.log("info", `${participant.name}: ${reason.message}`);
      port.close();
      this.#sessions.leave(participant);
    });
    return client;
  }
}
