import { AppError } from "../../common/errors.ts";
import { isObject } from "../../dap/messages.ts";

/** A chain, as nft's commands name it. */
export interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}

/** A rule that is there. */
export interface Found {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
}

interface ListedChain extends Chain {
  /** Of base chains. */
  readonly hook: unknown;
  readonly type: unknown;
  readonly policy: unknown;
}

interface ListedRule extends Found {
  readonly comment: unknown;
  readonly statements: readonly Record<string, unknown>[];
}

/** What `nft --json list ruleset` shows, as far as it concerns us. */
export interface Ruleset {
  readonly chains: readonly ListedChain[];
  readonly rules: readonly ListedRule[];
}

/** libnftables-json(5). Throws an AppError `notAvailable` for what is none. */
export function readRuleset(json: string): Ruleset {
  const chains: ListedChain[] = [];
  const rules: ListedRule[] = [];
  for (const item of itemsOf(json)) {
    if (!isObject(item)) continue;
    const { chain, rule } = item;
    if (isObject(chain)) {
      const { family, table, name, hook, type, policy } = chain;
      if (typeof family === "string" && typeof table === "string" && typeof name === "string")
        chains.push({ family, table, name, hook, type, policy });
    }
    if (isObject(rule)) {
      const { family, table, chain: name, handle, comment, expr } = rule;
      if (typeof family !== "string" || typeof table !== "string" || typeof name !== "string") continue;
      if (typeof handle !== "number") continue;
      const statements = Array.isArray(expr) ? expr.filter(isObject) : [];
      rules.push({ family, table, chain: name, handle, comment, statements });
    }
  }
  return { chains, rules };
}

function itemsOf(json: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    if (isObject(value) && Array.isArray(value.nftables)) return value.nftables as unknown[];
  } catch {
    // Said below.
  }
  throw new AppError("notAvailable", "What nft lists is not understood.");
}

/** The base chains that drop TCP to this machine unless one of their rules lets it through. */
export function chainsThatDrop(ruleset: Ruleset): Chain[] {
  return ruleset.chains
    .filter(
      ({ family, type, hook }) =>
        ["ip", "ip6", "inet"].includes(family) && type === "filter" && hook === "input",
    )
    .filter((chain) => (fate(ruleset, chain, []) ?? chain.policy) === "drop");
}

/**
 * What becomes of a packet that no rule with a condition is about; undefined if the chain says nothing. Chains that only
 * refuse some (a list of banned addresses, say) are left alone: they go on refusing those.
 */
function fate(ruleset: Ruleset, chain: Chain, path: readonly string[]): "accept" | "drop" | undefined {
  if (path.includes(chain.name)) return undefined;
  const isIn = (rule: ListedRule) =>
    rule.chain === chain.name && rule.table === chain.table && rule.family === chain.family;
  for (const { statements } of ruleset.rules.filter(isIn)) {
    const last = statements.at(-1) ?? {};
    if (!statements.slice(0, -1).every(isHarmless)) continue;
    if ("accept" in last) return "accept";
    if ("drop" in last || "reject" in last || isXtReject(last)) return "drop";
    if ("return" in last) return undefined;
    const target = targetOf(last);
    const there =
      target === undefined ? undefined : fate(ruleset, { ...chain, name: target }, [...path, chain.name]);
    if (there !== undefined) return there;
    if ("goto" in last) return undefined;
  }
  return undefined;
}

/** Statements that neither decide about the packet nor depend on more than that it is TCP, which ours is. */
function isHarmless(statement: Record<string, unknown>): boolean {
  return "counter" in statement || "log" in statement || isTcp(statement);
}

/** What nft itself puts before `reject with tcp reset`. */
function isTcp({ match }: Record<string, unknown>): boolean {
  if (!isObject(match) || match.op !== "==" || match.right !== "tcp" || !isObject(match.left)) return false;
  const { meta } = match.left;
  return isObject(meta) && meta.key === "l4proto";
}

function targetOf({ jump, goto }: Record<string, unknown>): string | undefined {
  const to = jump ?? goto;
  return isObject(to) && typeof to.target === "string" ? to.target : undefined;
}

/** iptables' REJECT, as nft shows what it has no words for. */
function isXtReject({ xt }: Record<string, unknown>): boolean {
  return isObject(xt) && xt.type === "target" && xt.name === "REJECT";
}

export function rulesNamed({ rules }: Ruleset, name: string): Found[] {
  return rules
    .filter(({ comment }) => comment === name)
    .map(({ family, table, chain, handle }) => ({ family, table, chain, handle }));
}
