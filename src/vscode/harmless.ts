import { shownLine, shownText } from "../common/shown.ts";

const LINE_LENGTH = 500;
const TEXT_LENGTH = 10_000;

/**
 * One line in which others had a hand (names, reasons, connection strings of links), for messages, progress, prompts, quick
 * picks, rows and the status bar.
 */
export function harmless(text: string): string {
  return withoutMarkup(shownLine(text, LINE_LENGTH));
}

/** The same for a text that may have several lines. */
export function harmlessText(text: string): string {
  return withoutMarkup(shownText(text, TEXT_LENGTH));
}

/**
 * VS Code makes a link that runs a command of `[…](command:…)` in messages, progress and prompts, where it takes out icons
 * before it looks (`[…]$(x)(command:…)`); an icon of `$(…)` in labels and the status bar; and of Markdown, which some
 * versions trust, also a link of `<command:…>` and `[…]: command:…`. A blank within each is seen, and nothing else is.
 */
function withoutMarkup(text: string): string {
  return text
    .replaceAll("](", "] (")
    .replaceAll("$(", "$ (")
    .replace(/\]:(?=\s*<?[a-z][a-z\d+.-]*:)/giu, "] :")
    .replace(/<(?=[a-z][a-z\d+.-]*:)/giu, "< ");
}
