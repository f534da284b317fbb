import type { ServerAddress } from "./model.ts";

/** Whether a client must know a password, or show a certificate. */
export function requiresAuthentication(address: ServerAddress): boolean {
  return address.password !== undefined || ("clientCert" in address && address.clientCert !== undefined);
}

/** Whether only programs of this process's own user are admitted: over TCP, where neither password nor certificate decides. */
export function isForOwnUser(address: ServerAddress): boolean {
  return "anyUser" in address && !address.anyUser && !address.insecure && !requiresAuthentication(address);
}
