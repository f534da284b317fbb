import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../../common/disposable.ts";
import { DiskFiles } from "../../guest/sources/localFiles.ts";
import { mapSources } from "../../guest/sources/mapSources.ts";
import { HostFiles } from "../../guest/sources/hostFiles.ts";
import type { App } from "../app.ts";
import { harmless } from "../harmless.ts";
import { DEBUG_TYPE, SOURCE_SCHEME } from "../names.ts";
import { GuestAdapters, guestConfigurations } from "./adapterFactory.ts";
import { readPlan } from "./configuration.ts";
import type { Join } from "./joins.ts";
import { SourceFiles } from "./sourceFiles.ts";

export interface GuestWindow {
  readonly userName: () => string;
  /** The folders of the workspace that are on this machine's disk. */
  readonly folders: () => readonly string[];
}

/** The debug type `debug-server` and the host's sources. */
export function registerGuest(app: App, { userName, folders }: GuestWindow): Disposable {
  const { joins, serving, logger, recents } = app;
  const local = new DiskFiles(folders);
  const files = new SourceFiles();
  const hosts = new WeakMap<Join, HostFiles>();
  /** One for all sessions of a join: what was read for one is there for all. */
  const hostOf = (join: Join) => {
    const known = hosts.get(join) ?? new HostFiles(join.joined.link);
    if (!hosts.has(join)) files.add(sourceId(join), known);
    hosts.set(join, known);
    return known;
  };
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
        host: hostOf(join),
        session: info.id,
        local,
        // What is not in the workspace is the host's, also where both are on one machine.
        acceptSamePath: false,
        mappings: plan.kind === "wrap" ? [] : plan.pathMappings,
        served: { kind: "uri", joinId: sourceId(join) },
        onServed: (path, session) => files.served(sourceId(join), path, session),
        onDiffers: (hostPath, localPath) => tellDiffers(hostPath, localPath),
      });
    },
  });
  const store = new DisposableStore();
  store.add(
    vscode.workspace.registerFileSystemProvider(SOURCE_SCHEME, files, {
      isCaseSensitive: true,
      isReadonly: new vscode.MarkdownString("This is the host’s file, as the debug session there runs it."),
    }),
  );
  store.add(vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, adapters));
  store.add(vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, guestConfigurations));
  return store;
}

/** Of the server and not of the join: who joins it again finds the breakpoints that VS Code remembers. */
function sourceId({ address }: Join): string {
  return createHash("sha256").update(address).digest("hex").slice(0, 12);
}

function tellDiffers(hostPath: string, localPath: string): void {
  void vscode.window.showInformationMessage(
    harmless(`${localPath} is not what runs on the host: ${hostPath} differs. You see the host's file.`),
  );
}
