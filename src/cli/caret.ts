import type { ParseFailure } from "../address/result.ts";
import { maskSecrets } from "./mask.ts";
import { printable } from "../common/sanitize.ts";

/**
 * A connection string that does not parse, with a line that points at the offending characters:
 *
 *     debug-server: This is not a key of tcp.
 *       tcp:prot=5005
 *           ^^^^
 *       Did you mean "port"?
 */
export function renderFailure(text: string, failure: ParseFailure): string {
  const masked = maskSecrets(text);
  const start = masked.offset(failure.start);
  const end = Math.max(masked.offset(failure.end), start + 1);
  const lines = [
    `debug-server: ${failure.message}`,
    // Tabs and the like would shift what stands behind them; each is shown as one character.
    `  ${printable(masked.text)}`,
    `  ${blanks(masked.text.slice(0, start))}${"^".repeat(end - start)}`,
  ];
  if (failure.hint !== undefined) lines.push(`  ${failure.hint}`);
  return lines.join("\n");
}

/** As many columns as the text has: terminals show East Asian letters and pictures two columns wide. */
function blanks(text: string): string {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
  return [...text].map((letter) => (letter.length > 1 || wide.test(letter) ? "  " : " ")).join("");
}
