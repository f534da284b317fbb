import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";
import { type Guest, guestsOf, property } from "./find.ts";
import { pickOne } from "./pick.ts";
import { AppError } from "../../common/errors.ts";

/** The guest of the row by which a command was called, else the only one, else the one that is picked. */
export async function chooseGuest(
  { serving }: Pick<App, "serving">,
  argument: unknown,
  title: string,
): Promise<Guest | undefined> {
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
