import { findClearPassword } from "../../address/clearPassword.ts";
import { shifted } from "../../address/result.ts";
import type { Token } from "../../address/result.ts";
import { parseScript, scriptLines } from "../../address/script.ts";
import { connectionIn, scriptCompletionsAt, scriptHoverAt } from "../../address/scriptHelp.ts";
import { finding } from "./features.ts";
import type { TextFinding, LanguageFeatures } from "./features.ts";

/** Documents of the language `debug-server-script`. */
export const SCRIPT_FEATURES: LanguageFeatures = {
  completionsAt(text, offset, existing) {
    const line = lineAt(text, offset);
    return scriptCompletionsAt(line.text, offset - line.start, existing).map((item) =>
      shifted(item, line.start),
    );
  },

  hoverAt(text, offset) {
    const line = lineAt(text, offset);
    const hover = scriptHoverAt(line.text, offset - line.start);
    return hover && shifted(hover, line.start);
  },

  findings(text) {
    const lines = scriptLines(text);
    const script = parseScript(text);
    const errors = (script.ok ? [] : script.problems).map((problem) =>
      shifted(finding("error", problem), lines[problem.line]?.start ?? 0),
    );
    return [...errors, ...lines.flatMap(clearPasswordsIn)];
  },
};

function clearPasswordsIn(line: Token): TextFinding[] {
  const connection = connectionIn(line.text);
  const clear = connection && findClearPassword(connection.text, "server");
  if (connection === undefined || clear === undefined) return [];
  return [shifted(finding("warning", clear), line.start + connection.start)];
}

function lineAt(text: string, offset: number): Token {
  const lines = scriptLines(text);
  return lines.findLast(({ start }) => start <= offset) ?? { text, start: 0 };
}
