import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { LIMITS } from "../../common/limits.ts";
import { sanitize, shownText } from "../../common/sanitize.ts";
import type { App } from "../app.ts";
import { type Join, joinName } from "../guest/joins.ts";
import { hostParticipant, type ServableSession, servedSessions } from "../host/serving.ts";
import { note } from "../messages.ts";
import { type Pickable, pickOne } from "./pickers.ts";
import { targetOf } from "./targets.ts";

const TITLE = "Say";

/** Where something can be said: a session that this window serves, or one that it has joined. */
interface Room {
  readonly name: string;
  say(text: string): Promise<void>;
}

/** A line for the debug consoles of all participants. */
export async function say(app: App, argument: unknown): Promise<void> {
  const room = await chooseRoom(app, argument);
  if (room === undefined) return;
  const typed = await vscode.window.showInputBox({
    title: `${TITLE}: ${sanitize(room.name)}`,
    prompt: "Everybody in the session sees it in their debug console.",
    validateInput: (text) =>
      text.length > LIMITS.echoLength ? `At most ${LIMITS.echoLength} letters.` : undefined,
  });
  const text = shownText(typed ?? "", LIMITS.echoLength).trim();
  if (text === "") return;
  await room.say(text);
  note(`Said in “${room.name}”: ${text}`);
}

function chooseRoom({ serving, joins }: App, argument: unknown): Promise<Room | undefined> | Room {
  const served = servedSessions(serving);
  const session = targetOf(argument, "session", served);
  if (session !== undefined) return hostRoom(session);
  const join = targetOf(argument, "join", joins.all);
  if (join !== undefined) return guestRoom(join);
  const rooms = [
    ...served.map((each) => pickable(hostRoom(each), "you are the host")),
    ...joins.all.map((each) => pickable(guestRoom(each), "you are a guest")),
  ];
  return pickOne(
    rooms,
    TITLE,
    "In which debug session?",
    "This window neither serves nor has joined a debug session.",
  );
}

function pickable(value: Room, description: string): Pickable<Room> {
  return { label: `$(comment-discussion) ${sanitize(value.name)}`, description, value };
}

function hostRoom(session: ServableSession): Room {
  const { name, sessions } = session;
  return {
    name,
    async say(text) {
      const host = hostParticipant(session);
      if (host === undefined) throw new AppError("closed", "The debug session has ended.");
      sessions.say(host, text);
    },
  };
}

function guestRoom(join: Join): Room {
  return {
    name: joinName(join),
    async say(text) {
      await join.joined.link.request("say", { text });
    },
  };
}
