import { DOT_COMMANDS, type ScriptCommandId, SCRIPT_COMMAND_IDS } from "../common/dotCommands.ts";

/** A command's line as usage texts show it. */
export function scriptUsage(id: ScriptCommandId): string {
  return `${DOT_COMMANDS[id].name} ${DOT_COMMANDS[id].argument}`.trim();
}

export function findScriptCommand(name: string): ScriptCommandId | undefined {
  const wanted = name.toLowerCase();
  return SCRIPT_COMMAND_IDS.find((id) => DOT_COMMANDS[id].name === wanted);
}
