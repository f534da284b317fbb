import ts from "typescript";

/** The heading in SECURITY.md under which the table stands. */
const HEADING = "## Threats, and the tests that hold them";
const COLUMNS = ["who", "what they could get", "what holds them", "tests"];
/** One test in the last cell, as inline code. */
const REFERENCE = /^`(test\/[^`]+\.test\.ts) › ([^`]+)`$/u;
const CALLS = new Set(["test", "it", "describe", "e2e"]);
const RULE =
  "A reference is the inline code `test/…/file.test.ts › NAME`; several are separated by <br>. NAME is the whole first " +
  "argument of a test(), it(), describe() or e2e() in that file, not a path of several; of a template, its source text " +
  "between the backticks, with the ${…} as they stand there. A | in it is written \\|.";

/**
 * What is wrong with the threat table of `markdown`, one sentence each; none if every row names tests that exist.
 * `read`: the source text of a file by its path from the root of the project; undefined if there is none.
 */
export function threatTableProblems(markdown: string, read: (path: string) => string | undefined): string[] {
  const lines = markdown.split("\n");
  const start = lines.indexOf(HEADING);
  if (start < 0) return [`SECURITY.md has no section "${HEADING}".`];
  const section = lines.slice(start + 1);
  const end = section.findIndex((line) => line.startsWith("## "));
  const [head, , ...rows] = section
    .slice(0, end < 0 ? section.length : end)
    .filter((line) => line.startsWith("|"))
    .map(cellsOf);
  if (head?.join() !== COLUMNS.join() || rows.length === 0)
    return [`The threat table is missing; its columns are ${COLUMNS.join(", ")}.`];
  const names = new Map<string, ReadonlySet<string> | undefined>();
  return rows.flatMap((cells) => {
    const row = `The row "${cells.slice(0, 2).join(" | ")}"`;
    if (cells.length !== COLUMNS.length || cells.includes(""))
      return [`${row} has an empty or missing cell.`];
    return (cells.at(-1) ?? "").split(/<br\s*\/?>/u).flatMap((cell) => {
      const [, path, name] = REFERENCE.exec(cell.trim()) ?? [];
      if (path === undefined || name === undefined)
        return [`${row} names no test by "${cell.trim()}". ${RULE}`];
      if (!names.has(path)) names.set(path, namesIn(path, read));
      const known = names.get(path);
      if (known === undefined) return [`${row} names ${path}, which does not exist.`];
      return known.has(name) ? [] : [`${row} names "${name}", which ${path} does not have. ${RULE}`];
    });
  });
}

function cellsOf(line: string): string[] {
  const cells = line.trim().split(/(?<!\\)\|/u);
  return cells.slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** The names of the tests in a file. One that never runs (`test.skip`, `{ skip: true }`, a comment) is none. */
function namesIn(path: string, read: (path: string) => string | undefined): ReadonlySet<string> | undefined {
  const text = read(path);
  if (text === undefined) return undefined;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && CALLS.has(node.expression.text)) {
      const [name, options] = node.arguments;
      if (options !== undefined && neverRuns(options)) return;
      if (name !== undefined && ts.isStringLiteral(name)) names.add(name.text);
      else if (name !== undefined && ts.isTemplateLiteral(name)) names.add(name.getText(file).slice(1, -1));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

function neverRuns(options: ts.Expression): boolean {
  if (!ts.isObjectLiteralExpression(options)) return false;
  return options.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      ts.isIdentifier(property.name) &&
      ["skip", "todo"].includes(property.name.text) &&
      (property.initializer.kind === ts.SyntaxKind.TrueKeyword || ts.isStringLiteral(property.initializer)),
  );
}
