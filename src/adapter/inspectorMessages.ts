/**
 * What Node's inspector prints on a program's stderr. The id at the end of its URL is the only secret between any
 * local user and the program: a user who knows it runs code there. So it leaves this process in no output and in no
 * error. Everything else that a program prints passes as it is.
 */

/** Only on this machine, and only what Node itself prints: a program may print a line that looks like it. */
const LISTENING =
  /^Debugger listening on (ws:\/\/127\.0\.0\.1:\d{1,5}\/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;
const LISTENING_START = "Debugger listening on ws://127.0.0.1:";
const HELP_START = "For help, see: https://nodejs.org/";
const ENDING_START = "Debugger ending on ";
const ATTACHED = "Debugger attached.";
const WAITING = "Waiting for the debugger to disconnect...";
/** Longer than each of these lines: more than this is never held back. */
const MAX_LINE = 200;

/**
 * Takes what Node's inspector prints out of the stderr of a program that was started with it, and the URL out of that.
 * Each line is taken as often as Node prints it: the same line again is the program's.
 */
export class InspectorMessages {
  readonly #onUrl: (url: string) => void;
  /** The start of a line that may yet become one of the inspector's. */
  #held = "";
  #isMidLine = false;
  #url: string | undefined;
  /** How the lines begin that are still to come. */
  readonly #expected = new Set([LISTENING_START]);

  /** `onUrl` is called once. */
  constructor(onUrl: (url: string) => void) {
    this.#onUrl = onUrl;
  }

  filter(data: string): string {
    const lines = (this.#held + data).split("\n");
    this.#held = "";
    const last = lines.pop() ?? "";
    let passed = "";
    for (const line of lines) {
      if (this.#isMidLine || !this.#take(line.replace(/\r$/, ""))) passed += `${line}\n`;
      this.#isMidLine = false;
    }
    if (this.#isUndecided(last)) this.#held = last;
    else if (last !== "") {
      passed += last;
      this.#isMidLine = true;
    }
    return passed;
  }

  /** To be called when nothing follows. */
  rest(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  #isUndecided(line: string): boolean {
    if (this.#isMidLine || line === "" || line.length > MAX_LINE) return false;
    return [...this.#expected].some((start) => start.startsWith(line) || line.startsWith(start));
  }

  /** Whether the line is the inspector's. */
  #take(line: string): boolean {
    const url = this.#url === undefined ? LISTENING.exec(line)?.[1] : undefined;
    if (url !== undefined) {
      this.#url = url;
      this.#expected.clear();
      for (const start of [HELP_START, ATTACHED, WAITING, `${ENDING_START}${url}`]) this.#expected.add(start);
      this.#onUrl(url);
      return true;
    }
    const start = [...this.#expected].find((each) =>
      each === HELP_START ? line.startsWith(each) : line === each,
    );
    if (start === undefined) return false;
    this.#expected.delete(start);
    // Node says again then where help is: if its debugger has gone before the program.
    if (start.startsWith(ENDING_START)) this.#expected.add(HELP_START);
    return true;
  }
}

const ID = "[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}";
/** How an inspector's id begins: `ws://127.0.0.1:9229/`, also escaped as in JSON or in a URL, or after DevTools' `ws=`. */
const BEFORE_ID = String.raw`(?:wss?(?::|%3a)(?:\\?\/|%2f){2}|\bws=)[^\s"'<>\\/]{1,255}?(?::|%3a)\d{1,5}(?:\\?\/|%2f)`;
const URL_WITH_ID = new RegExp(`(${BEFORE_ID})${ID}`, "gi");
/** Node says so of the program's children, too. */
const SAID_ID = new RegExp(`Debugger listening on ${BEFORE_ID}(${ID})`, "gi");
const URL_WITH_PART = new RegExp(`${BEFORE_ID}([\\da-f-]{1,35})$`, "i");
const ID_SHAPE = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const HIDDEN = "<hidden>";
/** All that may stand before an id to show that it is one. */
const CONTEXT = 400;
/** Less than this of a known id says nothing: a digit at the end of a text is not held back for it. */
const MIN_PART = 5;
const MAX_KNOWN = 64;

/** The text without the ids of inspectors in it. */
export function hideInspectorIds(text: string): string {
  return text.replace(URL_WITH_ID, `$1${HIDDEN}`);
}

/** Hides ids in a text that comes in pieces, wherever the pieces end. */
export class IdHider {
  readonly #known: Set<string>;
  /** The end of what was passed on. */
  #context = "";
  /** What may be the start of an id. */
  #held = "";

  /**
   * `known`: ids that are hidden wherever they stand, not only in a URL. What Node says of the program's children is
   * added to them.
   */
  constructor(known: Set<string>) {
    this.#known = known;
  }

  write(data: string): string {
    const passed = this.#context.length;
    const text = this.#context + this.#held + data;
    for (const [, id = ""] of text.matchAll(SAID_ID)) if (this.#known.size < MAX_KNOWN) this.#known.add(id);
    const length = text.length - this.#partAtEnd(text);
    this.#held = text.slice(length);
    this.#context = text.slice(Math.max(0, length - CONTEXT), length);
    return this.#hide(text.slice(0, length), passed);
  }

  /** To be called when nothing follows. Most of an id is hidden like all of it. */
  end(): string {
    const held = this.#held;
    this.#held = "";
    return held.includes("-") ? HIDDEN : held;
  }

  /** How many characters at the end may be the start of an id. */
  #partAtEnd(text: string): number {
    const end = text.slice(-CONTEXT);
    const part = URL_WITH_PART.exec(end)?.[1] ?? "";
    if (part !== "" && [...part].every((letter, at) => (letter === "-") === (ID_SHAPE[at] === "-")))
      return part.length;
    for (const id of this.#known) {
      for (let length = id.length - 1; length >= MIN_PART; length--)
        if (end.slice(-length).toLowerCase() === id.slice(0, length).toLowerCase()) return length;
    }
    return 0;
  }

  /** Without the first `passed` characters, which have been passed on. */
  #hide(text: string, passed: number): string {
    const ends = [
      ...[...text.matchAll(URL_WITH_ID)].map((match) => match.index + match[0].length),
      ...[...this.#known].flatMap((id) =>
        [...text.matchAll(new RegExp(id, "gi"))].map(({ index }) => index + id.length),
      ),
    ];
    let hidden = "";
    let from = passed;
    for (const end of ends.sort((a, b) => a - b)) {
      if (end <= from) continue;
      hidden += text.slice(from, Math.max(from, end - ID_SHAPE.length)) + HIDDEN;
      from = end;
    }
    return hidden + text.slice(from);
  }
}
