import { createHash } from "node:crypto";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import type { RequestName, Requests } from "../../link/control.ts";
import type { GuestLink } from "../../link/guestLink.ts";
import type { SourceInfo } from "../../link/messages.ts";

/** Fewer than the link allows: it is not only for files. */
const REQUESTS_UNDER_WAY = 32;
/** What was read stays readable after the session's end, up to so much in all. */
const KEPT_BYTES = 4 * LIMITS.sourceBytes;

export interface ReadOptions {
  readonly onProgress?: (bytes: number, size: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The host's files as one guest may see them: over a link, for all sessions that it has opened. */
export class HostFiles {
  readonly #link: Pick<GuestLink, "request">;
  readonly #kept = new Map<string, Buffer>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  /** The host keeps for each guest one file that is being read. */
  #reading: Promise<unknown> = Promise.resolve();

  constructor(link: Pick<GuestLink, "request">) {
    this.#link = link;
  }

  /** Rejects with the host's refusal: see docs/PROTOCOL.md, "Sources". */
  describe(session: string, path: string): Promise<SourceInfo> {
    return this.#request("describeSource", { session, path });
  }

  /** The host's file that is the same as the guest's own at `path`; `samePlace`: at last at that very path. */
  async find(session: string, path: string, sha256: string, samePlace: boolean): Promise<string | undefined> {
    return (await this.#request("findSource", { session, path, sha256, samePlace })).path;
  }

  /** The content as it is now; if it cannot be had any more, as it was when it was last read. */
  async read(session: string, path: string, options: ReadOptions = {}): Promise<Buffer> {
    const turn = this.#reading.then(() => this.#fetch(session, path, options));
    this.#reading = turn.catch(() => {});
    try {
      const content = await turn;
      this.#keep(path, content);
      return content;
    } catch (thrown) {
      const kept = this.#kept.get(path);
      if (kept === undefined) throw thrown;
      return kept;
    }
  }

  async #fetch(session: string, path: string, { onProgress, signal }: ReadOptions): Promise<Buffer> {
    const described = this.#request("describeSource", { session, path }, signal);
    // At the same time, so that a small file costs one round trip; its failure is the description's.
    let chunk = this.#request("readSource", { session, path, offset: 0 }, signal);
    chunk.catch(() => {});
    const { size, sha256 } = await described;
    if (size > LIMITS.sourceBytes) throw new AppError("tooLarge", "The host's file is too large.");
    const pieces: Buffer[] = [];
    for (let offset = 0; ;) {
      const { data, end } = await chunk;
      const piece = Buffer.from(data, "base64");
      pieces.push(piece);
      offset += piece.length;
      onProgress?.(offset, size);
      if (end || piece.length === 0 || offset > size) break;
      chunk = this.#request("readSource", { session, path, offset }, signal);
    }
    const content = Buffer.concat(pieces);
    if (sha256Of(content) !== sha256)
      throw new AppError("notAvailable", "The host's file has changed while it was read.", {
        hint: "Try again.",
      });
    return content;
  }

  async #request<M extends RequestName>(
    method: M,
    params: Requests[M]["params"],
    signal?: AbortSignal,
  ): Promise<Requests[M]["result"]> {
    if (this.#underWay >= REQUESTS_UNDER_WAY) await new Promise<void>((go) => this.#waiting.push(go));
    this.#underWay++;
    try {
      return await this.#link.request(method, params, { signal });
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  #keep(path: string, content: Buffer): void {
    this.#kept.delete(path);
    this.#kept.set(path, content);
    let bytes = 0;
    for (const { length } of this.#kept.values()) bytes += length;
    for (const [oldest, { length }] of this.#kept) {
      if (bytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      bytes -= length;
    }
  }
}

export function sha256Of(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
