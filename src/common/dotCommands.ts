// The commands that begin with a dot, as WinDbg's users know them: those of scripts and those of debug consoles.

/** One command as people see it. Parser, completion, hover, the grammar's tests and the debug console read this. */
interface DotCommand {
  /** With the dot; case does not matter in what is read. */
  readonly name: string;
  /** What stands for the argument in a usage line; empty if there is none. */
  readonly argument: string;
  readonly example: string;
  readonly summary: string;
  readonly alsoTried: readonly string[];
  /** Whether scripts (`*.dbgsrv`) have it, and whether debug consoles of a session do. */
  readonly inScripts: boolean;
  readonly inConsoles: boolean;
}

export const DOT_COMMANDS = {
  server: {
    name: ".server",
    argument: "CONNECTION",
    example: ".server tcp:port=5005",
    summary: "Serves the active debug session.",
    alsoTried: ["-server", "serve", ".serve", ".start"],
    inScripts: true,
    inConsoles: false,
  },
  endsrv: {
    name: ".endsrv",
    argument: "N",
    example: ".endsrv 0",
    summary: "Ends the server that .servers lists under this number.",
    alsoTried: [".stop", ".end", ".endserver"],
    inScripts: true,
    inConsoles: true,
  },
  servers: {
    name: ".servers",
    argument: "",
    example: ".servers",
    summary: "Lists the servers of the session.",
    alsoTried: [".list", ".ls"],
    inScripts: true,
    inConsoles: true,
  },
  clients: {
    name: ".clients",
    argument: "",
    example: ".clients",
    summary: "Lists who takes part in the session.",
    alsoTried: [".guests", ".who"],
    inScripts: true,
    inConsoles: true,
  },
  echo: {
    name: ".echo",
    argument: "TEXT",
    example: ".echo Look at line 7",
    summary: "Shows a line of text to everybody in the session.",
    alsoTried: [".say", ".print"],
    inScripts: true,
    inConsoles: true,
  },
  remote_exit: {
    name: ".remote_exit",
    argument: "",
    example: ".remote_exit",
    summary: "Leaves the session, which goes on for the others.",
    alsoTried: [],
    inScripts: false,
    inConsoles: true,
  },
} as const satisfies Record<string, DotCommand>;

type DotCommands = typeof DOT_COMMANDS;
type DotCommandId = keyof DotCommands;
type IdWhere<Place extends "inScripts" | "inConsoles"> = {
  [Id in DotCommandId]: DotCommands[Id][Place] extends true ? Id : never;
}[DotCommandId];

export type ScriptCommandId = IdWhere<"inScripts">;
export type ConsoleCommandId = IdWhere<"inConsoles">;

const IDS = Object.keys(DOT_COMMANDS) as DotCommandId[];

export const SCRIPT_COMMAND_IDS = IDS.filter((id): id is ScriptCommandId => DOT_COMMANDS[id].inScripts);
export const CONSOLE_COMMAND_IDS = IDS.filter((id): id is ConsoleCommandId => DOT_COMMANDS[id].inConsoles);
