import { encodeJson } from "../dap/messages.ts";
import type { ClientRequest } from "./client.ts";
import type { HubContext } from "./context.ts";

interface ConsoleHub extends HubContext {
  say(line: string, except?: ClientRequest["client"]): void;
}

/**
 * WinDbg's commands in a client's debug console, for every client that has one. Returns false if the text is none
 * of them: then it is the adapter's.
 */
export function consoleCommand(request: ClientRequest, hub: ConsoleHub): boolean {
  const match = /^\.(echo|clients)(?:\s+([^]*))?$/.exec(String(request.args.expression).trim());
  if (match === null) return false;
  const result = match[1] === "echo" ? echo(request, hub, match[2] ?? "") : listClients(request, hub);
  request.answer({ success: true, body: encodeJson({ result, variablesReference: 0 }) });
  return true;
}

/** `.echo text`: a line for everybody else. */
function echo({ client }: ClientRequest, hub: ConsoleHub, text: string): string {
  hub.say(`${client.participant.name}: ${text}`, client);
  return text;
}

/** `.clients`: who is in, where they come from and what they may do. */
function listClients(request: ClientRequest, hub: ConsoleHub): string {
  return [...hub.clients]
    .map(({ participant, profile }, i) => {
      const self = participant === request.client.participant ? " (you)" : "";
      const program = profile?.clientName === undefined ? "" : `, ${profile.clientName}`;
      return `${i} - ${participant.name}${self}, ${participant.address}, ${participant.access}${program}`;
    })
    .join("\n");
}
