import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { sanitize } from "../../common/sanitize.ts";
import type { ServerEntry } from "../../host/registry.ts";
import type { App } from "../app.ts";
import { checkClient } from "./check.ts";
import {
  choice,
  entryChoice,
  isForThisMachine,
  type JoinChoice,
  joinConfiguration,
  joinGroups,
  type JoinItem,
} from "./joinItems.ts";
import { entryOf, networkOf } from "./targets.ts";

const FORGET: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon("close"),
  tooltip: "Remove from Recently Joined",
};

/** From the palette or the row of a server on this machine or on the network. */
export async function join(app: App, argument: unknown): Promise<void> {
  const announced = networkOf(argument);
  if (announced !== undefined) return startJoin(app, announced);
  const entry = await entryOf(app.registry, argument);
  if (entry === undefined) {
    const chosen = await chooseJoin(app);
    if (chosen !== undefined) await startJoin(app, chosen);
    return;
  }
  const registered = entryChoice(entry);
  if (registered === undefined)
    throw new AppError(
      "notSupported",
      "This server was started by a version that this one does not understand.",
    );
  if (!isForThisMachine(registered))
    throw new AppError("notSupported", "This server is joined from the other end of its serial line.", {
      hint: `Join there by ${sanitize(entry.join)}, with the port as it is called there.`,
    });
  await startJoin(app, registered);
}

/** Joins as a debug session of this window; VS Code shows what goes wrong. Its configuration holds no password. */
export async function startJoin({ recents }: Pick<App, "recents">, wanted: JoinChoice): Promise<void> {
  const configuration = joinConfiguration(wanted);
  if (configuration instanceof AppError) throw configuration;
  await recents.remember(wanted.address);
  await vscode.debug.startDebugging(undefined, configuration);
}

/** There is less to choose from, then. */
const ignore = () => {};

type Item = JoinItem & vscode.QuickPickItem;

/** What is typed, in the clipboard, on this machine, or was joined recently. */
async function chooseJoin({ recents, registry, serving }: App): Promise<JoinChoice | undefined> {
  const own = new Set(serving.servers.flatMap(({ hosted }) => hosted.joins));
  let entries: readonly ServerEntry[] = [];
  let clipboard = "";
  const pick = vscode.window.createQuickPick<Item>();
  const show = () => {
    const groups = joinGroups({ typed: pick.value, clipboard, entries, recents: recents.list(), own });
    pick.items = groups.flatMap(({ title, items }) => [separator(title), ...items.map(withButton)]);
  };
  pick.title = "Join Debug Server";
  pick.placeholder = "Paste or type a connection string, for example tcp:server=HOST,port=5005";
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.ignoreFocusOut = true;
  show();
  // A browser may ask before it shows the clipboard: the user can type before that.
  void vscode.env.clipboard.readText().then((text) => {
    clipboard = text;
    show();
  }, ignore);
  void registry.list().then((found) => {
    entries = found;
    show();
  }, ignore);
  return new Promise((resolve) => {
    const finish = (chosen: JoinChoice | undefined) => {
      resolve(chosen);
      pick.dispose();
    };
    pick.onDidChangeValue(show);
    pick.onDidTriggerItemButton(({ item }) => {
      if (item.recent !== undefined) void recents.forget(item.recent).then(show);
    });
    pick.onDidAccept(() => {
      const [item] = pick.selectedItems;
      // Enter may come before the row of what was pasted.
      const wanted = item === undefined ? typedChoice(pick.value) : item.join;
      if (wanted !== undefined) finish(wanted);
    });
    pick.onDidHide(() => finish(undefined));
    pick.show();
  });
}

function typedChoice(text: string): JoinChoice | undefined {
  const checked = checkClient(text);
  return checked.ok ? choice(checked.address) : undefined;
}

function withButton(item: JoinItem): Item {
  return item.recent === undefined ? item : { ...item, buttons: [FORGET] };
}

function separator(title: string): Item {
  return { label: title, kind: vscode.QuickPickItemKind.Separator, alwaysShow: false, join: undefined };
}
