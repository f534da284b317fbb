import { randomUUID } from "node:crypto";
import { AppError } from "../common/errors.ts";
import { KeyAgreement, type ResumptionClaim, isProved } from "./resumption.ts";
import type { LinkConnection } from "./connection.ts";
import type { HostLink } from "./hostLink.ts";
import type { Resumption } from "./messages.ts";

/** A link that its guest may resume. */
export interface ResumableLink {
  readonly link: HostLink;
  readonly connection: LinkConnection;
}

interface Entry extends ResumableLink {
  readonly secret: Buffer;
  /** The attempt that was taken last. */
  attempt: number;
}

/** What a host and a guest agree on before there is a link. */
export interface AgreedResumption {
  readonly resumption: Resumption;
  readonly secret: Buffer;
}

/** The links of a host whose guests know the feature `resume`. */
export class ResumableLinks {
  readonly #entries = new Map<string, Entry>();
  /** Why links have ended whose guests were away: they learn it when they try to resume. */
  readonly #ended = new Map<string, AppError>();

  /** Undefined if the guest's key is none. `keepMs`: how long the link may be without a channel. */
  agree(key: string, keepMs: number): AgreedResumption | undefined {
    const agreement = new KeyAgreement();
    const secret = agreement.secretWith(key);
    return secret && { resumption: { link: randomUUID(), key: agreement.publicKey, keepMs }, secret };
  }

  add({ resumption, secret }: AgreedResumption, resumable: ResumableLink): void {
    const { link: id, keepMs } = resumption;
    const entry: Entry = { ...resumable, secret, attempt: 0 };
    this.#entries.set(id, entry);
    resumable.connection.onEnd((reason) => {
      this.#entries.delete(id);
      if (reason === undefined || !resumable.connection.isAway) return;
      this.#ended.set(id, reason);
      setTimeout(() => this.#ended.delete(id), keepMs).unref();
    });
  }

  /** The link that a guest resumes. Throws an AppError, which the guest may be told, if there is none for it. */
  find(claim: ResumptionClaim): ResumableLink {
    const entry = this.#entries.get(claim.link);
    if (entry === undefined) throw this.#ended.get(claim.link) ?? unknown();
    if (!isProved(entry.secret, claim) || claim.attempt <= entry.attempt)
      throw new AppError("refused", "It is not proved that this connection is yours.", {
        hint: "Join again.",
      });
    entry.attempt = claim.attempt;
    return entry;
  }
}

function unknown(): AppError {
  return new AppError("notAvailable", "The host does not know this connection any more.", {
    hint: "Join again.",
  });
}
