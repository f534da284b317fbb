import { AppError } from "../common/errors.ts";
import type { Peer } from "../transport/channel.ts";
import { peerUser } from "../transport/peerUser/peerUser.ts";

const HINT =
  "The one who serves can give it a password (password=…), use a pipe (npipe:), or write any-user to let in every user of this machine.";

/** Users that the host is told of, each once: no peer fills its log by connecting. */
const TOLD = 16;

/**
 * Admits programs of this process's own user, and no others. Loopback is open to every user of a machine: where neither
 * password nor certificate decides, this is what keeps them out. Root is another user, too.
 */
export class SameUser {
  readonly #tell: (message: string) => void;
  readonly #told = new Set<string>();

  /** `tell`: for the host's log. */
  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** Why a peer is not admitted; undefined if it may be. Rejects only when the signal aborts. */
  async refuse(peer: Peer, signal: AbortSignal): Promise<AppError | undefined> {
    const found = await peerUser(peer, signal);
    if (found.kind === "known") {
      if (found.isOwn) return undefined;
      this.#once(found.user, `A program of another user (${found.user}) was not let in. ${HINT}`);
      return new AppError("refused", "Only programs of the user who runs this server are let in.", {
        hint: HINT,
      });
    }
    const problem = `it cannot be known whose program this is. ${found.reason}`;
    this.#once("", `A connection was not let in: ${problem} ${HINT}`);
    // Another code: it may be known next time, so a guest who resumes tries again.
    return new AppError(
      "notAllowed",
      `Only programs of the user who runs this server are let in, and ${problem}`,
      { hint: HINT },
    );
  }

  #once(user: string, message: string): void {
    if (this.#told.has(user) || this.#told.size >= TOLD) return;
    this.#told.add(user);
    this.#tell(message);
  }
}
