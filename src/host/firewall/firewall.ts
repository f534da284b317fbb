import { firewalld } from "./firewalld.ts";
import { macos } from "./macos.ts";
import { netsh } from "./netsh.ts";
import { nftables } from "./nftables.ts";
import type { FirewallRule } from "./rule.ts";
import { ufw } from "./ufw.ts";

/** What keeps others from this machine's ports, and how to make it let one through. */
export interface Firewall {
  readonly name: string;
  /** Whether it stands between this machine's ports and others now, as far as this user can see. Does not reject. */
  isInForce(): Promise<boolean>;
  /** Lets the rule's port through. Rejects with an AppError, `notAllowed` if that is not for this user to do. */
  open(rule: FirewallRule): Promise<void>;
  /** Takes the rule away; one that is not there is no error. Rejects with an AppError. */
  close(rule: FirewallRule): Promise<void>;
  /** What a person runs in a terminal for `open`. */
  command(rule: FirewallRule): string;
}

/** In the order in which they are asked: the first two make nftables' rules, and would undo ours. */
export function firewallsOf(platform: NodeJS.Platform): readonly Firewall[] {
  if (platform === "linux") return [firewalld, ufw(), nftables];
  if (platform === "win32") return [netsh];
  return platform === "darwin" ? [macos] : [];
}
