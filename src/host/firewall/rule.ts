import { asNumber } from "../../common/values.ts";

/** One port that a firewall lets through for as long as a server listens there. */
export interface FirewallRule {
  /** Names the server and the process, for a person who reads the firewall's rules. Of letters that need no quoting. */
  readonly name: string;
  /** TCP. */
  readonly port: number;
  readonly pid: number;
}

/** Windows carries named pipes to other machines by SMB: what it calls file and printer sharing. */
const SMB_PORT = 445;

export function tcpRule(port: number, pid: number): FirewallRule {
  return { name: `Debug Server: tcp port ${port}, pid ${pid}`, port, pid };
}

export function pipeRule(pipe: string, pid: number): FirewallRule {
  // A pipe's name may have anything in it that a command line or a rule's syntax could take for its own.
  const plain = pipe.replace(/[^\w.-]/g, "_").slice(0, 60);
  return { name: `Debug Server: pipe ${plain}, pid ${pid}`, port: SMB_PORT, pid };
}

/** A rule's name, wherever it stands in a firewall's own words. */
export const RULE_NAME = /Debug Server: (?:tcp port \d+|pipe [\w.-]+), pid (\d+)/;

/** For rules that were read from a file. */
export function isRule(value: unknown): value is FirewallRule {
  if (typeof value !== "object" || value === null) return false;
  const { name, port, pid } = value as Record<string, unknown>;
  if (typeof name !== "string" || RULE_NAME.exec(name)?.[0] !== name) return false;
  return Number.isInteger(pid) && Number.isInteger(port) && asNumber(port) > 0 && asNumber(port) <= 65_535;
}
