import { AppError } from "../../common/errors.ts";
import type { Peer, TcpConnection } from "../channel.ts";
import { type Clock, realClock } from "../clock.ts";
import { abortable } from "../deadline.ts";
import type { ConnectionTable, Finding } from "./connectionTable.ts";
import { Lsof } from "./lsof.ts";
import { NetTcpConnection } from "./netTcpConnection.ts";
import { ProcNet } from "./procNet.ts";

/** Which user of this machine a peer is. */
export type PeerUser =
  /** `user`: a uid, on Windows a SID. `isOwn`: this process's. */
  | { readonly kind: "known"; readonly user: string; readonly isOwn: boolean }
  /** `reason`: a sentence for people. */
  | { readonly kind: "unknown"; readonly reason: string };

/** A row can be missed where the table changes while it is read, so it is read again after these times, in milliseconds. */
const AGAIN_AFTER_MS = [10, 40, 160] as const;

const REASONS: Readonly<Record<Exclude<Finding["kind"], "owner">, string>> = {
  pending: "The other side does not accept the connection.",
  closed: "The other side has closed the connection.",
  ambiguous: "This system lists several owners of the connection.",
  missing: "This system does not list the connection; it may come from a container or another machine.",
};

/** Finds the users of peers. One read of the system's table answers all who asked before it began. */
export class PeerUsers {
  readonly #table: ConnectionTable;
  readonly #clock: Clock;
  #ownUser: Promise<string> | undefined;
  /** The read that is under way, if any; it never rejects. */
  #reading: Promise<unknown> = Promise.resolve();
  #next:
    { readonly wanted: Set<TcpConnection>; readonly found: ReturnType<ConnectionTable["find"]> } | undefined;

  /** `clock`: for tests. */
  constructor(table: ConnectionTable, clock: Clock = realClock) {
    this.#table = table;
    this.#clock = clock;
  }

  /**
   * Of a peer whose channel is open. It waits as long as the other side has not accepted the connection. Rejects only when
   * the signal aborts, with its reason.
   */
  async find({ connection }: Peer, signal: AbortSignal): Promise<PeerUser> {
    if (connection === undefined) return { kind: "unknown", reason: "It is no TCP connection." };
    try {
      const own = await abortable(this.#own(), signal);
      for (let reads = 0; ; reads++) {
        const finding = await abortable(this.#read(connection), signal);
        if (finding.kind === "owner")
          return { kind: "known", user: finding.user, isOwn: finding.user === own };
        const pause = AGAIN_AFTER_MS[finding.kind === "pending" ? Math.min(reads, 2) : reads];
        if (pause === undefined || finding.kind === "closed")
          return { kind: "unknown", reason: REASONS[finding.kind] };
        await this.#pause(pause, signal);
      }
    } catch (thrown) {
      signal.throwIfAborted();
      return { kind: "unknown", reason: AppError.from(thrown).message };
    }
  }

  #own(): Promise<string> {
    return (this.#ownUser ??= this.#table.ownUser().catch((thrown: unknown) => {
      // Another time it may be told.
      this.#ownUser = undefined;
      throw thrown;
    }));
  }

  async #read(connection: TcpConnection): Promise<Finding> {
    const { wanted, found } = (this.#next ??= this.#prepare());
    wanted.add(connection);
    return (await found).get(connection) ?? { kind: "missing" };
  }

  /** The next read, which begins when the one under way has ended: that one may have passed the row already. */
  #prepare() {
    const wanted = new Set<TcpConnection>();
    const found = this.#reading.then(() => {
      this.#next = undefined;
      return this.#table.find([...wanted]);
    });
    this.#reading = found.catch(() => {});
    return { wanted, found };
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.schedule(ms, () => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
      const stop = () => {
        timer.dispose();
        reject(AppError.from(signal.reason, "aborted"));
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
  }
}

const TABLES: Readonly<Partial<Record<NodeJS.Platform, () => ConnectionTable>>> = {
  linux: () => new ProcNet(),
  android: () => new ProcNet(),
  darwin: () => new Lsof(),
  win32: () => new NetTcpConnection(),
};

let users: PeerUsers | undefined;

/** As `PeerUsers.find`, by this system's table. */
export async function peerUser(peer: Peer, signal: AbortSignal): Promise<PeerUser> {
  const table = TABLES[process.platform];
  if (table === undefined) return { kind: "unknown", reason: `It cannot be known on ${process.platform}.` };
  users ??= new PeerUsers(table());
  return users.find(peer, signal);
}
