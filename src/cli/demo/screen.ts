import { print } from "../output.ts";
import { printable } from "../../common/sanitize.ts";

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

export type Colour = keyof typeof COLOURS;

/** Colours are for people at a terminal, if they want them (no-color.org). */
const coloured = process.stdout.isTTY && !process.env["NO_COLOR"];

export function paint(colour: Colour, text: string): string {
  return coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}

let chapters = 0;

/** What happens next. */
export function chapter(text: string): void {
  print("");
  print(paint("bold", `${++chapters}. ${text}`));
}

/** A column with a guest's name, then what they do or see. */
export function speaker(name: string, colour: Colour): (text: string, tone?: Colour) => void {
  const front = paint(colour, `   ${name.padEnd(4)} | `);
  return (text, tone) => {
    const shown = printable(text);
    print(front + (tone === undefined ? shown : paint(tone, shown)));
  };
}
