import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";

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
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.value;
}
