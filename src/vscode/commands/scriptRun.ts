import { format } from "../../address/format.ts";
import type { ServerAddress } from "../../address/model.ts";
import type { ScriptAction, ScriptCommand, ScriptProblem } from "../../address/script.ts";
import { AppError } from "../../common/errors.ts";
import { count } from "../views/labels.ts";

/** What a script acts on: one debug session of this window. */
export interface ScriptTarget {
  /** Resolves with the server's connection string, as it may be shown. */
  serve(address: ServerAddress): Promise<string>;
  /** Rejects with an AppError if there is none of that number. */
  end(server: number): Promise<void>;
  servers(): string;
  clients(): string;
  say(text: string): void;
}

export interface ScriptOutcome {
  /** What the commands answered, for the debug console. */
  readonly output: readonly string[];
  readonly started: number;
  readonly failures: readonly ScriptFailure[];
}

/** `line` counts from 0. */
export interface ScriptFailure {
  readonly line: number;
  readonly error: AppError;
}

/** Does one command after the other; one that fails does not keep the others from being done. */
export async function runCommands(
  commands: readonly ScriptCommand[],
  target: ScriptTarget,
): Promise<ScriptOutcome> {
  const output: string[] = [];
  const failures: ScriptFailure[] = [];
  let started = 0;
  for (const command of commands) {
    try {
      output.push(await runCommand(command, target));
      if (command.kind === "server") started++;
    } catch (thrown) {
      failures.push({ line: command.line, error: failureOf(command, thrown) });
    }
  }
  return { output, started, failures };
}

/** In the words of WinDbg, where it has some. */
async function runCommand(action: ScriptAction, target: ScriptTarget): Promise<string> {
  switch (action.kind) {
    case "server":
      return `Debugger Server - ${await target.serve(action.address)}`;
    case "endsrv":
      await target.end(action.server);
      return `Server ${action.server} has ended.`;
    case "servers":
      return target.servers();
    case "clients":
      return target.clients();
    case "echo":
      target.say(action.text);
      return action.text;
  }
}

function failureOf(action: ScriptAction, thrown: unknown): AppError {
  const error = AppError.from(thrown);
  if (action.kind !== "server") return error;
  const { code, message, hint } = error;
  const server = format(action.address, { secrets: "mask" });
  return new AppError(code, `${server}: ${message}`, { hint, cause: error });
}

/** `Line 3: This is not a key of tcp. Did you mean "port"? (and 2 more)`; lines as editors count them. */
export function problemLine(problems: readonly (ScriptProblem | ScriptFailure)[]): string {
  const [first, ...others] = problems;
  if (first === undefined) return "";
  const text = "error" in first ? first.error.toLine() : [first.message, first.hint ?? ""].join(" ").trim();
  return `Line ${first.line + 1}: ${text}${others.length === 0 ? "" : ` (and ${others.length} more)`}`;
}

/** `deploy.dbgsrv: 2 servers started.` */
export function summary(name: string, { output, started, failures }: ScriptOutcome): string {
  const servers = started === 0 ? "done" : `${count(started, "server")} started`;
  if (failures.length === 0) return `${name}: ${output.length === 0 ? "nothing to do" : servers}.`;
  return `${name}: ${output.length === 0 ? "failed" : `${servers}, but not all`}. ${problemLine(failures)}`;
}
