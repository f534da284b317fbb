import { guestsOf, hasPassword } from "./commands/find.ts";
import type { Joins } from "./guest/joins.ts";
import type { JoinRequests } from "./joinRequests.ts";
import type { Serving } from "./host/serving.ts";
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
