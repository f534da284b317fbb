import { AppError } from "../../common/errors.ts";
import type { Firewall } from "./firewall.ts";
import { type Chain, chainsThatDrop, type Found, readRuleset, rulesNamed } from "./nftRuleset.ts";
import type { FirewallRule } from "./rule.ts";
import { run, shellLine } from "../../transport/run.ts";

const COMMAND = "nft";
/** As most systems' own examples call it; for a person to adapt where we may not look. */
const USUAL: Chain = { family: "inet", table: "filter", name: "input" };

/**
 * The kernel's packet filter, where no other firewall manages it. Each base chain of the input hook has to accept a packet,
 * and one that drops is not overruled by a table of our own: so the rule goes to the front of every chain that drops
 * what no rule has let through.
 */
export const nftables: Firewall = {
  name: "nftables",
  async isInForce() {
    try {
      return chainsThatDrop(await ruleset()).length > 0;
    } catch (thrown) {
      // It is there, and a user who may not look cannot know that it lets everything through.
      return AppError.from(thrown).code === "notAllowed";
    }
  },
  async open(rule) {
    for (const chain of chainsThatDrop(await ruleset())) await run(COMMAND, insertArguments(rule, chain));
  },
  async close(rule) {
    for (const found of rulesNamed(await ruleset(), rule.name)) await run(COMMAND, deleteArguments(found));
  },
  command: (rule) => shellLine("sudo", COMMAND, ...insertArguments(rule, USUAL)),
};

async function ruleset() {
  return readRuleset(await run(COMMAND, ["--json", "list", "ruleset"]));
}

/** nft(8): the arguments are one text in nft's own language, in which a comment is quoted. */
export function insertArguments(rule: FirewallRule, { family, table, name }: Chain): string[] {
  const what = ["tcp", "dport", String(rule.port), "accept", "comment", `"${rule.name}"`];
  return ["insert", "rule", family, table, name, ...what];
}

export function deleteArguments({ family, table, chain, handle }: Found): string[] {
  return ["delete", "rule", family, table, chain, "handle", String(handle)];
}
