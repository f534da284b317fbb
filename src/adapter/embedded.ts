/**
 * The embedded adapter: debugs Node programs with nothing installed but Node. It starts the program with V8's
 * inspector, or attaches to one that runs with it, and translates between DAP and the inspector's protocol.
 * It shows the code that runs: it reads no source maps, and debugs neither workers nor child processes. For those
 * there is js-debug, VS Code's own JavaScript debugger.
 */
import type { Readable, Writable } from "node:stream";
import type { Disposable } from "../common/disposable.ts";
import { AdapterServer } from "./server.ts";

const DRAIN_MS = 1_000;

export interface EmbeddedAdapter extends Disposable {
  /**
   * Resolves when the conversation is over: the client has disconnected, its stream ended or broke, or dispose()
   * was called. By then a launched program was killed and the output ended.
   */
  readonly ended: Promise<void>;
}

/** Runs the adapter over a pair of streams. `server`: tests have one that misbehaves on demand. */
export function startEmbeddedAdapter(
  input: Readable,
  output: Writable,
  server = new AdapterServer(),
): EmbeddedAdapter {
  const ended = new Promise<void>((resolve) => {
    server.onFinished(() => {
      output.end();
      resolve();
    });
  });
  // ProtocolServer listens to `close`, which a stream that is only half closed does not emit.
  input.once("end", () => server.dispose());
  server.start(input, output);
  return { ended, dispose: () => server.dispose() };
}

/**
 * The adapter as a process: DAP on stdin and stdout, nothing else on stdout. It exits after `disconnect`, or when
 * stdin is closed, or by a signal; a launched program never outlives it, unless the client has asked for that.
 */
export function runEmbeddedAdapterOnStdio(server?: AdapterServer): void {
  const adapter = startEmbeddedAdapter(process.stdin, process.stdout, server);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => adapter.dispose());
  void adapter.ended.then(() => {
    const exit = () => process.exit(0);
    process.stdout.end(exit);
    // A client that does not read what is left is not waited for.
    setTimeout(exit, DRAIN_MS).unref();
  });
}
