import type { ServerAddress } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import { type Logger, nullLogger } from "../../common/logger.ts";
import { isReachable } from "../joinAddresses.ts";
import type { Firewall } from "./firewall.ts";
import { firewallsOf } from "./firewalls.ts";
import { enterRecord, sweepRecords } from "./records.ts";
import { type FirewallRule, pipeRule, tcpRule } from "./rule.ts";

export interface FirewallOptions {
  readonly logger?: Logger | undefined;
  /** Instead of this system's; for tests. */
  readonly firewalls?: readonly Firewall[];
  /** Where the records are, instead of the user's directory; for tests. */
  readonly directory?: string | undefined;
}

/** What IcfEnable has come to. */
export interface FirewallOpening {
  /** Why others cannot reach the server yet, with what to do; undefined if nothing of a firewall is in their way. */
  readonly problem: AppError | undefined;
  /** Takes the rule away. Does not reject; may be called twice. */
  close(): Promise<void>;
}

const NOTHING: FirewallOpening = { problem: undefined, close: () => Promise.resolve() };

/**
 * Lets through what a server listens on, as its address says; `address` is the one in use. Does not reject: a
 * firewall that does not open is a problem to tell of, not a reason not to serve guests that can join otherwise.
 */
export async function openFirewall(
  address: ServerAddress,
  options: FirewallOptions = {},
): Promise<FirewallOpening> {
  const { logger = nullLogger, firewalls = firewallsOf(process.platform), directory } = options;
  if (!("icfEnable" in address) || !address.icfEnable) return NOTHING;
  if (!isReachable(address)) {
    logger.log("info", "IcfEnable: this server is for this machine only, so there is nothing to open.");
    return NOTHING;
  }
  const firewall = await firstInForce(firewalls);
  if (firewall === undefined) {
    logger.log(
      "info",
      "IcfEnable: no firewall that Debug Server knows is in force, so there is nothing to open.",
    );
    return NOTHING;
  }
  const rule = address.kind === "npipe" ? pipeRule(address.pipe, process.pid) : ruleOf(address.ports.first);
  try {
    return await opened(firewall, rule, logger, directory);
  } catch (thrown) {
    return { ...NOTHING, problem: problemOf(firewall, rule, AppError.from(thrown)) };
  }
}

function ruleOf(port: number): FirewallRule {
  return tcpRule(port, process.pid);
}

async function opened(
  firewall: Firewall,
  rule: FirewallRule,
  logger: Logger,
  directory: string | undefined,
): Promise<FirewallOpening> {
  // First the record: a process that dies between the two leaves a record without a rule, which harms no user.
  const record = await enterRecord({ firewall: firewall.name, rule }, directory);
  try {
    await firewall.open(rule);
  } catch (thrown) {
    // A rule of several may be there already.
    await firewall.close(rule).catch(() => {});
    record.dispose();
    throw thrown;
  }
  logger.log("info", `${firewall.name} lets through TCP port ${rule.port} ("${rule.name}").`);
  const close = async () => {
    try {
      await firewall.close(rule);
      record.dispose();
    } catch (thrown) {
      // The record stays: the next start tries again.
      logger.log(
        "warn",
        `The rule "${rule.name}" is still in ${firewall.name}: ${AppError.from(thrown).message}`,
      );
    }
  };
  let closing: Promise<void> | undefined;
  return { problem: undefined, close: () => (closing ??= close()) };
}

/** Removes the rules of processes that have gone without doing so themselves. Does not reject. */
export async function sweepFirewall(options: FirewallOptions = {}): Promise<void> {
  const { logger = nullLogger, firewalls = firewallsOf(process.platform), directory } = options;
  await sweepRecords(async ({ firewall: name, rule }) => {
    const firewall = firewalls.find((each) => each.name === name);
    try {
      await firewall?.close(rule);
      logger.log("info", `${name}: removed "${rule.name}", whose process has gone.`);
      return true;
    } catch (thrown) {
      logger.log("warn", `The rule "${rule.name}" is still in ${name}: ${AppError.from(thrown).message}`);
      return false;
    }
  }, directory);
}

async function firstInForce(firewalls: readonly Firewall[]): Promise<Firewall | undefined> {
  for (const firewall of firewalls) if (await firewall.isInForce()) return firewall;
  return undefined;
}

function problemOf(firewall: Firewall, rule: FirewallRule, cause: AppError): AppError {
  const why = cause.code === "notAllowed" ? "This user may not change it." : cause.message;
  return new AppError(
    cause.code,
    `Others may not reach TCP port ${rule.port} yet: ${firewall.name} stands before it. ${why}`,
    { hint: `To let them through, run: ${firewall.command(rule)}`, cause },
  );
}
