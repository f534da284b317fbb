import type { JsonObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";
import { asText } from "../common/values.ts";

/** What somebody did by a request that changes the program's state, for the line that tells the others. */
export function changeActivity(command: string, args: JsonObject): string {
  if (command === "writeMemory") return `writes memory at ${asText(args.memoryReference)}`;
  return (
    REQUESTS.get(command)?.activity ?? `sets ${asText(args.name ?? args.expression)} = ${asText(args.value)}`
  );
}
