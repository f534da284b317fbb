import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import type { TestContext } from "node:test";
import { withDeadline } from "./process.ts";

/** As a shell takes them for words. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A terminal, made by `script`; what runs in it may have its standard input and output elsewhere. */
export class Terminal {
  readonly #script: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  #changed = () => {};
  #shown = "";

  /** `inside`: what a shell runs there. */
  constructor(t: TestContext, inside: string, env: NodeJS.ProcessEnv = {}) {
    this.#script = spawn("script", ["-qec", inside, "/dev/null"], { env: { ...process.env, ...env } });
    this.#closed = new Promise((resolve) => this.#script.once("close", resolve));
    t.after(() => this.#script.kill());
    this.#script.stdout.on("data", (chunk: Buffer) => {
      this.#shown += chunk.toString();
      this.#changed();
    });
  }

  get shown(): string {
    return this.#shown;
  }

  type(text: string): void {
    this.#script.stdin.write(text);
  }

  async sees(text: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#changed = () => this.#shown.includes(text) && resolve();
      this.#changed();
    });
    await withDeadline(seen, `"${text}" on the terminal`);
  }

  /** All that was shown, when the program has ended. */
  async end(): Promise<string> {
    await withDeadline(this.#closed, "the end of the terminal");
    return this.#shown;
  }
}
