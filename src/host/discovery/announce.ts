import { randomBytes } from "node:crypto";
import os from "node:os";
import type { SslServer, TcpServer, Thumbprint } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import { type Logger, nullLogger } from "../../common/logger.ts";
import { type Advert, advertOf } from "./advert.ts";
import type { Published } from "./mdns.ts";

/** A server's announcement on the local network. */
export interface Announcement {
  /** The session is called that from now on. */
  update(session: string): void;
  /** Withdraws it. Resolves when the network has been told; does not reject. May be called twice. */
  close(): Promise<void>;
}

/**
 * Announces a server (`isAnnounced`) by DNS-SD until it is closed. Does not throw: a server that cannot be announced
 * serves all the same.
 */
export function announce(
  address: TcpServer | SslServer,
  options: {
    readonly session: string;
    readonly thumbprint: Thumbprint | undefined;
    readonly logger?: Logger | undefined;
  },
): Announcement {
  const { thumbprint, logger = nullLogger } = options;
  const about = { host: os.hostname(), id: randomBytes(3).toString("hex"), thumbprint };
  let session = options.session;
  let isClosed = false;
  const complain = (thrown: unknown) =>
    logger.log("warn", `A server cannot be announced on the network: ${AppError.from(thrown).message}`);
  const publish = async (advert: Advert): Promise<Published | undefined> => {
    if (isClosed) return undefined;
    return (await import("./mdns.ts")).publish(advert, complain);
  };
  // One after the other: the goodbye of an old name before the new one.
  let current = publish(advertOf(address, { ...about, session })).catch(complain);
  const withdraw = async () => {
    const published = await current;
    await published?.close();
    return undefined;
  };
  return {
    update(name) {
      if (name === session || isClosed) return;
      session = name;
      current = withdraw()
        .then(() => publish(advertOf(address, { ...about, session: name })))
        .catch(complain);
    },
    async close() {
      isClosed = true;
      await (current = withdraw().catch(complain));
    },
  };
}
