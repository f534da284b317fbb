/** One command of a script as people see it. Parser, completion, hover and the grammar's tests read this. */
export interface ScriptCommandDefinition {
  /** With the dot; case does not matter in what is read. */
  readonly name: string;
  /** What stands for the argument in a usage line; empty if there is none. */
  readonly argument: string;
  readonly example: string;
  readonly summary: string;
  readonly alsoTried: readonly string[];
}

export const SCRIPT_COMMANDS = {
  server: {
    name: ".server",
    argument: "CONNECTION",
    example: ".server tcp:port=5005",
    summary: "Serves the active debug session.",
    alsoTried: ["-server", "serve", ".serve", ".start"],
  },
  endsrv: {
    name: ".endsrv",
    argument: "N",
    example: ".endsrv 0",
    summary: "Ends the server that .servers lists under this number.",
    alsoTried: [".stop", ".end", ".endserver"],
  },
  servers: {
    name: ".servers",
    argument: "",
    example: ".servers",
    summary: "Lists the servers of the session.",
    alsoTried: [".list", ".ls"],
  },
  clients: {
    name: ".clients",
    argument: "",
    example: ".clients",
    summary: "Lists who takes part in the session.",
    alsoTried: [".guests", ".who"],
  },
  echo: {
    name: ".echo",
    argument: "TEXT",
    example: ".echo Look at line 7",
    summary: "Shows a line of text to everybody in the session.",
    alsoTried: [".say", ".print"],
  },
} as const satisfies Record<string, ScriptCommandDefinition>;

export type ScriptCommandId = keyof typeof SCRIPT_COMMANDS;

export const SCRIPT_COMMAND_IDS = Object.keys(SCRIPT_COMMANDS) as ScriptCommandId[];

/** A command's line as usage texts show it. */
export function scriptUsage(id: ScriptCommandId): string {
  return `${SCRIPT_COMMANDS[id].name} ${SCRIPT_COMMANDS[id].argument}`.trim();
}

export function findScriptCommand(name: string): ScriptCommandId | undefined {
  const wanted = name.toLowerCase();
  return SCRIPT_COMMAND_IDS.find((id) => SCRIPT_COMMANDS[id].name === wanted);
}
