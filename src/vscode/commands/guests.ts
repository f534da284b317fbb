import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { App } from "../app.ts";
import { guestsOf, type ServedGuest } from "../host/serving.ts";
import { confirm } from "../messages.ts";
import { accessItems } from "./accessItems.ts";
import { pickOne } from "./pickers.ts";
import { property } from "./targets.ts";

export async function changeAccess(app: App, argument: unknown): Promise<void> {
  const guest = await chooseGuest(app, argument, "Change Guest’s Access");
  if (guest === undefined) return;
  const { id, name, access } = guest.info.participant;
  const picked = await vscode.window.showQuickPick(accessItems(access), {
    title: `Change Guest’s Access: ${sanitize(name)}`,
    placeHolder: `What may ${sanitize(name)} do?`,
  });
  if (picked !== undefined) guest.host.setAccess(id, picked.access);
}

export async function removeGuest(app: App, argument: unknown): Promise<void> {
  const guest = await chooseGuest(app, argument, "Remove Guest");
  if (guest === undefined) return;
  const { name, id } = guest.info.participant;
  const remove = "Remove";
  const detail = "They are told so, and can ask to come in again. What only they have set goes with them.";
  const answer = await confirm(`Remove ${name} from “${guest.session.name}”?`, detail, remove);
  if (answer === remove) guest.host.removeGuest(id);
}

/** The guest of the row by which a command was called, else the only one, else the one that is picked. */
async function chooseGuest(
  { serving }: Pick<App, "serving">,
  argument: unknown,
  title: string,
): Promise<ServedGuest | undefined> {
  const guests = guestsOf(serving);
  const wanted = property(argument, "guest");
  if (wanted !== undefined) {
    const found = guests.find(({ info }) => info.participant === wanted);
    if (found === undefined) throw new AppError("closed", "This guest has left.");
    return found;
  }
  return pickOne(
    guests.map((guest) => ({
      label: `$(account) ${sanitize(guest.info.participant.name)}`,
      description: guest.info.participant.access,
      detail: sanitize(`${guest.session.name}, ${guest.info.participant.address}`),
      value: guest,
    })),
    title,
    "Which guest?",
    "Nobody has joined.",
  );
}
