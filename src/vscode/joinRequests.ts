import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import type { DecideAdmission, JoinRequest } from "../host/admissionPrompt.ts";

/** What a join request is about. */
interface Session {
  readonly name: string;
}

/** A client that waits for the answer of the person at this window. */
export interface PendingClient {
  /** Never used again. */
  readonly id: number;
  readonly session: Session;
  readonly request: JoinRequest;
}

/** What the person at this window may answer; undefined: no. */
export type Answer = Access | undefined;

/** The requests to join one of this window's sessions, in the order in which they came. */
export class JoinRequests {
  readonly #pending = new Map<
    number,
    { readonly client: PendingClient; readonly decide: (answer: Answer) => void }
  >();
  readonly #changed = new Emitter<void>();
  /** One more waits, or one less. */
  readonly onChanged = this.#changed.event;
  readonly #withdrawn = new Emitter<{ readonly client: PendingClient; readonly reason: AppError }>();
  /** One waits no longer, without an answer. Before `onChanged`. */
  readonly onWithdrawn = this.#withdrawn.event;
  #lastId = 0;

  get all(): readonly PendingClient[] {
    return [...this.#pending.values()].map(({ client }) => client);
  }

  /** How the servers of a session ask. */
  admit(session: Session): DecideAdmission {
    return (request, { signal }) =>
      new Promise((resolve, reject) => {
        const client: PendingClient = { id: ++this.#lastId, session, request };
        const withdraw = () => {
          this.#pending.delete(client.id);
          const reason = AppError.from(signal.reason);
          reject(reason);
          this.#withdrawn.fire({ client, reason });
          this.#changed.fire();
        };
        const decide = (answer: Answer) => {
          this.#pending.delete(client.id);
          signal.removeEventListener("abort", withdraw);
          if (answer === undefined) reject(new AppError("refused", "The host did not let you in."));
          else resolve(answer);
        };
        this.#pending.set(client.id, { client, decide });
        signal.addEventListener("abort", withdraw, { once: true });
        this.#changed.fire();
      });
  }

  /** Answers those of them that still wait. The server's own right is the most that a guest gets (admissionPrompt.ts). */
  answer(ids: Iterable<number>, answer: Answer): void {
    let isChanged = false;
    for (const id of ids) {
      const pending = this.#pending.get(id);
      pending?.decide(answer);
      isChanged ||= pending !== undefined;
    }
    if (isChanged) this.#changed.fire();
  }
}
