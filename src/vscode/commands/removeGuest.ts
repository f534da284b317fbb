import type { App } from "../app.ts";
import { confirm } from "../messages.ts";
import { chooseGuest } from "./chooseGuest.ts";

export async function removeGuest(app: App, argument: unknown): Promise<void> {
  const guest = await chooseGuest(app, argument, "Remove Guest");
  if (guest === undefined) return;
  const { name, id } = guest.info.participant;
  const remove = "Remove";
  const detail = "They are told so, and can ask to come in again. What only they have set goes with them.";
  const answer = await confirm(`Remove ${name} from “${guest.session.name}”?`, detail, remove);
  if (answer === remove) guest.host.removeGuest(id);
}
