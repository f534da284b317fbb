import type { JsonObject } from "../dap/messages.ts";
import type { BreakpointDocument } from "./breakpointDocument.ts";
import type { BreakpointKind } from "./breakpointKinds.ts";
import type { Client, ClientRequest } from "./client.ts";

/** The state of one group: what is wanted, and what the adapter said of it. */
export interface BreakpointGroup {
  readonly kind: BreakpointKind;
  /** Of its group: a source's in whatever spelling, or the kind. */
  readonly key: string;
  document: BreakpointDocument;
  /** The request's other arguments (`source`, …), as a client wrote them last. */
  frame: JsonObject;
  /** The adapter's last word on each entry (DAP: Breakpoint). */
  readonly results: Map<number, JsonObject>;
  /** Edits that wait for those under way: the adapter gets the lists of one client at a time. */
  readonly queue: { readonly run: () => void; readonly by: Client | undefined }[];
  /** Whose lists are under way; undefined: not a client's. */
  holder: Client | undefined;
  underWay: number;
  /** How many lists have gone to the adapter, and which of them the group is as of: answers may come in another order. */
  sent: number;
  taken: number;
  /** The group as it is when all that is under way has been taken; undefined: nothing is. */
  expected: BreakpointDocument | undefined;
  /** The lists that have not been answered. */
  readonly pending: Set<Pending>;
}

/** A group of which the adapter has been told nothing yet. */
export function newGroup(of: Pick<BreakpointGroup, "kind" | "key" | "document" | "frame">): BreakpointGroup {
  const { kind, key, document, frame } = of;
  return {
    kind,
    key,
    document,
    frame,
    results: new Map(),
    queue: [],
    holder: undefined,
    underWay: 0,
    sent: 0,
    taken: 0,
    expected: undefined,
    pending: new Set(),
  };
}

/** A client's list that waits for its turn or for the adapter. */
export interface Pending {
  readonly client: Client;
  readonly keys: ReadonlySet<string>;
}

/** Who asked for an edit, and whether the adapter got the request as that client wrote it. */
export interface Asked {
  readonly request: ClientRequest;
  readonly untouched: boolean;
}

/** The name of an entry within the session, by which clients' ids of it are kept. */
export function entryName(group: BreakpointGroup, entry: number): string {
  return `${entry} ${group.key}`;
}

/** The adapter's last word on the entry of that name. */
export function resultOf(groups: ReadonlyMap<string, BreakpointGroup>, name: string): JsonObject | undefined {
  const space = name.indexOf(" ");
  return groups.get(name.slice(space + 1))?.results.get(Number(name.slice(0, space)));
}
