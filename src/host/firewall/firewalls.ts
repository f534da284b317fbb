import type { Firewall } from "./firewall.ts";
import { firewalld } from "./firewalld.ts";
import { macos } from "./macos.ts";
import { netsh } from "./netsh.ts";
import { nftables } from "./nftables.ts";
import { ufw } from "./ufw.ts";

/** In the order in which they are asked: the first two make nftables' rules, and would undo ours. */
export function firewallsOf(platform: NodeJS.Platform): readonly Firewall[] {
  if (platform === "linux") return [firewalld, ufw(), nftables];
  if (platform === "win32") return [netsh];
  return platform === "darwin" ? [macos] : [];
}
