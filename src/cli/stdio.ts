import { Duplex } from "node:stream";
import { AppError } from "../common/errors.ts";
import { StreamPort } from "../dap/streamPort.ts";
import type { EditorEndpoint } from "../guest/editor.ts";

/** How long an editor may take to ask its first question, if the answer is that it was in vain. */
const REFUSAL_MS = 2_000;
const FLUSH_MS = 2_000;

/** Standard input and output as a DAP connection: an editor at the other end takes us for its debug adapter. */
export interface Stdio {
  readonly port: StreamPort;
  /** Resolves when what was sent before the port's end has left this process. */
  flushed(): Promise<void>;
}

export function openStdio(): Stdio {
  const stream = Duplex.from({ readable: process.stdin, writable: process.stdout });
  const port = new StreamPort(stream);
  return {
    port,
    flushed: () =>
      new Promise((resolve) => {
        if (stream.writableFinished || stream.destroyed) resolve();
        stream.once("finish", resolve).once("close", resolve);
        setTimeout(resolve, FLUSH_MS).unref();
      }),
  };
}

/** People at a keyboard write no DAP: they want to read why, and their prompt back. */
export function isEditor(): boolean {
  return !process.stdin.isTTY;
}

/** Tells an editor that nothing comes of it, in the answer to its `initialize`. Standard error is rarely shown. */
export async function refuseEditor(editor: EditorEndpoint, thrown: unknown): Promise<void> {
  if (isEditor() && !editor.gone) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, REFUSAL_MS);
      editor.onGone(() => {
        clearTimeout(timer);
        resolve();
      });
      editor.refuse(AppError.from(thrown));
    });
  }
  editor.close();
}
