import { type Disposable, DisposableStore } from "../common/disposable.ts";
import type { App } from "./app.ts";
import type { Joins } from "./guest/joins.ts";
import { guestsOf, hasPassword, type Serving } from "./host/serving.ts";
import type { JoinRequests } from "./joinRequests.ts";
import { CONTEXT } from "./names.ts";

/** What is so now, for the `when` clauses of package.json. */
export function contextOf(
  serving: Pick<Serving, "servable" | "servers">,
  joins: Pick<Joins, "all">,
  requests: Pick<JoinRequests, "all">,
): Record<string, boolean> {
  return {
    [CONTEXT.hasSession]: serving.servable.length > 0,
    [CONTEXT.isServing]: serving.servers.length > 0,
    [CONTEXT.hasPassword]: serving.servers.some(hasPassword),
    [CONTEXT.hasGuests]: guestsOf(serving).length > 0,
    [CONTEXT.hasRequests]: requests.all.length > 0,
    [CONTEXT.isGuest]: joins.all.length > 0,
  };
}

/** Keeps the keys by which package.json shows commands only when they apply. */
export function keepContext(
  { serving, joins, requests }: Pick<App, "serving" | "joins" | "requests">,
  setContext: (key: string, value: boolean) => void,
): Disposable {
  const set = new Map<string, boolean>();
  const update = () => {
    for (const [key, value] of Object.entries(contextOf(serving, joins, requests))) {
      if (set.get(key) === value) continue;
      set.set(key, value);
      setContext(key, value);
    }
  };
  const store = new DisposableStore();
  store.add(serving.onChanged(update));
  store.add(joins.onChanged(update));
  store.add(requests.onChanged(update));
  update();
  return store;
}
