import type { App } from "../app.ts";
import { harmless } from "../harmless.ts";
import type { ServedServer } from "../host/serving.ts";
import { targetOf } from "./find.ts";
import { pickOne } from "./pick.ts";

/** The server of the row by which a command was called, else the only one of this window, else the one that is picked. */
export async function chooseServer(
  { serving }: Pick<App, "serving">,
  argument: unknown,
  title: string,
): Promise<ServedServer | undefined> {
  const { servers } = serving;
  return (
    targetOf(argument, "served", servers) ??
    pickOne(
      servers.map((served) => ({
        label: `$(broadcast) ${harmless(served.hosted.server.connectionString)}`,
        description: harmless(served.session.name),
        value: served,
      })),
      title,
      "Which server?",
      "This window serves no debug session.",
    )
  );
}
