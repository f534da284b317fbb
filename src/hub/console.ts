import { allows } from "../common/access.ts";
import { CONSOLE_COMMAND_IDS, type ConsoleCommandId } from "../common/dotCommands.ts";
import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import { inSentence } from "../common/names.ts";
import { shownText } from "../common/sanitize.ts";
import { encodeJson } from "../dap/messages.ts";
import type { ClientRequest, Participant } from "./client.ts";

/** A server as lists show it: its connection string has no password in it. */
export interface ServerLine {
  readonly id: number;
  readonly address: string;
}

/** The servers by which a session can be joined. The hub knows no servers: its host says what there is. */
export interface ServerDirectory {
  /** Those that may be listed. */
  list(): readonly ServerLine[];
  /** Ends one, soon after the client that asked was answered. Throws `badArguments` if there is none of that id. */
  tellToEnd(id: number, by: string): void;
  /** Frees their addresses, within a deadline: the session ends. No guest comes in any more; those that are in stay. */
  free(): Promise<void>;
}

/** What the commands need of what is around a hub. */
export interface ConsoleContext {
  readonly servers: ServerDirectory;
  participants(): readonly Participant[];
  say(participant: Participant, text: string): void;
  /** They have said that they want to go. */
  letGo(participant: Participant): void;
}

/** One of WinDbg's commands, as a user typed it into their debug console. */
export interface ConsoleCommand {
  readonly name: ConsoleCommandId;
  readonly text: string;
}

const COMMAND = /^\.(\S+)(?:\s+([^]*))?$/;

/** The command that a request is, whether or not its client may give it; undefined if it is none: then it is the adapter's. */
export function readConsoleCommand({ command, args }: ClientRequest): ConsoleCommand | undefined {
  const { context = "repl", expression } = args;
  if (command !== "evaluate" || context !== "repl" || typeof expression !== "string") return undefined;
  const [, word, text = ""] = COMMAND.exec(expression.trim()) ?? [];
  const name = CONSOLE_COMMAND_IDS.find((id) => id === word);
  return name === undefined ? undefined : { name, text };
}

/** Does it and answers, in WinDbg's words where it has some. */
export function runConsoleCommand(
  request: ClientRequest,
  { name, text }: ConsoleCommand,
  context: ConsoleContext,
): void {
  const { participant } = request.client;
  const answer = (result: string) =>
    request.answer({ success: true, body: encodeJson({ result, variablesReference: 0 }) });
  try {
    switch (name) {
      case "servers":
        answer(listServers(context.servers.list()));
        break;
      case "clients":
        answer(listClients(context.participants(), participant));
        break;
      case "endsrv":
        endServer(participant, text, context.servers);
        answer("Server told to exit.  Actual exit may be delayed until the next connection attempt.");
        break;
      case "echo": {
        const line = shownText(text, LIMITS.echoLength);
        context.say(participant, line);
        answer(line);
        break;
      }
      case "remote_exit":
        if (participant.isHost) throw hostStays();
        answer("");
        context.letGo(participant);
        break;
    }
  } catch (thrown) {
    request.refuse(AppError.from(thrown));
  }
}

export function listServers(servers: readonly ServerLine[]): string {
  if (servers.length === 0) return "No server is listed.";
  return servers.map(({ id, address }) => `${id} - Debugger Server - ${address}`).join("\n");
}

/** `self`: who asks. */
export function listClients(participants: readonly Participant[], self: Participant | undefined): string {
  return participants.map((each) => describe(each, each === self)).join("\n");
}

function describe({ name, address, lastActiveAt, access, isAway }: Participant, isSelf: boolean): string {
  const state = isSelf ? " (you)" : isAway ? " (reconnecting)" : "";
  return `${inSentence(name)} (${address}), last active ${classicTime(lastActiveAt)}, ${access}${state}`;
}

function endServer({ access, name }: Participant, text: string, servers: ServerDirectory): void {
  if (!allows(access, "full"))
    throw new AppError("notAllowed", `.endsrv needs the right "full"; you have "${access}".`, {
      hint: "Ask the host to change it.",
    });
  if (!/^\d{1,9}\s*$/.test(text))
    throw new AppError("badArguments", ".endsrv needs the number of a server, as in .endsrv 0.", {
      hint: ".servers shows the numbers.",
    });
  servers.tellToEnd(Number(text), name);
}

function hostStays(): AppError {
  return new AppError("notAllowed", ".remote_exit is for guests; the session here is your own.", {
    hint: "To end it for everybody, stop it.",
  });
}

/** As C's `asctime` writes it, by the host's clock: `Wed Nov 25 01:26:48 2026`. */
export function classicTime(ms: number): string {
  // ECMA-262 fixes the parts of this string: "Wed Nov 25 2026 01:26:48 GMT+0000 (…)".
  const [weekday, month, day = "", year, time] = new Date(ms).toString().split(" ");
  return `${weekday} ${month} ${day.replace(/^0/, " ")} ${time} ${year}`;
}
