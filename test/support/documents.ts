import path from "node:path";

interface Files {
  readonly exists: (file: string) => boolean;
  readonly read: (file: string) => string;
}

/** The links of a document, written as there, that lead to no file, or to no heading of a Markdown file. */
export function brokenLinks(document: string, { exists, read }: Files): string[] {
  const text = withoutCode(read(document));
  const links = [...text.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/gu)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/u.test(link)) return false;
    const [target = "", anchor] = link.split("#");
    const file = target === "" ? document : path.posix.join(path.posix.dirname(document), target);
    if (target.startsWith("/") || !exists(file)) return true;
    return anchor !== undefined && !anchorsOf(read(file)).has(anchor);
  });
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutBlocks(markdown).matchAll(/^#+ +(.+)$/gmu)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/gu, "-");
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** A path under one of the project's folders, or a file with the ending of our own sources. */
const FILE = /^(?:(?:src|test|scripts|bench|docs|media)\/[\w./-]*|[\w./-]*[\w-]+\.(?:ts|mjs|sh|py))$/u;

/** What a document names as a file of the project, in inline code, and what is not the end of a path in `files`. */
export function missingFiles(markdown: string, files: readonly string[]): string[] {
  const named = [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/gu)].map(([, code = ""]) => code);
  return named
    .map((code) => code.split(" › ")[0] ?? "")
    .filter((name) => FILE.test(name))
    .filter((name) => {
      const file = `/${name.replace(/\/$/u, "")}`;
      return !files.some((other) => `/${other}`.endsWith(file));
    });
}

const withoutBlocks = (markdown: string) => markdown.replace(/^(`{3,}).*?^\1/gmsu, "");
const withoutCode = (markdown: string) => withoutBlocks(markdown).replace(/`[^`\n]*`/gu, "");
