import { createHash } from "node:crypto";
import type * as vscode from "vscode";
import { format } from "../address/format.ts";
import { requiresAuthentication } from "../address/authentication.ts";
import type { ServerAddress } from "../address/model.ts";
import { parseServer } from "../address/parse.ts";
import { allows } from "../common/access.ts";
import { isReachable, openTo } from "../host/joinAddresses.ts";
import { sanitize } from "../common/sanitize.ts";
import { insecurity } from "./views/serverRow.ts";

const KEY = "serverConsents";
/** More values than anybody is asked about in one workspace. */
const REMEMBERED = 100;

const ALLOW = "Allow";
const REFUSE = "Not in This Workspace";

/** Asks the person at this window. Resolves with the choice; undefined: the question was dismissed. */
export type Ask = (question: string, ...choices: readonly string[]) => PromiseLike<string | undefined>;

/**
 * Whether this workspace may open the servers that its files ask for: settings, launch configurations and scripts come
 * with a repository, also with one that is trusted. Asked once for each value; a value that has changed is asked about
 * anew. A question that was dismissed is a no for this time.
 */
export class Consent {
  readonly #state: Pick<vscode.Memento, "get" | "update">;
  readonly #ask: Ask;
  readonly #asked = new Map<string, Promise<boolean>>();

  /** `state`: the workspace's. */
  constructor(state: Pick<vscode.Memento, "get" | "update">, ask: Ask) {
    this.#state = state;
    this.#ask = ask;
  }

  /** `action`: what the workspace wants, as in "This workspace wants to …". */
  async allows(action: string, addresses: readonly ServerAddress[]): Promise<boolean> {
    if (addresses.length === 0) return true;
    const key = keyOf(action, addresses);
    const before = this.#remembered().find(([value]) => value === key);
    if (before !== undefined) return before[1];
    const asked = this.#asked.get(key) ?? this.#askFor(key, action, addresses);
    this.#asked.set(key, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(key);
    }
  }

  async #askFor(key: string, action: string, addresses: readonly ServerAddress[]): Promise<boolean> {
    const servers = addresses.map((address) =>
      sanitize(`${format(address, { secrets: "mask" })} (${reachOf(address)})`),
    );
    const choice = await this.#ask(
      `This workspace wants to ${action}: ${servers.join("; ")}.`,
      ALLOW,
      REFUSE,
    );
    if (choice !== ALLOW && choice !== REFUSE) return false;
    const others = this.#remembered().filter(([value]) => value !== key);
    await this.#state.update(KEY, [...others, [key, choice === ALLOW]].slice(-REMEMBERED));
    return choice === ALLOW;
  }

  #remembered(): (readonly [string, boolean])[] {
    const stored = this.#state.get<unknown>(KEY);
    return Array.isArray(stored) ? stored.filter(isEntry) : [];
  }
}

/** The servers of a workspace's setting that are not the user's own, nor narrower than one of these. */
export function opensMore(texts: readonly string[], own: readonly string[]): ServerAddress[] {
  const owned = own.flatMap(parsed);
  return texts.flatMap(parsed).filter((address) => !owned.some((each) => isWithin(address, each)));
}

/** What lets in who was not asked about and has proved nothing, or goes to another machine for that. */
export function isOpen(address: ServerAddress): boolean {
  return (
    address.insecure ||
    openTo(address) !== undefined ||
    (isReachable(address) && !requiresAuthentication(address))
  );
}

/** Wrong ones open nothing: starting them fails and says so. */
function parsed(text: string): ServerAddress[] {
  const result = parseServer(text);
  return result.ok ? [result.value] : [];
}

/** The same server, with no more rights and no more guests. */
function isWithin(address: ServerAddress, own: ServerAddress): boolean {
  const { access, maxClients } = own;
  return (
    format({ ...address, access, maxClients }) === format(own) &&
    allows(access, address.access) &&
    address.maxClients <= maxClients
  );
}

function reachOf(address: ServerAddress): string {
  const open = insecurity(address);
  // A sentence there, a remark within one here.
  if (open !== undefined)
    return open.warning.replace(/\.$/, "").replace(/^./, (first) => first.toLowerCase());
  if (requiresAuthentication(address))
    return "anyone with the password or a certificate that you trust can join";
  if ("clicon" in address) return "this machine connects to another, which can ask to join";
  return "others can ask to join";
}

/** Of a password only the hash is kept. */
function keyOf(action: string, addresses: readonly ServerAddress[]): string {
  const text = JSON.stringify([action, ...addresses.map((address) => format(address))]);
  return createHash("sha256").update(text).digest("hex");
}

function isEntry(value: unknown): value is readonly [string, boolean] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "boolean";
}
