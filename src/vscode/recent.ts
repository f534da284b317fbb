import type * as vscode from "vscode";
import { format } from "../address/format.ts";
import type { ClientAddress } from "../address/model.ts";
import { parseClient } from "../address/parse.ts";

const KEY = "recentJoins";
const MAXIMUM = 10;

/**
 * The servers that were joined last. What is remembered in plain holds no password: one that was typed is in VS Code's
 * secret storage and is put back when the same server is joined again.
 */
export class Recents {
  readonly #state: Pick<vscode.Memento, "get" | "update">;
  readonly #secrets: Pick<vscode.SecretStorage, "get" | "store" | "delete">;

  constructor(
    state: Pick<vscode.Memento, "get" | "update">,
    secrets: Pick<vscode.SecretStorage, "get" | "store" | "delete">,
  ) {
    this.#state = state;
    this.#secrets = secrets;
  }

  /** Connection strings without passwords, the last one first. */
  list(): string[] {
    const stored = this.#state.get<unknown>(KEY);
    return Array.isArray(stored) ? stored.filter(isOpen) : [];
  }

  /** Remembers a server. Resolves with its connection string without the password. */
  async remember(address: ClientAddress): Promise<string> {
    const text = openText(address);
    if (address.password?.kind === "literal")
      await this.#secrets.store(secretKey(text), address.password.value);
    const all = [text, ...this.list().filter((other) => other !== text)];
    await this.#state.update(KEY, all.slice(0, MAXIMUM));
    for (const forgotten of all.slice(MAXIMUM)) await this.#secrets.delete(secretKey(forgotten));
    return text;
  }

  /** `text`: as `list` has it. */
  async forget(text: string): Promise<void> {
    await this.#state.update(
      KEY,
      this.list().filter((other) => other !== text),
    );
    await this.#secrets.delete(secretKey(text));
  }

  /** The address with the password that was typed for it, if it names none itself. */
  async withPassword(address: ClientAddress): Promise<ClientAddress> {
    if (address.password !== undefined) return address;
    const value = await this.#secrets.get(secretKey(format(address)));
    return value === undefined ? address : { ...address, password: { kind: "literal", value } };
  }
}

/** The connection string without a password. `env:` and `file:` are no secrets but the places of one. */
export function openText(address: ClientAddress): string {
  return format(address.password?.kind === "literal" ? { ...address, password: undefined } : address);
}

function isOpen(stored: unknown): stored is string {
  if (typeof stored !== "string") return false;
  const parsed = parseClient(stored);
  return parsed.ok && parsed.value.password?.kind !== "literal";
}

function secretKey(text: string): string {
  return `join ${text}`;
}
