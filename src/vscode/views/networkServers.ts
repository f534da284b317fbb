import os from "node:os";
import { isDeepStrictEqual } from "node:util";
import { type Disposable, toDisposable } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import { Emitter, type Event } from "../../common/event.ts";
import type { Logger } from "../../common/logger.ts";
import type { NetworkServer } from "../../host/discovery/advert.ts";
import { discover } from "../../host/discovery/discover.ts";

/** How often the network is asked while the view is seen: a machine that has died says no goodbye. */
const AGAIN_MS = 20_000;

/** Whether the network may be asked. */
export interface NetworkSwitch {
  isOn(): boolean;
  /** It may say otherwise now. */
  readonly onSwitched: Event<void>;
}

/** The servers that other machines announce, kept up to date while the view is seen. */
export class NetworkServers implements Disposable {
  readonly #switch: NetworkSwitch;
  readonly #logger: Logger;
  readonly #discover: typeof discover;
  readonly #changed = new Emitter<void>();
  readonly onChanged = this.#changed.event;
  #looking = new AbortController();
  #servers: readonly NetworkServer[] = [];

  /** `ask`: instead of the network; for tests. */
  constructor(networkSwitch: NetworkSwitch, logger: Logger, ask: typeof discover = discover) {
    this.#switch = networkSwitch;
    this.#logger = logger;
    this.#discover = ask;
  }

  get servers(): readonly NetworkServer[] {
    return this.#servers;
  }

  /** The view is seen, until this is disposed. */
  watch(): Disposable {
    const refresh = () => void this.refresh();
    refresh();
    const timer = setInterval(refresh, AGAIN_MS);
    const switching = this.#switch.onSwitched(refresh);
    return toDisposable(() => {
      clearInterval(timer);
      switching.dispose();
      this.#looking.abort();
    });
  }

  /** Asks the network now, which takes some seconds. Does not reject. */
  async refresh(): Promise<void> {
    this.#looking.abort();
    this.#looking = new AbortController();
    await this.#look(this.#looking.signal);
  }

  dispose(): void {
    this.#looking.abort();
    this.#changed.dispose();
  }

  async #look(signal: AbortSignal): Promise<void> {
    try {
      const found = this.#switch.isOn() ? await this.#discover({ signal }) : [];
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
