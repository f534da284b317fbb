import type { ClientAddress } from "../address/model.ts";
import { Emitter, type Event } from "../common/event.ts";
import { otherUser } from "../security/otherUser.ts";
import type { Peer } from "../transport/channel.ts";

/**
 * Looks at whose server a guest has reached on its own machine, where neither a password nor a certificate proves that: any
 * user may have taken the port. The guest is told and goes on, because a host can have nothing run at its guests.
 */
export class UnprovedServer {
  readonly #told = new Emitter<string>();
  readonly #texts = new Set<string>();

  /** Also tells what was found before: the look takes its time, and each session has a console of its own. */
  readonly onStranger: Event<string> = (listener) => {
    for (const text of this.#texts) listener(text);
    return this.#told.event(listener);
  };

  /** At the other end of a connection whose handshake is over. */
  async look(address: ClientAddress, peer: Peer): Promise<void> {
    const isOpen =
      (address.kind === "tcp" || address.kind === "tcpReverse") && address.password === undefined;
    const user = isOpen ? await otherUser(peer) : undefined;
    if (user === undefined) return;
    const text = `This server is a program of another user of this machine (${user}), and what you type goes to them. If you expected another server, leave; a password, ssl: or a pipe proves whose it is.`;
    if (this.#texts.has(text)) return;
    this.#texts.add(text);
    this.#told.fire(text);
  }
}
