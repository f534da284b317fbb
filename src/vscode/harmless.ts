import { shownLine } from "../common/shown.ts";

const LENGTH = 500;

/**
 * Text in which others had a hand (names, reasons, connection strings of links), for messages, quick picks and the
 * status bar. VS Code makes a link that runs a command of `[…](command:…)` in messages, and an icon of `$(…)`
 * elsewhere.
 */
export function harmless(text: string): string {
  return shownLine(text, LENGTH).replaceAll("](", "] (").replaceAll("$(", "$ (");
}
