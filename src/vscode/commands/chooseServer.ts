import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { ServedServer } from "../host/serving.ts";
import { targetOf } from "./find.ts";
import { pickOne } from "./pick.ts";

/**
 * The server of the row by which a command was called, else the only one of this window that the command can be about,
 * else the one that is picked.
 */
export async function chooseServer(
  { serving }: Pick<App, "serving">,
  argument: unknown,
  title: string,
  accept: (served: ServedServer) => boolean = () => true,
): Promise<ServedServer | undefined> {
  const servers = serving.servers.filter(accept);
  return (
    targetOf(argument, "served", servers) ??
    pickOne(
      servers.map((served) => ({
        label: `$(broadcast) ${sanitize(served.hosted.server.connectionString)}`,
        description: sanitize(served.session.name),
        value: served,
      })),
      title,
      "Which server?",
      "This window has no server for that.",
    )
  );
}
