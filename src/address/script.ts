import { findTransport } from "./grammar.ts";
import type { ServerAddress } from "./model.ts";
import { parseServer } from "./parse.ts";
import { failure, failureAt, success, trimToken } from "./result.ts";
import type { ParseFailure, ParseResult, Token } from "./result.ts";
import { tokenize } from "./tokenizer.ts";
import { DOT_COMMANDS, type ScriptCommandId, SCRIPT_COMMAND_IDS } from "../common/dotCommands.ts";
import { findScriptCommand } from "./scriptCommands.ts";
import { andList, nearest } from "./suggest.ts";

/** What a line of a script does. An address may hold a password: it is not to be logged. */
export type ScriptAction =
  | { readonly kind: "server"; readonly address: ServerAddress }
  /** The number that `.servers` shows. */
  | { readonly kind: "endsrv"; readonly server: number }
  | { readonly kind: "servers" | "clients" }
  | { readonly kind: "echo"; readonly text: string };

/** `line` counts from 0. */
export type ScriptCommand = ScriptAction & { readonly line: number };

/** `line`, `start` and `end` count from 0; the latter two are offsets into the line. */
export type ScriptProblem = Omit<ParseFailure, "ok"> & { readonly line: number };

export type ScriptResult =
  | { readonly ok: true; readonly commands: readonly ScriptCommand[] }
  /** At least one; a script with any is not run at all. */
  | { readonly ok: false; readonly problems: readonly ScriptProblem[] };

/**
 * Reads a script (`*.dbgsrv`): one command a line, as WinDbg's users know them, between blank lines and comments.
 * Never throws.
 */
export function parseScript(text: string): ScriptResult {
  const commands: ScriptCommand[] = [];
  const problems: ScriptProblem[] = [];
  for (const [line, { text: written }] of scriptLines(text).entries()) {
    const action = parseLine(written);
    if (!action.ok) {
      const { start, end, message, hint } = action;
      problems.push({ line, start, end, message, hint });
    } else if (action.value !== undefined) commands.push({ ...action.value, line });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, commands };
}

/** Lines as editors count them, and where each starts. */
export function scriptLines(text: string): Token[] {
  const lines: Token[] = [];
  let start = text.startsWith("\ufeff") ? 1 : 0;
  for (const { index, 0: separator } of text.matchAll(/\r\n|\r|\n/g)) {
    lines.push({ text: text.slice(start, index), start });
    start = index + separator.length;
  }
  return [...lines, { text: text.slice(start), start }];
}

/** A line's command and what follows it, both without the white space around; undefined if there is none. */
export function splitScriptLine(line: string): { command: Token; argument: Token } | undefined {
  const whole = trimToken({ text: line, start: 0 });
  if (whole.text === "" || isComment(whole.text)) return undefined;
  const length = /^\S+/.exec(whole.text)?.[0].length ?? 0;
  return {
    command: { text: whole.text.slice(0, length), start: whole.start },
    argument: trimToken({ text: whole.text.slice(length), start: whole.start + length }),
  };
}

/** `*` and `$$` as in WinDbg, `#` as everywhere else; `$$<FILE` is no comment but runs a script. */
function isComment(text: string): boolean {
  return /^(?:[*#]|\$\$(?!>?a?<))/.test(text);
}

function parseLine(line: string): ParseResult<ScriptAction | undefined> {
  const parts = splitScriptLine(line);
  if (parts === undefined) return success(undefined);
  const id = findScriptCommand(parts.command.text);
  return id === undefined ? explainUnknownCommand(line, parts.command) : parseCommand(id, parts.argument);
}

function parseCommand(id: ScriptCommandId, argument: Token): ParseResult<ScriptAction> {
  switch (id) {
    case "server": {
      const address = parseServer(argument.text);
      if (address.ok) return success({ kind: id, address: address.value });
      const { start, end, message, hint } = address;
      return failure(argument.start + start, argument.start + end, message, hint);
    }
    case "endsrv":
      return parseNumber(argument);
    case "echo":
      return argument.text === ""
        ? failureAt(argument, "There is no text to show.", `Write for example ${DOT_COMMANDS.echo.example}.`)
        : success({ kind: id, text: argument.text });
    case "servers":
    case "clients":
      return argument.text === ""
        ? success({ kind: id })
        : failureAt(argument, `${DOT_COMMANDS[id].name} stands alone.`, "Write one command a line.");
  }
}

function parseNumber(argument: Token): ParseResult<ScriptAction> {
  const hint = `Write for example ${DOT_COMMANDS.endsrv.example}.`;
  if (argument.text === "") return failureAt(argument, "The number of a server is missing.", hint);
  if (/^\d{1,9}$/.test(argument.text)) return success({ kind: "endsrv", server: Number(argument.text) });
  return failureAt(argument, "This is not the number of a server.", hint);
}

/** What is written is never repeated: it may be a connection string with a password. */
function explainUnknownCommand(line: string, command: Token): ParseFailure {
  if (/^\$\$?>?a?</.test(command.text)) {
    return failureAt(command, "A script cannot run another one.", "Write its commands here.");
  }
  const { transport, colon } = tokenize(line);
  if (colon !== undefined && findTransport(transport.text) !== undefined) {
    const message = "A command is missing before the connection string.";
    return failureAt(transport, message, `Write ${DOT_COMMANDS.server.name} before it.`);
  }
  const candidates = SCRIPT_COMMAND_IDS.map((id) => ({
    word: DOT_COMMANDS[id].name,
    alsoTried: DOT_COMMANDS[id].alsoTried,
  }));
  const match = nearest(command.text, candidates);
  const hint =
    match === undefined
      ? `The commands are ${andList(candidates.map(({ word }) => word))}.`
      : `Did you mean "${match}"?`;
  return failureAt(command, "This command is not known.", hint);
}
