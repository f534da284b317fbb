import { completionsAt } from "./complete.ts";
import type { Completion, Existing } from "./complete.ts";
import { hoverAt } from "./hover.ts";
import type { Hover } from "./hover.ts";
import { shifted, spanOf, touches } from "./result.ts";
import type { Token } from "./result.ts";
import { splitScriptLine } from "./script.ts";
import { DOT_COMMANDS, SCRIPT_COMMAND_IDS } from "../common/dotCommands.ts";
import { findScriptCommand, scriptUsage } from "./scriptCommands.ts";

/** What can stand at `offset` of a line of a script: a command, or the next piece of a connection string. */
export function scriptCompletionsAt(line: string, offset: number, existing?: Existing): Completion[] {
  const connection = connectionIn(line);
  if (connection !== undefined && offset >= connection.start) {
    const { text, start } = connection;
    return completionsAt(text, offset - start, "server", existing).map((item) => shifted(item, start));
  }
  const at = Math.max(0, Math.min(offset, line.length));
  const command = line.trim() === "" ? { text: "", start: at } : splitScriptLine(line)?.command;
  if (command === undefined || !touches(command, at)) return [];
  const span = spanOf(command);
  return SCRIPT_COMMAND_IDS.map((id) => ({
    kind: "command",
    label: DOT_COMMANDS[id].name,
    insertText:
      DOT_COMMANDS[id].name + (DOT_COMMANDS[id].argument === "" || span.end < line.length ? "" : " "),
    ...span,
    detail: scriptUsage(id),
    documentation: DOT_COMMANDS[id].summary,
  }));
}

/** Explains what is at `offset` of a line of a script. */
export function scriptHoverAt(line: string, offset: number): Hover | undefined {
  const connection = connectionIn(line);
  if (connection !== undefined && offset >= connection.start) {
    const hover = hoverAt(connection.text, offset - connection.start, "server");
    return hover && shifted(hover, connection.start);
  }
  const command = splitScriptLine(line)?.command;
  const id = command && findScriptCommand(command.text);
  if (command === undefined || id === undefined || !touches(command, offset)) return undefined;
  const { summary, example } = DOT_COMMANDS[id];
  return { ...spanOf(command), title: scriptUsage(id), text: summary, usage: [example] };
}

/** Everything behind `.server`, with the white space at the end, where a cursor may be. */
export function connectionIn(line: string): Token | undefined {
  const command = splitScriptLine(line)?.command;
  if (command === undefined || findScriptCommand(command.text) !== "server") return undefined;
  const rest = line.slice(command.start + command.text.length);
  const text = rest.trimStart();
  return text === rest ? undefined : { text, start: line.length - text.length };
}
