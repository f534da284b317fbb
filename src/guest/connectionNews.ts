import { DisposableStore } from "../common/disposable.ts";
import type { Event } from "../common/event.ts";
import type { GuestLink } from "../link/guestLink.ts";

/** What a guest is told of its connection when that breaks, and when it is there again. */
export function connectionNews(link: GuestLink): Event<string> {
  const seconds = Math.round((link.welcome.resume?.keepMs ?? 0) / 1000);
  return (listener) => {
    const store = new DisposableStore();
    store.add(
      link.connection.onAway(({ message }) =>
        listener(`${message} Reconnecting, for ${seconds} s at most; what you do meanwhile is kept.`),
      ),
    );
    store.add(link.connection.onBack(() => listener("Connected again; nothing is lost.")));
    return store;
  };
}
