import type { Firewall } from "./firewall.ts";
import type { FirewallRule } from "./rule.ts";
import { run } from "../../transport/run.ts";

const COMMAND = "netsh";

/**
 * Windows' own. What netsh says is in the language of the system, so it is not read: where the firewall is off, a rule does
 * no harm. Not run by any test of ours, for want of Windows; its command lines are.
 */
export const netsh: Firewall = {
  name: "Windows Defender Firewall",
  async isInForce() {
    return run(COMMAND, ["advfirewall", "show", "currentprofile", "state"]).then(
      () => true,
      () => false,
    );
  },
  async open(rule) {
    await run(COMMAND, addArguments(rule));
  },
  async close(rule) {
    const found = await run(COMMAND, [...RULE, "show", "rule", `name=${rule.name}`]).catch(() => "");
    if (found.includes(rule.name)) await run(COMMAND, netshDeleteArguments(rule));
  },
  // For an administrator's prompt, where only double quotes quote.
  command: (rule) => [COMMAND, ...addArguments(rule)].map(quoted).join(" "),
};

const RULE = ["advfirewall", "firewall"] as const;

export function addArguments({ name, port }: FirewallRule): string[] {
  return [
    ...RULE,
    "add",
    "rule",
    `name=${name}`,
    "dir=in",
    "action=allow",
    "protocol=TCP",
    `localport=${port}`,
  ];
}

export function netshDeleteArguments({ name, port }: FirewallRule): string[] {
  return [...RULE, "delete", "rule", `name=${name}`, "dir=in", "protocol=TCP", `localport=${port}`];
}

function quoted(word: string): string {
  return word.includes(" ") ? word.replace(/^(\w+=)?(.*)$/, '$1"$2"') : word;
}
