import type * as vscode from "vscode";
import type { Logger } from "../common/logger.ts";
import { ownLine, shownText } from "../common/sanitize.ts";

const LINE_LENGTH = 10_000;

/** A logger that writes to an output channel, whose level decides what is kept. Some of what is logged was written by guests. */
export function channelLogger(
  channel: Pick<vscode.LogOutputChannel, "trace" | "debug" | "info" | "warn" | "error">,
): Logger {
  return { log: (level, message) => channel[level](ownLine(shownText(message, LINE_LENGTH))) };
}
