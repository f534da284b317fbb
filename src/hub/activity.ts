import { LIMITS } from "../common/limits.ts";
import { inSentence } from "../common/names.ts";
import { shownLine } from "../common/sanitize.ts";
import { asText } from "../common/values.ts";
import type { JsonObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import type { Actor } from "./client.ts";
import type { ConsoleLines } from "./consoleLines.ts";

interface ActivityHub {
  /** The session only starts child sessions: what concerns the program is said in those, and once. */
  readonly isParentOnly: boolean;
  /** A line in the debug consoles of all clients but one. */
  say(line: string, except?: Actor): void;
}

/** Tells the others in their debug consoles what a participant has done, as far as `lines` allows. */
export class Activity {
  readonly #hub: ActivityHub;
  readonly #lines: ConsoleLines;

  constructor(hub: ActivityHub, lines: ConsoleLines) {
    this.#hub = hub;
    this.#lines = lines;
  }

  /** `what`: a verb with its object, as in "steps over". */
  report(actor: Actor, what: string): void {
    if (this.#hub.isParentOnly) return;
    const line = `${inSentence(actor.participant.name)} ${shownLine(what, LIMITS.activityLength)}.`;
    if (this.#lines.takeOrCount(actor.participant, line.length)) this.#hub.say(line, actor);
  }
}

/** What a request that changes the program's state is called in such a line. */
export function changeActivity(command: string, args: JsonObject): string {
  if (command === "writeMemory") return `writes memory at ${asText(args.memoryReference)}`;
  return (
    REQUESTS.get(command)?.activity ?? `sets ${asText(args.name ?? args.expression)} = ${asText(args.value)}`
  );
}
