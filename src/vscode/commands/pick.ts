import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { sanitize } from "../../common/sanitize.ts";

export interface Pickable<T> extends vscode.QuickPickItem {
  readonly value: T;
}

/**
 * The only one there is, or the one that the person at this window picks; undefined if they do not want to. Throws
 * `none` if there is none.
 */
export async function pickOne<T>(
  items: readonly Pickable<T>[],
  title: string,
  placeHolder: string,
  none: string,
): Promise<T | undefined> {
  const [first, ...others] = items;
  if (first === undefined) throw new AppError("badArguments", none);
  if (others.length === 0) return first.value;
  const shown = items.map((item) => ({ ...item, ...sanitizedParts(item) }));
  const picked = await vscode.window.showQuickPick(shown, {
    title,
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.value;
}

/** Labels begin with an icon of ours: what makes them sanitizes the rest. */
function sanitizedParts({ description, detail }: vscode.QuickPickItem): Partial<vscode.QuickPickItem> {
  return { description: description && sanitize(description), detail: detail && sanitize(detail) };
}
