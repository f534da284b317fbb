import type { ClientAddress, ServerAddress } from "../address/model.ts";
import { parseClient, parseServer } from "../address/parse.ts";
import type { ParseResult } from "../address/result.ts";
import { renderFailure } from "./caret.ts";
import { UsageError } from "./failure.ts";

/** A connection string of the command line; throws a UsageError that points at what is wrong with it. */
export function readServer(text: string): ServerAddress {
  return orThrow(text, parseServer(text));
}

/** Those of a command that serves; there must be one. */
export function readServers(texts: readonly string[] = []): ServerAddress[] {
  if (texts.length === 0) {
    throw new UsageError(
      "debug-server: Where is the session to be joined?\n  Write for example -s tcp:port=5005; there may be several.",
    );
  }
  return texts.map(readServer);
}

export function readClient(text: string): ClientAddress {
  return orThrow(text, parseClient(text));
}

function orThrow<T>(text: string, result: ParseResult<T>): T {
  if (result.ok) return result.value;
  throw new UsageError(renderFailure(text, result));
}
