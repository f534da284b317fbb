import os from "node:os";
import { isDeepStrictEqual } from "node:util";
import { type Disposable, toDisposable } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import { Emitter } from "../../common/event.ts";
import type { Logger } from "../../common/logger.ts";
import type { NetworkServer } from "../../host/discovery/advert.ts";
import { discover } from "../../host/discovery/discover.ts";

/** How often the network is asked while somebody looks: who has died says no goodbye. */
const AGAIN_MS = 20_000;

/** The servers that other machines announce, kept up to date while somebody looks. */
export class NetworkServers implements Disposable {
  readonly #isOn: () => boolean;
  readonly #logger: Logger;
  readonly #discover: typeof discover;
  readonly #changed = new Emitter<void>();
  readonly onChanged = this.#changed.event;
  #servers: readonly NetworkServer[] = [];

  /** Nothing is asked while `isOn` says no. `ask`: instead of the network; for tests. */
  constructor(isOn: () => boolean, logger: Logger, ask: typeof discover = discover) {
    this.#isOn = isOn;
    this.#logger = logger;
    this.#discover = ask;
  }

  get servers(): readonly NetworkServer[] {
    return this.#servers;
  }

  /** Somebody looks, until it is disposed. */
  watch(): Disposable {
    const ended = new AbortController();
    const look = () => void this.#look(ended.signal);
    look();
    const timer = setInterval(look, AGAIN_MS);
    return toDisposable(() => {
      clearInterval(timer);
      ended.abort();
    });
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      const found = this.#isOn() ? await this.#discover({ signal }) : [];
      if (signal.aborted) return;
      const own = ownAddresses();
      const others = found.filter(({ address }) => !("server" in address && own.has(address.server)));
      // Those that are the same as before stay the same: rows are compared by them.
      const now = others.map((one) => this.#servers.find((old) => isDeepStrictEqual(old, one)) ?? one);
      const isSame = isDeepStrictEqual(now, this.#servers);
      this.#servers = now;
      if (!isSame) this.#changed.fire();
    } catch (thrown) {
      if (!signal.aborted) this.#logger.log("debug", AppError.from(thrown).message);
    }
  }
}

/** This machine's servers are in the list already, for a guest on it. */
function ownAddresses(): Set<string> {
  const all = Object.values(os.networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set(all.map(({ address }) => address));
}
