import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** The functions that one of the bench's processes offers to the main one. */
export type Methods = Record<string, (params: never) => unknown>;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string };

/** In the child: answers calls until the main process has gone. */
export function offer(methods: Methods): void {
  const answer = async ({ id, method, params }: Call): Promise<Reply> => {
    try {
      return { id, result: await methods[method]?.(params as never) };
    } catch (thrown) {
      return { id, error: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
    }
  };
  process.on("message", (call) => void answer(call as Call).then((reply) => process.send?.(reply)));
  process.on("disconnect", () => process.exit(0));
  // Ctrl+C is for the main process, whose end ends this one.
  process.on("SIGINT", () => {});
}

/** In the main process: a child and its functions. */
export class Remote<M extends Methods> {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #next = 1;
  #closing = false;

  constructor(name: string, script: string, execArgv: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(script, { execArgv: [...execArgv] });
    this.#child.on("message", (message) => {
      const { id, result, error } = message as Reply;
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${name}: ${error}`));
    });
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended: ${signal ?? code}`));
      this.#waiting.clear();
      if (this.#closing) return;
      // The others would wait for it for ever.
      console.error(`The process "${name}" has ended in the middle of a measurement.`);
      process.exit(1);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  call<K extends keyof M & string>(
    method: K,
    ...[params]: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>> {
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error(`${this.#name} has ended.`));
        return;
      }
      const id = this.#next++;
      this.#waiting.set(id, { resolve: (value) => resolve(value as Awaited<ReturnType<M[K]>>), reject });
      this.#child.send({ id, method, params });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    if (this.#child.connected) this.#child.disconnect();
    await exited;
  }
}
