import { completionsAt } from "../../address/complete.ts";
import { hoverAt } from "../../address/hover.ts";
import type { Span } from "../../address/result.ts";
import { findingsIn } from "./features.ts";
import type { TextFinding, LanguageFeatures } from "./features.ts";
import { connectionStringsIn } from "./jsonStrings.ts";
import type { JsonConnection } from "./jsonStrings.ts";

/** Connection strings within the JSON files that configure debugging. */
export const JSON_FEATURES: LanguageFeatures = {
  completionsAt(text, offset, existing) {
    const connection = connectionAt(text, offset);
    if (connection === undefined) return [];
    const { role } = connection;
    return completionsAt(connection.text, indexOf(connection, offset), role, existing).map((item) => ({
      ...inDocument(item, connection),
      insertText: JSON.stringify(item.insertText).slice(1, -1),
    }));
  },

  hoverAt(text, offset) {
    const connection = connectionAt(text, offset);
    const hover = connection && hoverAt(connection.text, indexOf(connection, offset), connection.role);
    return hover && inDocument(hover, connection);
  },

  findings(text) {
    return connectionStringsIn(text).flatMap((connection) =>
      findingsIn(connection.text, connection.role)
        .filter((each) => isCertain(each, connection))
        .map((each) => inDocument(each, connection)),
    );
  },
};

/** With variables in it, only VS Code knows what the string will be; a password that is one is none that can be read. */
function isCertain({ severity, start, end }: TextFinding, { text, hasVariables }: JsonConnection): boolean {
  if (!hasVariables) return true;
  return !(severity === "error" ? text : text.slice(start, end)).includes("${");
}

function connectionAt(text: string, offset: number): JsonConnection | undefined {
  return connectionStringsIn(text).find(
    ({ offsets }) => (offsets[0] ?? Infinity) <= offset && offset <= (offsets.at(-1) ?? -1),
  );
}

/** The character of the string that is written at an offset of the document. */
function indexOf({ offsets }: JsonConnection, offset: number): number {
  return offsets.findLastIndex((start) => start <= offset);
}

function inDocument<T extends Span>(item: T, { offsets }: JsonConnection): T {
  return { ...item, start: offsets[item.start] ?? 0, end: offsets[item.end] ?? 0 };
}
