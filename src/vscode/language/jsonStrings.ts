import { parseTree } from "jsonc-parser";
import type { Node } from "jsonc-parser";
import type { Role } from "../../address/model.ts";
import { DEBUG_TYPE, SETTINGS } from "../names.ts";

/** A connection string in a JSON document. */
export interface JsonConnection {
  readonly role: Role;
  /** Whether VS Code puts values in the place of `${…}`, as it does in a launch configuration. */
  readonly hasVariables: boolean;
  /** Without the escapes of JSON. */
  readonly text: string;
  /** Where each character of `text` starts in the document, and where the last one ends. */
  readonly offsets: readonly number[];
}

/** The properties of a configuration of our debug type. */
const CONFIGURATION: Readonly<Record<string, Role>> = { remote: "client", server: "server" };

/** A setting has its name wherever it stands. */
const SETTING = `${SETTINGS.section}.${SETTINGS.startWithSession}`;

/**
 * The connection strings of a `launch.json`, a `settings.json` or a workspace file, which has both in it. The text
 * may have comments, trailing commas and any mistake. A property holds one string or a list of them.
 */
export function connectionStringsIn(document: string): JsonConnection[] {
  const root = parseTree(document, [], { allowTrailingComma: true });
  return root === undefined ? [] : search(root, document);
}

function search(node: Node, document: string): JsonConnection[] {
  const inside = (node.children ?? []).flatMap((child) => search(child, document));
  const kind = node.type === "property" ? kindOf(node) : undefined;
  const value = node.children?.[1];
  if (kind === undefined || value === undefined) return inside;
  const strings = [value, ...(value.type === "array" ? (value.children ?? []) : [])];
  return strings
    .filter(({ type }) => type === "string")
    .map(({ offset, length }) => ({ ...kind, ...decode(document, offset, offset + length) }));
}

function kindOf(property: Node): Pick<JsonConnection, "role" | "hasVariables"> | undefined {
  const name = String(property.children?.[0]?.value);
  if (name === SETTING) return { role: "server", hasVariables: false };
  const role =
    Object.hasOwn(CONFIGURATION, name) && isOurs(property.parent) ? CONFIGURATION[name] : undefined;
  return role && { role, hasVariables: true };
}

/** Whether an object is a debug configuration of our type. */
function isOurs(object: Node | undefined): boolean {
  const list = object?.parent?.parent;
  if (list?.type !== "property" || list.children?.[0]?.value !== "configurations") return false;
  return (object?.children ?? []).some(
    ({ children }) => children?.[0]?.value === "type" && children[1]?.value === DEBUG_TYPE,
  );
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Reads the literal from its quotation mark at `start` on, as far as it goes: the closing one may be missing. */
function decode(document: string, start: number, end: number): Pick<JsonConnection, "text" | "offsets"> {
  let text = "";
  const offsets: number[] = [];
  let at = start + 1;
  while (at < end && document[at] !== '"') {
    offsets.push(at);
    const [written = "", unicode, simple] =
      /^\\(?:u([0-9a-f]{4})|([^]))|^[^]/i.exec(document.slice(at, end)) ?? [];
    if (unicode !== undefined) text += String.fromCharCode(parseInt(unicode, 16));
    else text += simple === undefined ? written : (ESCAPES[simple] ?? simple);
    at += written.length;
  }
  return { text, offsets: [...offsets, at] };
}
