import { format } from "../address/format.ts";
import type { ServerAddress } from "../address/model.ts";
import { checkServer } from "./commands/check.ts";
import { AppError } from "../common/errors.ts";

/**
 * Starts the servers of a setting, one after the other. Resolves with a sentence for each that could not be; no
 * secret is in it, so an entry that is wrong is called by its number.
 */
export async function startAll(
  texts: readonly string[],
  start: (address: ServerAddress) => Promise<unknown>,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [index, text] of texts.entries()) {
    const checked = checkServer(text);
    if (!checked.ok) {
      failures.push(`Entry ${index + 1}: ${checked.message}`);
      continue;
    }
    try {
      await start(checked.address);
    } catch (thrown) {
      failures.push(`${format(checked.address, { secrets: "mask" })}: ${AppError.from(thrown).toLine()}`);
    }
  }
  return failures;
}
