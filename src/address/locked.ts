import type { ServerAddress } from "./model.ts";

/** Whether only those get in who know a password, or show a certificate. */
export function isLocked(address: ServerAddress): boolean {
  return address.password !== undefined || ("clientCert" in address && address.clientCert !== undefined);
}
