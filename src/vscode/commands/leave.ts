import { sanitize } from "../../common/sanitize.ts";
import type { App } from "../app.ts";
import { joinName } from "../guest/joins.ts";
import { pickOne } from "./pickers.ts";
import { targetOf } from "./targets.ts";

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
