import type * as vscode from "vscode";
import type { Logger } from "../common/logger.ts";
import type { Registry } from "../host/registry.ts";
import type { Joins } from "./guest/joins.ts";
import type { Consent } from "./consent.ts";
import type { GuestBreakpoints } from "./host/guestBreakpoints.ts";
import type { Serving } from "./host/serving.ts";
import type { JoinRequests } from "./joinRequests.ts";
import type { Recents } from "./recent.ts";

export interface Preferences {
  /** How guests call this machine. */
  host?: string;
}

/** What the extension is made of, for those of its parts that need several of the others. `extension.ts` makes it. */
export interface App {
  readonly context: vscode.ExtensionContext;
  readonly serving: Serving;
  /** Whether servers may be opened that the workspace asks for. */
  readonly consent: Consent;
  readonly guests: GuestBreakpoints;
  readonly requests: JoinRequests;
  readonly joins: Joins;
  readonly registry: Registry;
  readonly recents: Recents;
  /** What was chosen before, as long as the window lives. */
  readonly preferences: Preferences;
  readonly logger: Logger;
  /** Where `logger` writes to. */
  readonly log: vscode.LogOutputChannel;
}
