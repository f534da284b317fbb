export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

const ORDER: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** No secret is ever passed to a logger: connection strings are formatted with the password masked. */
export interface Logger {
  log(level: LogLevel, message: string): void;
}

export const nullLogger: Logger = { log() {} };

/** A logger that hands each line of at least `minimum` level to `write`, without a line end. */
export function lineLogger(write: (line: string) => void, minimum: LogLevel = "info"): Logger {
  return {
    log(level, message) {
      if (ORDER.indexOf(level) >= ORDER.indexOf(minimum)) write(`${level}: ${message}`);
    },
  };
}
