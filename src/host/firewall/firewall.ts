import type { FirewallRule } from "./rule.ts";

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
