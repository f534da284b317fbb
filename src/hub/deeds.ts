import type { JsonObject } from "../dap/messages.ts";
import { REQUESTS } from "../dap/requests.ts";

/** What somebody did by a request that changes the program's state, for the line that tells the others. */
export function changeDeed(command: string, args: JsonObject): string {
  if (command === "writeMemory") return `writes memory at ${String(args.memoryReference)}`;
  return (
    REQUESTS.get(command)?.deed ?? `sets ${String(args.name ?? args.expression)} = ${String(args.value)}`
  );
}
