import type { Logger } from "../common/logger.ts";
import type { Client } from "./client.ts";
import type { Upstream } from "./upstream.ts";

/** What the parts of a hub share. Nothing here sends by itself. */
export interface HubContext {
  readonly upstream: Upstream;
  /** Everyone who is connected, also those who have not finished joining. */
  readonly clients: ReadonlySet<Client>;
  /** The adapter's capabilities, as far as they are known. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly logger: Logger;
  /** Sends an event to all live clients but one; the body is encoded once. */
  broadcast(event: string, body: Buffer | undefined, except?: Client): void;
  /** Tells the others in their debug console what somebody did. */
  notice(actor: Client, deed: string): void;
}
