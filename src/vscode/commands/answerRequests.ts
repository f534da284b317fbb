import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import type { App } from "../app.ts";
import { describePeer, quoted } from "../joinQuestions.ts";
import type { Answer, PendingClient } from "../joinRequests.ts";
import { property } from "./targets.ts";

/** What a question's link or a row of the sidebar is about, else those that the person at this window picks. */
async function chosen(app: App, argument: unknown): Promise<readonly number[] | undefined> {
  const all = app.requests.all;
  const linked = property(argument, "requests");
  const row = property(argument, "pending");
  if (Array.isArray(linked) || row !== undefined) {
    const found = all.filter(
      (client) => client === row || (Array.isArray(linked) && linked.includes(client.id)),
    );
    if (found.length === 0) throw new AppError("closed", "This request has been answered or cancelled.");
    return found.map(({ id }) => id);
  }
  const [first, ...others] = all;
  if (first === undefined) throw new AppError("badArguments", "No one asks to join.");
  if (others.length === 0) return [first.id];
  const picked = await vscode.window.showQuickPick(
    all.map((client) => ({
      label: `$(account) ${quoted(client.request.name)}`,
      description: describePeer(client.request),
      detail: quoted(client.session.name),
      id: client.id,
    })),
    { title: "Join Requests", placeHolder: "Who is it about?", canPickMany: true, matchOnDescription: true },
  );
  return picked?.map(({ id }) => id);
}

/** A command that gives this answer. */
export function answerWith(answer: Answer): (app: App, argument: unknown) => Promise<void> {
  return async (app, argument) => {
    const ids = await chosen(app, argument);
    if (ids !== undefined) app.requests.answer(ids, answer);
  };
}

const ANSWERS: readonly (vscode.QuickPickItem & { readonly answer: Answer })[] = [
  {
    label: "View Only",
    detail: "They see where the program is, its source and its variables.",
    answer: "view",
  },
  {
    label: "Allow Control",
    detail: "They can run code as you, as far as the server allows.",
    answer: "full",
  },
  { label: "Deny", answer: undefined },
];

/** Who asks, then what they may do. */
export async function joinRequests(app: App, argument: unknown): Promise<void> {
  const ids = await chosen(app, argument);
  if (ids === undefined || ids.length === 0) return;
  const about = app.requests.all.find(({ id }) => id === ids[0]);
  const title = ids.length === 1 && about !== undefined ? nameOf(about) : `${ids.length} Join Requests`;
  const picked = await vscode.window.showQuickPick(ANSWERS, { title, placeHolder: "What may they do?" });
  if (picked !== undefined) app.requests.answer(ids, picked.answer);
}

function nameOf({ request }: PendingClient): string {
  return `Join Request: ${quoted(request.name)} (${describePeer(request)})`;
}
