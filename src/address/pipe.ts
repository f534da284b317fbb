import { failureAt, success } from "./result.ts";
import type { ParseResult, Token } from "./result.ts";

const CODES = /%[dx]/g;

/** A server's pipe: `%d` and `%x` are kept, to be expanded when the process that serves is known. */
export function parsePipe(token: Token): ParseResult<string> {
  const name = parsePipeName(token);
  if (!name.ok) return name;
  for (let index = token.text.indexOf("%"); index >= 0; index = token.text.indexOf("%", index + 1)) {
    const code = token.text.slice(index, index + 2);
    if (code !== "%d" && code !== "%x") {
      const lower = code.toLowerCase();
      const hint =
        lower === "%d" || lower === "%x"
          ? `Write ${lower}.`
          : "Write %d (decimal) or %x (hexadecimal) for the process id; other uses of % are not possible.";
      const end = index + code.length;
      return failureAt(token, "A pipe's name can hold the codes %d and %x only.", hint, index, end);
    }
  }
  const third = [...token.text.matchAll(CODES)][2];
  if (third !== undefined) {
    return failureAt(
      token,
      "A pipe's name can hold two codes only: process id and thread id.",
      undefined,
      third.index,
      third.index + 2,
    );
  }
  return name;
}

/** A client's pipe: the name itself, because a client knows neither process nor thread of the server. */
export function parseClientPipe(token: Token): ParseResult<string> {
  const name = parsePipeName(token);
  const code = token.text.indexOf("%");
  if (!name.ok || code < 0) return name;
  return failureAt(
    token,
    "A client cannot know what the server puts in the place of a code.",
    "Write the pipe's name as the server shows it.",
    code,
    Math.min(code + 2, token.text.length),
  );
}

function parsePipeName(token: Token): ParseResult<string> {
  const wrong = /[\s"'/\\]/.exec(token.text);
  if (wrong !== null) {
    const name = token.text.split(/["']|[/\\]/).findLast((part) => part.trim() !== "");
    const hint =
      name === undefined || /\s/.test(name) ? "Write a plain name such as my_pipe." : `Write pipe=${name}.`;
    return failureAt(
      token,
      "A pipe's name has no spaces, quotation marks or path separators.",
      hint,
      wrong.index,
      wrong.index + 1,
    );
  }
  // Elsewhere than on Windows the name becomes that of a file in a directory of ours.
  if (token.text === "." || token.text === "..") {
    return failureAt(token, "This cannot be the name of a pipe.", "Write a plain name such as my_pipe.");
  }
  return success(token.text);
}

/**
 * Puts the process id in the place of the first `%d` (decimal) or `%x` (hexadecimal, lower case) and the thread
 * id in that of the second, as WinDbg does.
 */
export function expandPipe(pipe: string, processId: number, threadId: number): string {
  const ids = [processId, threadId];
  return pipe.replace(CODES, (code) => (ids.shift() ?? 0).toString(code === "%x" ? 16 : 10));
}
