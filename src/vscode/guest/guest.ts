import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import { connectionNotices } from "../../guest/connectionNotices.ts";
import { DiskFiles } from "../../guest/sources/localFiles.ts";
import { HostFiles } from "../../guest/sources/hostFiles.ts";
import type { App } from "../app.ts";
import { isOpen } from "../consent.ts";
import { documentUri } from "../documentUri.ts";
import { sanitize } from "../../common/sanitize.ts";
import { HOST_BREAKPOINTS } from "../names.ts";
import { askPassword, certificates } from "../secretPrompts.ts";
import { GuestAdapters } from "./adapterFactory.ts";
import { readPlan } from "./configuration.ts";
import { type BreakpointList, HostBreakpoints, type PlacedBreakpoint } from "./hostBreakpoints.ts";
import type { Join } from "./joins.ts";
import { SourceFiles } from "./sourceFiles.ts";

export interface GuestWindow {
  readonly userName: () => string;
  /** The folders of the workspace that are on this machine's disk. */
  readonly folders: () => readonly string[];
}

export interface Guest {
  readonly adapters: GuestAdapters;
  readonly files: SourceFiles;
}

/** What makes this window a guest: debug adapters of the type `debug-server`, and the host's sources. */
export function createGuest(app: App, { userName, folders }: GuestWindow): Guest {
  const { context, joins, serving, consent, logger, recents } = app;
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
  const hostBreakpoints = new HostBreakpoints(windowBreakpoints(), {
    get: () => context.workspaceState.get<unknown>(HOST_BREAKPOINTS),
    set: (places) => void context.workspaceState.update(HOST_BREAKPOINTS, places),
  });
  context.subscriptions.push(hostBreakpoints);
  const adapters = new GuestAdapters({
    joins,
    serving,
    mayServe: (servers) => consent.allows("serve an adapter's debug session", servers.filter(isOpen)),
    logger,
    userName,
    withPassword: (address) => recents.withPassword(address),
    rememberPassword: (address) =>
      recents.remember(address).catch((thrown: unknown) => {
        // Next time they are asked again.
        logger.log("warn", `The password was not kept: ${AppError.from(thrown).toLine()}`);
      }),
    askPassword,
    certificates,
    hostBreakpoints,
    async openSession(join, id, session, signal) {
      const info = await join.joined.findSession(id, { signal });
      const plan = readPlan(session.configuration);
      return join.joined.openSession(info.id, {
        signal,
        notices: connectionNotices(join.joined),
        sources: {
          host: hostOf(join),
          session: info.id,
          local,
          // What is not in the workspace is the host's, also where both are on one machine.
          acceptSamePath: false,
          mappings: plan.kind === "wrap" ? [] : plan.pathMappings,
          hostSources: { kind: "uri", joinId: sourceId(join) },
          onHostSource: (path, id) => files.served(sourceId(join), path, id),
          onDiffers: (hostPath, localPath) => tellDiffers(hostPath, localPath),
        },
      });
    },
  });
  return { adapters, files };
}

/** Of the server and not of the join: who joins it again finds the breakpoints that VS Code remembers. */
function sourceId({ address }: Join): string {
  return createHash("sha256").update(address).digest("hex").slice(0, 12);
}

function tellDiffers(hostPath: string, localPath: string): void {
  void vscode.window.showInformationMessage(
    sanitize(`${localPath} is not what runs on the host: ${hostPath} differs. You see the host's file.`),
  );
}

function windowBreakpoints(): BreakpointList {
  const placed = (breakpoints: readonly vscode.Breakpoint[]): PlacedBreakpoint[] =>
    breakpoints.flatMap((each) => {
      if (!(each instanceof vscode.SourceBreakpoint)) return [];
      const { uri, range } = each.location;
      return [{ id: each.id, uri: uri.toString(), line: range.start.line + 1 }];
    });
  return {
    list: () => placed(vscode.debug.breakpoints),
    remove: (ids) => vscode.debug.removeBreakpoints(vscode.debug.breakpoints.filter(({ id }) => ids.has(id))),
    onAdded: (listener) => vscode.debug.onDidChangeBreakpoints(({ added }) => listener(placed(added))),
    uriOf: (path) => documentUri(path).toString(),
  };
}
