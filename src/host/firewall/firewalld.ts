import type { Firewall } from "./firewall.ts";
import type { FirewallRule } from "./rule.ts";
import { run, shellLine } from "../../transport/run.ts";

const COMMAND = "firewall-cmd";

/**
 * Rules of the running firewall's default zone, gone with a reload or a restart of it. A port alone has no name there;
 * a rich rule has that of its log, which makes it ours besides: the user's own for the same port is another one.
 */
export const firewalld: Firewall = {
  name: "firewalld",
  async isInForce() {
    return (await run(COMMAND, ["--state"]).catch(() => "")).trim() === "running";
  },
  async open(rule) {
    await run(COMMAND, [`--add-rich-rule=${richRule(rule)}`]);
  },
  async close(rule) {
    await run(COMMAND, [`--remove-rich-rule=${richRule(rule)}`]);
  },
  command: (rule) => shellLine("sudo", COMMAND, `--add-rich-rule=${richRule(rule)}`),
};

/** firewalld.richlanguage(5). The kernel logs connections, at most once a minute. */
export function richRule({ name, port }: FirewallRule): string {
  return `rule port port="${port}" protocol="tcp" log prefix="${name}" level="debug" limit value="1/m" accept`;
}
