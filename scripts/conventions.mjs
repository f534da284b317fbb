// Writes src/dap/conventions.ts: where DAP's messages hold what clients write in different ways, read from the types of
// @vscode/debugprotocol. With --check it writes nothing, and fails if that file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import ts from "typescript";

const TARGET = fileURLToPath(new URL("../src/dap/conventions.ts", import.meta.url));
const SPECIFICATION = fileURLToPath(
  new URL("../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts", import.meta.url),
);
const LINES = new Set(["line", "endLine", "lines"]);
const COLUMNS = new Set(["column", "endColumn"]);

const file = ts.createSourceFile(
  SPECIFICATION,
  readFileSync(SPECIFICATION, "utf8"),
  ts.ScriptTarget.Latest,
  true,
);
const interfaces = new Map();
collect(file);
const styled = placesNamedAt("InitializeRequestArguments", "supportsANSIStyling");
/** Type → its rules; empty where it holds nothing. */
const types = new Map();

const requests = named("Request");
const argumentsOf = rulesByName(requests, (name) => membersOf(`${name}Request`).get("arguments")?.type);
const bodies = {
  ...rulesByName(requests, (name) => bodyOf(`${name}Response`)),
  ...rulesByName(named("Event"), (name) => bodyOf(`${name}Event`)),
};
const text = await written();
if (process.argv.includes("--check")) {
  if (readFileSync(TARGET, "utf8") !== text) {
    console.error("src/dap/conventions.ts is out of date: run `node scripts/conventions.mjs`.");
    process.exit(1);
  }
} else {
  writeFileSync(TARGET, text);
}

function collect(node) {
  if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
  else ts.forEachChild(node, collect);
}

/** `Next` of `NextRequest`, and so on. */
function named(suffix) {
  return [...interfaces.keys()].flatMap((name) =>
    name !== suffix && name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : [],
  );
}

/** An interface's members with those of what it extends. */
function membersOf(name) {
  const declaration = interfaces.get(name);
  if (declaration === undefined) return new Map();
  const inherited = (declaration.heritageClauses ?? []).flatMap(({ types: bases }) =>
    bases.flatMap(({ expression }) => [...membersOf(expression.text)]),
  );
  return new Map([...inherited, ...declaration.members.map((member) => [member.name?.getText(), member])]);
}

function bodyOf(name) {
  return membersOf(name).get("body")?.type;
}

/** The places that the words about a capability name: `Type.member`. */
function placesNamedAt(type, member) {
  const words = membersOf(type).get(member).getFullText();
  return new Set([...words.matchAll(/`(\w+\.\w+)`/g)].map(([, place]) => place));
}

function rulesByName(names, typeOf) {
  const all = {};
  for (const name of names) {
    const node = typeOf(name);
    if (node === undefined) continue;
    const rules = ts.isTypeLiteralNode(node)
      ? rulesOf(
          name,
          node.members.map((member) => [member.name?.getText(), member]),
        )
      : rulesOf(name, [...membersOf(node.getText())]);
    if (Object.keys(rules).length > 0) all[name.charAt(0).toLowerCase() + name.slice(1)] = rules;
  }
  return all;
}

/** Member → what it is, of those that are something or hold something. */
function rulesOf(owner, members) {
  const rules = {};
  for (const [name, member] of members) {
    const rule = member.type === undefined ? undefined : ruleOf(owner, name, member, member.type);
    if (rule !== undefined) rules[name] = rule;
  }
  return rules;
}

function ruleOf(owner, name, member, type) {
  if (ts.isArrayTypeNode(type)) {
    const rule = ruleOf(owner, name, member, type.elementType);
    return rule && `${rule}[]`;
  }
  if (type.kind === ts.SyntaxKind.NumberKeyword) {
    // DAP says of most columns, also of those that are not called so, by what they are counted.
    if (COLUMNS.has(name) || member.getFullText().includes("`columnsStartAt1`")) return "column";
    return LINES.has(name) || member.getFullText().includes("`linesStartAt1`") ? "line" : undefined;
  }
  if (type.kind === ts.SyntaxKind.StringKeyword) {
    if (owner === "Source" && name === "path") return "path";
    if (styled.has(`${owner}.${name}`) || styled.has(`${owner}Event.${name}`)) return "styled";
    return name === "memoryReference" && member.questionToken !== undefined ? "memory" : undefined;
  }
  if (ts.isTypeReferenceNode(type) && interfaces.has(type.getText())) {
    return holds(type.getText()) ? type.getText() : undefined;
  }
  if (ts.isTypeLiteralNode(type)) {
    const inner = type.members.map((each) => [each.name?.getText(), each]);
    if (Object.keys(rulesOf(owner, inner)).length > 0)
      throw new Error(
        `${owner}.${name} holds places in a type without a name: give the table a form for it.`,
      );
  }
  // What is of any type is opaque.
  return undefined;
}

/** Whether a type holds anything; it is in the table then. */
function holds(type) {
  if (!types.has(type)) {
    // What it holds of its own kind is only worth a walk if it holds something else as well.
    types.set(type, {});
    const without = rulesOf(type, [...membersOf(type)]);
    if (Object.keys(without).length > 0) {
      types.set(type, without);
      types.set(type, rulesOf(type, [...membersOf(type)]));
    }
  }
  return Object.keys(types.get(type)).length > 0;
}

async function written() {
  const used = Object.fromEntries([...types].filter(([, rules]) => Object.keys(rules).length > 0).sort());
  const json = (value) => JSON.stringify(value);
  const source = `// Made by scripts/conventions.mjs from the types of @vscode/debugprotocol: change that, not this.
// \`line\`, \`column\`: a number that counts from 0 or 1. \`path\`: of a source, a path or a URI. \`memory\`: a reference to memory that
// may be left out. \`styled\`: text that may hold ANSI sequences. With a capital: one of TYPES. \`[]\`: a list of it.
// What is not here means the same to all clients, or is only its sender's.

export type ConventionRules = Readonly<Record<string, string>>;

export const TYPES: Readonly<Record<string, ConventionRules>> = ${json(used)};

/** By requests, what is in their arguments. */
export const ARGUMENTS: Readonly<Record<string, ConventionRules>> = ${json(argumentsOf)};

/** By requests and events, what is in the bodies of the answers and of the events. */
export const BODIES: Readonly<Record<string, ConventionRules>> = ${json(bodies)};
`;
  return format(source, { ...(await resolveConfig(TARGET)), parser: "typescript" });
}
