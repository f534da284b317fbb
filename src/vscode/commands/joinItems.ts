import { format } from "../../address/format.ts";
import type { ClientAddress } from "../../address/model.ts";
import { parseClient } from "../../address/parse.ts";
import { AppError } from "../../common/errors.ts";
import type { ServerEntry } from "../../host/registry.ts";
import { sanitize } from "../../common/sanitize.ts";
import { pastedLink } from "../joinLink.ts";
import { DEBUG_TYPE } from "../names.ts";
import { openText } from "../recent.ts";
import { checkClient } from "./check.ts";

/** What can be joined, and what is wrong with what is typed. */
export interface JoinItem {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** Whatever is typed: it is what is typed. */
  readonly alwaysShow: boolean;
  /** Undefined: this cannot be joined, the label says why. */
  readonly join: JoinChoice | undefined;
  /** Of the recently joined servers, as `Recents` has it. */
  readonly recent?: string;
}

export interface JoinChoice {
  readonly address: ClientAddress;
  /** What the debug session is called. */
  readonly name: string;
}

export interface JoinGroup {
  readonly title: string;
  readonly items: readonly JoinItem[];
}

export interface JoinSources {
  readonly typed: string;
  readonly clipboard: string;
  /** The servers of this machine. */
  readonly entries: readonly ServerEntry[];
  readonly recents: readonly string[];
  /** The join strings of this window's own servers, which are not offered here. */
  readonly own: ReadonlySet<string>;
}

/** The clipboard may hold a book. */
const CLIPBOARD_LENGTH = 2_000;

/**
 * What is typed in full stands alone; else each server once, where it comes first. VS Code names a chosen row by its
 * place, and Enter may come before it has drawn the rows of what was typed or pasted: nothing else may stand in the place
 * of a row that was there before.
 */
export function joinGroups({ typed, clipboard, entries, recents, own }: JoinSources): JoinGroup[] {
  const ofTyped = { title: "typed", items: typedItems(typed) };
  if (ofTyped.items.some(({ join }) => join !== undefined)) return [ofTyped];
  const offered = new Set(own);
  const once = ({ address }: JoinChoice) => {
    const key = format(address);
    return offered.has(key) ? false : Boolean(offered.add(key));
  };
  const unless = (item: JoinItem | undefined) => (item?.join !== undefined && once(item.join) ? [item] : []);
  const groups = [
    { title: "in the clipboard", items: unless(clipboardItem(clipboard)) },
    { title: "on this machine", items: entries.map(entryItem).flatMap(unless) },
    { title: "recently joined", items: recents.map(recentItem).flatMap(unless) },
    ofTyped,
  ];
  return groups.filter(({ items }) => items.length > 0);
}

/** A colon tells a connection string from what the user types to filter the list. */
function typedItems(typed: string): JoinItem[] {
  const text = pastedLink(typed) ?? typed;
  if (!text.includes(":")) return [];
  const checked = checkClient(text);
  if (checked.ok) {
    const join = choice(checked.address);
    return [{ label: `$(plug) Join ${join.name}`, alwaysShow: true, join }];
  }
  const icon = checked.unfinished ? "info" : "error";
  return [{ label: `$(${icon}) ${checked.message}`, alwaysShow: true, join: undefined }];
}

function clipboardItem(clipboard: string): JoinItem | undefined {
  if (clipboard.length > CLIPBOARD_LENGTH) return undefined;
  return itemOf(pastedLink(clipboard) ?? clipboard.trim());
}

function entryItem(entry: ServerEntry): JoinItem | undefined {
  const join = entryChoice(entry);
  if (join === undefined || !isForThisMachine(join)) return undefined;
  return {
    label: `$(debug-alt) ${sanitize(join.name)}`,
    description: sanitize(entry.session.type),
    detail: sanitize(entry.join),
    alwaysShow: false,
    join,
  };
}

/** A serial line's end is in the server's own hands: its guests are at the other. */
export function isForThisMachine({ address }: JoinChoice): boolean {
  return address.kind !== "com";
}

/** Undefined if a newer version than this one has registered it. */
export function entryChoice({ join, session }: ServerEntry): JoinChoice | undefined {
  const parsed = parseClient(join);
  return parsed.ok ? { address: parsed.value, name: session.name || "Debug session" } : undefined;
}

function recentItem(recent: string): JoinItem | undefined {
  const item = itemOf(recent);
  return item && { ...item, recent };
}

function itemOf(text: string): JoinItem | undefined {
  const parsed = parseClient(text);
  if (!parsed.ok) return undefined;
  const join = choice(parsed.value);
  return { label: `$(plug) ${join.name}`, alwaysShow: false, join };
}

export function choice(address: ClientAddress): JoinChoice {
  return { address, name: sanitize(format(address, { secrets: "mask" })) };
}

/**
 * The configuration of the debug session that joins. VS Code fills in variables (`${env:…}`, `${command:…}`) anywhere in it,
 * and others have a hand in the string (a link, the clipboard) and in the name (the host, the network). Returns an AppError
 * if that would be so in the string.
 */
export function joinConfiguration({ address, name }: JoinChoice) {
  const remote = openText(address);
  if (remote.includes("${"))
    return new AppError("address", 'A connection string that is joined in this way holds no "${".', {
      hint: "VS Code would put a variable, a setting or a command's result there, and the host would see it.",
    });
  return {
    type: DEBUG_TYPE,
    request: "attach",
    name: sanitize(name).replaceAll("${", "$ {"),
    remote,
  } as const;
}
