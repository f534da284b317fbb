import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { DiskFiles } from "../../guest/sources/localFiles.ts";
import { mapSources } from "../../guest/sources/mapSources.ts";
import { HostFiles } from "../../guest/sources/hostFiles.ts";
import type { App } from "../app.ts";
import { harmless } from "../harmless.ts";
import { DEBUG_TYPE } from "../names.ts";
import { GuestAdapters, guestConfigurations } from "./adapterFactory.ts";
import { readPlan } from "./configuration.ts";

export interface GuestWindow {
  readonly userName: () => string;
  /** The folders of the workspace that are on this machine's disk. */
  readonly folders: () => readonly string[];
}

/** The debug type `debug-server` and the host's sources. */
export function registerGuest(app: App, { userName, folders }: GuestWindow): Disposable {
  const { joins, serving, logger, recents } = app;
  const local = new DiskFiles(folders);
  const adapters = new GuestAdapters({
    joins,
    serving,
    logger,
    userName,
    withPassword: (address) => recents.withPassword(address),
    async openSession(join, id, session, signal) {
      const info = await join.joined.findSession(id, { signal });
      const port = await join.joined.openSession(info.id, { signal });
      const plan = readPlan(session.configuration);
      return mapSources(port, {
        host: new HostFiles(join.joined.link),
        session: info.id,
        local,
        // What is not in the workspace is the host's, also where both are on one machine.
        acceptSamePath: false,
        mappings: plan.kind === "wrap" ? [] : plan.pathMappings,
        served: { kind: "uri", joinId: join.id },
        onDiffers: (hostPath, localPath) => tellDiffers(hostPath, localPath),
      });
    },
  });
  const store = new DisposableStore();
  store.add(vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, adapters));
  store.add(vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, guestConfigurations));
  return store;
}

function tellDiffers(hostPath: string, localPath: string): void {
  void vscode.window.showInformationMessage(
    harmless(`${localPath} is not what runs on the host: ${hostPath} differs. You see the host's file.`),
  );
}
