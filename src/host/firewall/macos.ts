import { AppError } from "../../common/errors.ts";
import type { Firewall } from "./firewall.ts";
import { run, shellLine } from "../../transport/run.ts";

const COMMAND = "/usr/libexec/ApplicationFirewall/socketfilterfw";

/**
 * The application firewall knows programs, not ports: to let a server through is to let through all that this Node or
 * VS Code ever listens on. That is more than IcfEnable asks for, so it is left to a person; the system asks by itself,
 * too, when a program that it does not know begins to listen.
 */
export const macos: Firewall = {
  name: "the macOS application firewall",
  async isInForce() {
    return isOn(await run(COMMAND, ["--getglobalstate"]).catch(() => ""));
  },
  async open() {
    throw new AppError("notSupported", "It lets programs through, not ports, so nothing was changed.");
  },
  async close() {},
  command: () => shellLine("sudo", COMMAND, "--unblockapp", process.execPath),
};

/** `Firewall is enabled. (State = 1)`; 2 is "block all". */
export function isOn(state: string): boolean {
  return /State = [12]\b/.test(state);
}
