import { readFile } from "node:fs/promises";
import type { Firewall } from "./firewall.ts";
import { type FirewallRule, RULE_NAME } from "./rule.ts";
import { run, shellLine } from "../../transport/run.ts";

const COMMAND = "ufw";

/**
 * Ubuntu's. Its rules outlive a restart of the machine, and with it our records of them, so whatever has our name and
 * belongs to no process any more is removed whenever a port is opened. It has one rule for a port: a user's own is left
 * alone, neither opened again nor closed.
 */
export function ufw(configuration = "/etc/ufw/ufw.conf"): Firewall {
  return {
    name: "ufw",
    async isInForce() {
      // `ufw status` is for root only.
      return /^ENABLED=yes\s*$/im.test(await readFile(configuration, "utf8").catch(() => ""));
    },
    async open(rule) {
      const added = addedRules(await run(COMMAND, ["show", "added"]));
      for (const { port, pid } of added) if (pid !== undefined && isGone(pid)) await remove(port);
      const isThere = added.some(
        ({ port, pid }) => port === rule.port && (pid === undefined || !isGone(pid)),
      );
      if (!isThere) await run(COMMAND, openArguments(rule));
    },
    async close(rule) {
      const added = addedRules(await run(COMMAND, ["show", "added"]));
      if (added.some(({ port, pid }) => port === rule.port && pid === rule.pid)) await remove(rule.port);
    },
    command: (rule) => shellLine("sudo", COMMAND, ...openArguments(rule)),
  };
}

/** Before all others: the first that fits decides. */
function openArguments({ port, name }: FirewallRule): string[] {
  return ["prepend", "allow", `${port}/tcp`, "comment", name];
}

async function remove(port: number): Promise<void> {
  await run(COMMAND, ["delete", "allow", `${port}/tcp`]);
}

/** From `ufw show added`: the ports that are open to all machines, with the process of those that are ours. */
export function addedRules(shown: string): { readonly port: number; readonly pid: number | undefined }[] {
  return shown.split("\n").flatMap((line) => {
    const [, port, comment = ""] = /^ufw allow (\d+)\/tcp(?: comment (.*))?$/.exec(line.trim()) ?? [];
    const pid = RULE_NAME.exec(comment)?.[1];
    return port === undefined
      ? []
      : [{ port: Number(port), pid: pid === undefined ? undefined : Number(pid) }];
  });
}

/** A process of another user, which we may not signal, is there. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "ESRCH";
  }
}
