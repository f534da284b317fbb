import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import type { IGrammar } from "vscode-textmate";
import manifest from "../../package.json" with { type: "json" };

// VS Code's own engine over the grammars as package.json contributes them, and VS Code's grammars for JSON
// (test/fixtures/grammars, of VS Code 1.139).

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Contribution {
  readonly scopeName: string;
  readonly path: string;
  readonly injectTo?: readonly string[];
}

export const CONTRIBUTIONS: readonly Contribution[] = manifest.contributes.grammars;

const FILES = new Map([
  ...CONTRIBUTIONS.map(({ scopeName, path }) => [scopeName, path] as const),
  ["source.json", "test/fixtures/grammars/JSON.tmLanguage.json"],
  ["source.json.comments", "test/fixtures/grammars/JSONC.tmLanguage.json"],
]);

async function engine(): Promise<textmate.IOnigLib> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(new Uint8Array(wasm).buffer);
  return {
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  };
}

const registry = new textmate.Registry({
  onigLib: engine(),
  loadGrammar: async (scopeName) => {
    const file = FILES.get(scopeName);
    if (file === undefined) return undefined;
    return textmate.parseRawGrammar(readFileSync(join(ROOT, file), "utf8"), file);
  },
  getInjections: (scopeName) =>
    CONTRIBUTIONS.filter(({ injectTo }) => injectTo?.includes(scopeName)).map((each) => each.scopeName),
});

export async function grammarOf(scopeName: string): Promise<IGrammar> {
  const grammar = await registry.loadGrammar(scopeName);
  if (grammar === null) throw new Error(`There is no grammar ${scopeName}.`);
  return grammar;
}

export interface Token {
  readonly text: string;
  /** Of the whole text. */
  readonly start: number;
  readonly scopes: readonly string[];
}

export function tokenize(grammar: IGrammar, text: string): Token[] {
  let stack = textmate.INITIAL;
  let start = 0;
  return text.split("\n").flatMap((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    const lineStart = start;
    start += line.length + 1;
    return tokens.map(({ startIndex, endIndex, scopes }) => ({
      text: line.slice(startIndex, endIndex),
      start: lineStart + startIndex,
      scopes,
    }));
  });
}

/** The texts that have a scope which starts so, in order, without white space around them. */
export function textsOf(tokens: readonly Token[], scope: string): string[] {
  return tokens
    .filter(({ scopes }) => scopes.some((each) => each === scope || each.startsWith(`${scope}.`)))
    .map(({ text }) => text.trim())
    .filter((text) => text !== "");
}
