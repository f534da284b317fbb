import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../common/disposable.ts";
import { inSentence } from "../common/names.ts";
import { sanitize } from "../common/sanitize.ts";
import { awayLine } from "../hub/sessions.ts";
import type { WrongPassword } from "../security/serverHandshake.ts";
import { shownPeer } from "../transport/peerGroup.ts";
import type { App } from "./app.ts";
import type { ServableSession } from "./host/serving.ts";
import { note } from "./messages.ts";

type WrongAttempt = WrongPassword & { readonly session: ServableSession };

/** So many wrong passwords in a row are no mistyping any more; so many are a program's. */
const MISTYPED = 3;
const GUESSING = 10;

/** Says which guests come and go, and which peers guess passwords. */
export function noteGuests(app: App): Disposable {
  const store = new DisposableStore();
  store.add(app.serving.onSession((session) => noteGuestsOf(app, session)));
  store.add(app.serving.onWrongPassword(tellWrongPassword(app)));
  return store;
}

/** Who comes and goes, said once. The subscriptions go with the session. */
function noteGuestsOf({ logger }: App, { name: session, sessions }: ServableSession): void {
  sessions.onJoined(({ name, address, access, isHost }) => {
    if (isHost) return;
    note(`${inSentence(name)} has joined “${session}” (${access}).`);
    logger.log("info", `${session}: ${inSentence(name)} has joined (${address}, ${access}).`);
  });
  sessions.onLeft(({ name, isHost }) => {
    if (isHost) return;
    note(`${inSentence(name)} has left “${session}”.`);
    logger.log("info", `${session}: ${inSentence(name)} has left.`);
  });
  sessions.onAway((participant) => {
    note(awayLine(participant));
    logger.log("info", `${session}: ${awayLine(participant)}`);
  });
}

/** In the log each time; on the screen where a peer seems to be guessing, at one warning at a time. */
function tellWrongPassword(app: App): (attempt: WrongAttempt) => void {
  let isWarning = false;
  return ({ session, from, count }) => {
    const text = `${session.name}: wrong password from ${shownPeer(from)}, ${count} in a row.`;
    app.logger.log("warn", text);
    if (count === MISTYPED) note(text);
    if (count < GUESSING || isWarning) return;
    isWarning = true;
    void vscode.window
      .showWarningMessage(sanitize(`${text} Its guesses are slowed down; other guests can join.`))
      .then(() => (isWarning = false));
  };
}
