import type { App } from "../app.ts";
import { sanitize } from "../../common/sanitize.ts";
import { targetOf } from "./find.ts";
import { joinName } from "./joinName.ts";
import { pickOne } from "./pick.ts";

/** The debug session of the join ends with its link, at this window only. */
export async function leave({ joins }: App, argument: unknown): Promise<void> {
  const { all } = joins;
  const join =
    targetOf(argument, "join", all) ??
    (await pickOne(
      all.map((value) => ({
        label: `$(debug-alt) ${sanitize(joinName(value))}`,
        description: sanitize(value.address),
        value,
      })),
      "Leave",
      "Which debug session?",
      "This window has joined no debug session.",
    ));
  join?.joined.link.close();
}
