import { CompletionItem } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { CallFrame } from "./cdp.ts";
import { evaluate } from "./evaluate.ts";
import type { Target } from "./target.ts";

const MAX_ITEMS = 500;

/** What the word before the cursor may become: properties after a dot, otherwise variables. */
export async function complete(
  target: Target,
  text: string,
  cursor: number,
  frame: CallFrame | undefined,
): Promise<DebugProtocol.CompletionItem[]> {
  const before = text.slice(0, cursor);
  const word = /[\p{ID_Continue}$]*$/u.exec(before)?.[0] ?? "";
  const isProperty = before.at(-word.length - 1) === ".";
  const names = isProperty
    ? await propertyNames(target, objectBefore(before, word), frame)
    : await variableNames(target, frame);
  return [...new Set(names)]
    .filter((name) => name.startsWith(word) && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    .sort()
    .slice(0, MAX_ITEMS)
    .map((name) => {
      const item: DebugProtocol.CompletionItem = new CompletionItem(name, cursor - word.length, word.length);
      return { ...item, type: isProperty ? "property" : "variable" };
    });
}

/** The chain of names and indices before the dot. Calls are left out: they would have to be made. */
function objectBefore(before: string, word: string): string {
  const chain = before.slice(0, before.length - word.length).replace(/\??\.$/, "");
  return /[\p{ID_Continue}$.[\]'"?]+$/u.exec(chain)?.[0] ?? "";
}

async function propertyNames(
  target: Target,
  expression: string,
  frame: CallFrame | undefined,
): Promise<string[]> {
  if (expression === "") return [];
  try {
    const value = await evaluate(target, `Object(${expression})`, { frame, withoutSideEffects: true });
    return value.objectId === undefined ? [] : await namesOf(target, value.objectId, true);
  } catch {
    // Half an expression, or one that would change something.
    return [];
  }
}

async function variableNames(target: Target, frame: CallFrame | undefined): Promise<string[]> {
  const { names } = await target.inspector.send("Runtime.globalLexicalScopeNames", {});
  if (frame === undefined) {
    const global = await evaluate(target, "globalThis", { withoutSideEffects: true });
    return global.objectId === undefined
      ? names
      : [...names, ...(await namesOf(target, global.objectId, false))];
  }
  const scopes = await Promise.all(
    frame.scopeChain.map(({ object }) =>
      object.objectId === undefined ? Promise.resolve([]) : namesOf(target, object.objectId, false),
    ),
  );
  return ["this", ...names, ...scopes.flat()];
}

async function namesOf(target: Target, objectId: string, withInherited: boolean): Promise<string[]> {
  const { result } = await target.inspector.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: `function (withInherited) {
      const names = [];
      for (let o = this; o !== null; o = withInherited ? Object.getPrototypeOf(o) : null) {
        for (const name of Object.getOwnPropertyNames(o)) if (!/^\\d+$/.test(name)) names.push(name);
      }
      return names;
    }`,
    arguments: [{ value: withInherited }],
    returnByValue: true,
    silent: true,
  });
  return Array.isArray(result.value) ? result.value.filter((name) => typeof name === "string") : [];
}
