import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import type { ServerEntry } from "../../host/registry.ts";
import type { App } from "../app.ts";
import { COMMANDS, VIEWS } from "../names.ts";
import { joinedRows } from "./joinedRows.ts";
import { machineRows } from "./machineRows.ts";
import { RowTree } from "./rowTree.ts";
import { guestCount, servingRows } from "./servingRows.ts";
import { statusOf } from "./status.ts";
import { StatusItem } from "./statusItem.ts";
import { count } from "./words.ts";

/** The three views of our container, and the item in the status bar. */
export function registerViews(app: Pick<App, "serving" | "joins" | "registry" | "logger">): Disposable {
  const { serving, joins, registry, logger } = app;
  const store = new DisposableStore();

  const served = store.add(
    new RowTree(VIEWS.serving, {
      load: async (now) => servingRows(serving.servers, now),
      changes: [serving.onChanged],
    }),
  );
  const status = store.add(new StatusItem());
  const showServing = () => {
    const guests = guestCount(serving.servers);
    served.view.badge = guests === 0 ? undefined : { value: guests, tooltip: count(guests, "guest") };
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
  const machine = store.add(
    new RowTree(VIEWS.machine, {
      load: async (now) => {
        const own = {
          pid: process.pid,
          serves: serving.servers.map(({ hosted }) => hosted.server.connectionString),
          joined: joins.all.map(({ address }) => address),
        };
        return machineRows(await listed(), own, now);
      },
      changes: [serving.onChanged, joins.onChanged],
      watch: (changed) => registry.watch(changed),
    }),
  );
  store.add(vscode.commands.registerCommand(COMMANDS.refresh, () => machine.refresh()));

  store.add(
    new RowTree(VIEWS.joined, {
      load: async (now) => joinedRows(joins.all, now),
      changes: [joins.onChanged],
    }),
  );
  return store;
}
