import { DisposableStore } from "../common/disposable.ts";
import type { Event } from "../common/event.ts";
import type { Joined } from "./join.ts";

/** What a guest is told of its connection: whose it is, when it breaks, and when it is there again. */
export function connectionNotices({ link, onStranger }: Pick<Joined, "link" | "onStranger">): Event<string> {
  const seconds = Math.round((link.welcome.resume?.keepMs ?? 0) / 1000);
  return (listener) => {
    const store = new DisposableStore();
    store.add(onStranger(listener));
    store.add(
      link.connection.onAway(({ message }) =>
        listener(`${message} Reconnecting, for ${seconds} s at most; what you do meanwhile is kept.`),
      ),
    );
    store.add(link.connection.onBack(() => listener("Connected again; nothing is lost.")));
    return store;
  };
}
