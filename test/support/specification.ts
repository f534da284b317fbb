import { readFileSync } from "node:fs";

/** The DAP specification, as far as tests hold our tables against it: read from its own package. */
const SPECIFICATION = readFileSync(
  new URL("../../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts", import.meta.url),
  "utf8",
).replace(/\/\*[^]*?\*\//g, "");

/** The members of an interface (`name`, or `name?`), each with its type; those of what it extends are left out. */
export function membersOf(name: string): Map<string, { type: string; optional: boolean }> | undefined {
  const match = new RegExp(`interface ${name}(?: extends \\w+)? \\{([^]*?)\\n\\t\\}`).exec(SPECIFICATION);
  if (match === null) return undefined;
  const members = [...(match[1] ?? "").matchAll(/^\t\t(\w+)(\??):\s*([^;{]+|\{[^\n]*\}|\{[^]*?\n\t\t\});/gm)];
  return new Map(
    members.map(([, member = "", mark, type = ""]) => [
      member,
      { type: type.trim(), optional: mark === "?" },
    ]),
  );
}

/** `Next`, `SetBreakpoints`, … */
export const REQUEST_NAMES = [...SPECIFICATION.matchAll(/interface (\w+)Request extends Request \{/g)].map(
  ([, name = ""]) => name,
);
/** `Stopped`, `LoadedSource`, … */
export const EVENT_NAMES = [...SPECIFICATION.matchAll(/interface (\w+)Event extends Event \{/g)].map(
  ([, name = ""]) => name,
);
export const commandOf = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** The arguments' interface of a request: what its `arguments` member says. */
export function argumentsOf(name: string): ReturnType<typeof membersOf> {
  const type = membersOf(`${name}Request`)?.get("arguments")?.type;
  return type === undefined ? undefined : membersOf(type);
}

const JSON_TYPES: Record<string, string> = { number: "number", string: "string", boolean: "boolean" };
export function jsonType(type: string): string {
  if (type.endsWith("[]")) return "array";
  if (/^'/.test(type)) return "string";
  return JSON_TYPES[type] ?? "object";
}
