import { format } from "../address/format.ts";
import { awayLine } from "../hub/sessions.ts";
import * as vscode from "vscode";
import { AppError } from "../common/errors.ts";
import { type Disposable, DisposableStore } from "../common/disposable.ts";
import { inSentence } from "../common/names.ts";
import type { WrongPassword } from "../security/serverHandshake.ts";
import { shownPeer } from "../transport/peerGroup.ts";
import type { App } from "./app.ts";
import { opensMore } from "./consent.ts";
import { contextOf } from "./contextKeys.ts";
import type { ServableSession } from "./host/serving.ts";
import { sanitize } from "../common/sanitize.ts";
import { note, showError, warnInsecure } from "./messages.ts";
import { SETTINGS } from "./names.ts";
import { serversOfEverySession } from "./settings.ts";
import { startAll } from "./startWithSession.ts";

type WrongAttempt = WrongPassword & { readonly session: ServableSession };

/** So many wrong passwords in a row are no mistyping any more; so many are a program's. */
const MISTYPED = 3;
const GUESSING = 10;

/** What happens by itself while the window serves and joins. */
export function followSessions(app: App): Disposable {
  const store = new DisposableStore();
  store.add(
    app.serving.onSession((session) => {
      noteGuests(app, session);
      void serveFromStart(app, session);
    }),
  );
  store.add(app.serving.onWrongPassword(tellWrongPassword(app)));
  store.add(keepContext(app));
  return store;
}

/** Who comes and goes, said once. The subscriptions go with the session. */
function noteGuests({ logger }: App, { name: session, sessions }: ServableSession): void {
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

/** The servers of the setting. */
async function serveFromStart(app: App, session: ServableSession): Promise<void> {
  const { texts, own } = serversOfEverySession();
  const more = opensMore(texts, own);
  const isAllowed = await app.consent.allows("serve your debug sessions", more);
  const refused = new Set(isAllowed ? [] : more.map((address) => format(address)));
  const failures = await startAll(texts, async (address) => {
    if (refused.has(format(address))) return;
    const { hosted } = await app.serving.start(session, address);
    warnInsecure(hosted.server.address);
  });
  if (failures.length === 0) return;
  const open = "Open Settings";
  const setting = `${SETTINGS.section}.${SETTINGS.startWithSession}`;
  const text = `“${session.name}” is not served as ${setting} says. ${failures.join(" ")}`;
  if ((await showError(app, new AppError("address", text), open)) === open)
    await vscode.commands.executeCommand("workbench.action.openSettings", setting);
}

/** The keys by which package.json shows commands only when they apply. */
function keepContext({ serving, joins, requests }: App): Disposable {
  const set = new Map<string, boolean>();
  const update = () => {
    for (const [key, value] of Object.entries(contextOf(serving, joins, requests))) {
      if (set.get(key) === value) continue;
      set.set(key, value);
      void vscode.commands.executeCommand("setContext", key, value);
    }
  };
  const store = new DisposableStore();
  store.add(serving.onChanged(update));
  store.add(joins.onChanged(update));
  store.add(requests.onChanged(update));
  update();
  return store;
}
