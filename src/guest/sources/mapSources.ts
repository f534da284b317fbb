import type { Event } from "../../common/event.ts";
import type { DapPort } from "../../dap/port.ts";
import type { HostFiles } from "./hostFiles.ts";
import type { PlacesOptions } from "./places.ts";
import { MappedSession } from "./mappedSession.ts";

/** How the host's files reach an editor that has no equal of them. */
export type ServedAs =
  /** By URIs of the scheme `debug-server:` (servedUri.ts), which the editor reads itself. */
  | { readonly kind: "uri"; readonly joinId: string }
  /** By DAP's `sourceReference`: every editor can ask for them. */
  | { readonly kind: "reference" };

export interface SourceMappingOptions extends PlacesOptions {
  readonly host: HostFiles;
  /** The session's id on the host. An `attach` that asks for another one changes it. */
  readonly session: string;
  readonly served: ServedAs;
  /** The guest's file that should be the host's has other content, so the host's is shown. Once for each file. */
  readonly onDiffers?: (hostPath: string, localPath: string) => void;
  /** A file of the host's is given to the editor as a served one. */
  readonly onServed?: (hostPath: string, session: string) => void;
  /** Told in the editor's debug console. */
  readonly news?: Event<string>;
  /** How long a message waits for the host's word on its files, in milliseconds. */
  readonly deadlineMs?: number;
}

/**
 * Stands between an editor and a session of the host's, whose files are elsewhere, and lets each see its own paths. What
 * names no files passes as it is, and nothing overtakes anything.
 */
export function mapSources(session: DapPort, options: SourceMappingOptions): DapPort {
  return new MappedSession(session, options);
}
