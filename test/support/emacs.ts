import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { ROOT } from "./fixtures.ts";
import { run } from "./process.ts";

export interface EmacsSession {
  /** Where a DAP server listens on 127.0.0.1; or the command of an adapter on standard streams. */
  readonly server: number | readonly string[];
  /** The launch or attach configuration; must have `type`, `request` and `name`. */
  readonly configuration: Readonly<Record<string, unknown>>;
}

/**
 * Runs a whole session with Emacs' dap-mode: breakpoint at `line` of `file`, stop, frames and variables, a step, the
 * breakpoint deleted, on to the end. Returns the lines that it printed (emacs/dapmode.el); throws if it failed.
 */
export function emacsRun(
  session: EmacsSession & { readonly file: string; readonly line: number },
): Promise<string[]> {
  return emacs("run", session, { DAP_FILE: session.file, DAP_LINE: String(session.line) });
}

/** Joins a session that is stopped already, shows frames and variables of the stop, and leaves. */
export function emacsJoin(session: EmacsSession): Promise<string[]> {
  return emacs("join", session, {});
}

async function emacs(
  mode: string,
  session: EmacsSession,
  more: Readonly<Record<string, string>>,
): Promise<string[]> {
  const home = mkdtempSync(`${tmpdir()}/dbgsrv-emacs-`);
  try {
    const output = await run("/usr/bin/emacs", ["--batch", "-l", `${ROOT}/test/support/emacs/dapmode.el`], {
      env: {
        ...process.env,
        HOME: home,
        DAP_MODE: mode,
        ...(typeof session.server === "number"
          ? { DAP_PORT: String(session.server) }
          : { DAP_COMMAND: JSON.stringify(session.server) }),
        DAP_CONFIG: JSON.stringify(session.configuration),
        ...more,
      },
      timeoutMs: 120_000,
    });
    return output.split("\n").filter((line) => line !== "");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
