import { closeSync, openSync, writeSync } from "node:fs";
import tty from "node:tty";
import { AppError } from "../common/errors.ts";
import { printable } from "../common/sanitize.ts";

/** More than a person types, and less than a file that is pasted. */
const LENGTH = 1024;

/** The terminal of this process, whatever its standard input and output are. The names for Windows were never run. */
const [INPUT, OUTPUT] =
  process.platform === "win32" ? ["\\\\.\\CONIN$", "\\\\.\\CONOUT$"] : ["/dev/tty", "/dev/tty"];

export interface AskOptions {
  /** The hint of the error if there is no terminal: how to give the secret otherwise. */
  readonly instead: string;
  /** Ends the wait for a person, which has no end of its own. */
  readonly signal?: AbortSignal;
}

/**
 * Asks on the controlling terminal, without showing what is typed. Standard input and output stay untouched: they may
 * carry DAP. Rejects with an AppError: `notAvailable` without a terminal, `aborted` at Ctrl-C, at Ctrl-D on an empty
 * line, and by the signal.
 */
export async function askSecret(question: string, { instead, signal }: AskOptions): Promise<string> {
  if (signal?.aborted === true) throw givenUp();
  const { input, output } = openTerminal(instead);
  try {
    // Before the question: what is typed after it must not be shown.
    input.setRawMode(true);
    writeSync(output, `${printable(question)} `);
    return await readLine(input, signal);
  } finally {
    input.setRawMode(false);
    input.destroy();
    leave(output);
  }
}

function openTerminal(hint: string): { input: tty.ReadStream; output: number } {
  let output: number | undefined;
  try {
    output = openSync(OUTPUT, process.platform === "win32" ? "r+" : "w");
    return { input: new tty.ReadStream(openSync(INPUT, process.platform === "win32" ? "r+" : "r")), output };
  } catch (cause) {
    if (output !== undefined) closeSync(output);
    throw new AppError("notAvailable", "There is no terminal to ask for a secret.", { hint, cause });
  }
}

/** The person's Enter was not shown either. */
function leave(output: number): void {
  try {
    writeSync(output, "\n");
  } catch {
    // The terminal was closed.
  }
  closeSync(output);
}

function readLine(input: tty.ReadStream, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = [];
    const giveUp = () => reject(givenUp());
    signal?.addEventListener("abort", giveUp, { once: true });
    input.once("close", () => signal?.removeEventListener("abort", giveUp));
    input.once("end", giveUp);
    input.on("error", (cause) => reject(new AppError("closed", "The terminal was closed.", { cause })));
    input.setEncoding("utf8");
    input.on("data", (chunk: string) => {
      // Arrow keys and their like.
      if (chunk.startsWith("\x1b")) return;
      for (const character of chunk) {
        if (character === "\r" || character === "\n") return resolve(typed.join(""));
        if (character === "\x03" || (character === "\x04" && typed.length === 0)) return giveUp();
        if (character === "\x7f" || character === "\b") typed.pop();
        else if (character === "\x15") typed.length = 0;
        else if (character >= " " && typed.length < LENGTH) typed.push(character);
      }
    });
  });
}

function givenUp(): AppError {
  return new AppError("aborted", "The question for a secret was not answered.");
}
