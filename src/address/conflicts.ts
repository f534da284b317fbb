import { isIPv4 } from "node:net";
import { KEYS, spell } from "./keys.ts";
import type { Field } from "./model.ts";
import type { KeyEntry } from "./entry.ts";
import { failureAt } from "./result.ts";
import type { ParseFailure } from "./result.ts";

/** Entries that are right each for itself, but not together. */
export function findConflict(entries: ReadonlyMap<Field, KeyEntry>): ParseFailure | undefined {
  return insecureButGuarded(entries) ?? anyUserButGuarded(entries) ?? ipv4ThoughIPv6Only(entries);
}

/** `insecure` is announced loudly wherever the server is shown: it must never be untrue. */
function insecureButGuarded(entries: ReadonlyMap<Field, KeyEntry>): ParseFailure | undefined {
  const insecure = entries.get("insecure");
  const guard = guardOf(entries);
  if (insecure === undefined || guard === undefined) return undefined;
  return failureAt(
    insecure.segment.key,
    `insecure and ${spell(guard.id)} contradict each other.`,
    "Remove insecure, which is for servers that let in everybody.",
  );
}

/** It would seem to open what stays closed: with a password it does not matter whose program it is. */
function anyUserButGuarded(entries: ReadonlyMap<Field, KeyEntry>): ParseFailure | undefined {
  const anyUser = entries.get("anyUser");
  const guard = guardOf(entries);
  if (anyUser === undefined || guard === undefined) return undefined;
  const what = guard.id === "password" ? "the password" : "a certificate";
  return failureAt(
    anyUser.segment.key,
    `any-user has no effect beside ${spell(guard.id)}: every user who has ${what} gets in.`,
    "Remove any-user.",
  );
}

function guardOf(entries: ReadonlyMap<Field, KeyEntry>): KeyEntry | undefined {
  return entries.get("password") ?? entries.get("clientCert");
}

function ipv4ThoughIPv6Only(entries: ReadonlyMap<Field, KeyEntry>): ParseFailure | undefined {
  if (!entries.has("ipv6Only")) return undefined;
  for (const field of ["server", "clicon", "bind"] as const) {
    const entry = entries.get(field);
    if (entry?.segment.value === undefined || typeof entry.value !== "string" || !isIPv4(entry.value))
      continue;
    return failureAt(
      entry.segment.value,
      `${KEYS[entry.id].name}= is an IPv4 address, but ipversion=6 allows IPv6 only.`,
      "Write an IPv6 address or a name, or remove ipversion=6.",
    );
  }
  return undefined;
}
