import type { App } from "../app.ts";
import { note } from "../messages.ts";
import { chooseServer } from "./pickers.ts";

/** Its guests are told; the debug session goes on. */
export async function stop(app: App, argument: unknown): Promise<void> {
  const served = await chooseServer(app, argument, "Stop Debug Server");
  if (served === undefined) return;
  await app.serving.stop(served);
  note(`Stopped: ${served.hosted.server.connectionString}`);
}
