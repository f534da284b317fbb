import * as vscode from "vscode";
import { type Disposable, DisposableStore, toDisposable } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import type { ServerEntry } from "../../host/registry.ts";
import type { App } from "../app.ts";
import { VIEWS, type ViewName } from "../names.ts";
import { discoversServers, onSettingsChanged } from "../settings.ts";
import { joinedRows } from "./joinedRows.ts";
import { type RowSource } from "./liveRows.ts";
import { machineRows } from "./machineRows.ts";
import { networkRows } from "./networkRows.ts";
import { NetworkServers } from "./networkServers.ts";
import { RowTree } from "./rowTree.ts";
import type { Tree, Trees } from "./trees.ts";
import { guestCount, servingRows } from "./servingRows.ts";
import { statusOf } from "./status.ts";
import { StatusItem } from "./statusItem.ts";
import { count } from "./labels.ts";

export interface Views extends Disposable {
  readonly rows: Readonly<Record<ViewName, RowTree>>;
  /** Looks anew at what can be joined, with a progress bar. */
  refresh(): Promise<void>;
}

/** The rows of the three views of our container, their badge, and the item in the status bar. */
export function fillTrees(
  {
    serving,
    requests,
    guests,
    joins,
    registry,
    logger,
  }: Pick<App, "serving" | "requests" | "guests" | "joins" | "registry" | "logger">,
  trees: Trees,
): Views {
  const store = new DisposableStore();
  const fill = (tree: Tree, source: RowSource) => store.add(new RowTree(tree, source));

  const served = fill(trees.serving, {
    load: async (now) => servingRows(serving.servers, requests.all, now, guests.held()),
    changes: [serving.onChanged, requests.onChanged, guests.onChanged],
  });
  const status = store.add(new StatusItem());
  const showServing = () => {
    const number = guestCount(serving.servers);
    trees.serving.view.badge = number === 0 ? undefined : { value: number, tooltip: count(number, "guest") };
    status.show(statusOf(serving.servers));
  };
  store.add(serving.onChanged(showServing));
  showServing();

  const listed = async (): Promise<ServerEntry[]> => {
    try {
      return await registry.list();
    } catch (thrown) {
      logger.log("warn", `The servers of this machine cannot be listed: ${AppError.from(thrown).toLine()}`);
      return [];
    }
  };
  const network = store.add(
    new NetworkServers({ isOn: discoversServers, onSwitched: onSettingsChanged }, logger),
  );
  const machine = fill(trees.machine, {
    load: async (now) => {
      const own = {
        pid: process.pid,
        serves: serving.servers.map(({ hosted }) => hosted.server.connectionString),
        joined: joins.all.map(({ address }) => address),
      };
      return [...machineRows(await listed(), own, now), ...networkRows(network.servers, own.joined)];
    },
    changes: [serving.onChanged, joins.onChanged, network.onChanged],
    watch(changed) {
      const watching = [registry.watch(changed), network.watch()];
      return toDisposable(() => watching.forEach((each) => each.dispose()));
    },
  });

  const joined = fill(trees.joined, {
    load: async (now) => joinedRows(joins.all, now),
    changes: [joins.onChanged],
  });
  return {
    rows: { serving: served, machine, joined },
    async refresh() {
      await vscode.window.withProgress({ location: { viewId: VIEWS.machine } }, async () => {
        await network.refresh();
        await machine.refresh();
      });
    },
    dispose: () => store.dispose(),
  };
}
