import assert from "node:assert/strict";
import { test } from "node:test";
import { channelLogger } from "../../../src/vscode/log.ts";

test("the log has each line at its level, and nothing that steers a terminal", () => {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  const logger = channelLogger({
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: (error) => void lines.push(`error ${String(error)}`),
  });
  logger.log("info", "Ana has joined.");
  logger.log("error", "two\nlines \u001b[2J");
  logger.log("trace", "t");
  assert.deepEqual(lines, ["info Ana has joined.", "error two\n  lines \ufffd[2J", "trace t"]);
});
