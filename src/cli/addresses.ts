import type { ClientAddress, ServerAddress } from "../address/model.ts";
import { parseClient, parseServer } from "../address/parse.ts";
import type { ParseResult } from "../address/result.ts";
import { renderFailure } from "./caret.ts";
import { UsageError } from "./failure.ts";

/** A connection string of the command line; throws a UsageError that points at what is wrong with it. */
export function readServer(text: string): ServerAddress {
  return orThrow(text, parseServer(text));
}

export function readClient(text: string): ClientAddress {
  return orThrow(text, parseClient(text));
}

function orThrow<T>(text: string, result: ParseResult<T>): T {
  if (result.ok) return result.value;
  throw new UsageError(renderFailure(text, result));
}
