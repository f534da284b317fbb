import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { readFile, readdir, unlink } from "node:fs/promises";
import path from "node:path";
import type { Disposable } from "../../common/disposable.ts";
import { isObject } from "../../dap/messages.ts";
import {
  createPrivate,
  userDirectories,
  userDirectory,
  verifyPrivate,
} from "../../transport/userDirectory.ts";
import { isPresent, removePresence, showPresence } from "../presence.ts";
import { type FirewallRule, isRule } from "./rule.ts";

/** A rule that this user's processes have made: in which firewall. */
export interface FirewallRecord {
  readonly firewall: string;
  readonly rule: FirewallRule;
}

const FOLDER = "firewall";
const EXTENSION = ".json";

/**
 * Remembers a rule, in a file beside the registry, with a sign of life of its process. Disposed of when the rule is gone;
 * a process that ends without that leaves the record to the next one. `directory`: instead of the user's.
 */
export async function enterRecord(record: FirewallRecord, directory?: string): Promise<Disposable> {
  const folder = path.join(directory ?? (await userDirectory()), FOLDER);
  await createPrivate(folder);
  const id = randomBytes(4).toString("hex");
  const file = path.join(folder, id + EXTENSION);
  const presence = await showPresence(folder, id);
  try {
    writeFileSync(file, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  } catch (thrown) {
    presence.dispose();
    throw thrown;
  }
  return {
    dispose() {
      rmSync(file, { force: true });
      presence.dispose();
    },
  };
}

/** Hands over the records of processes that have gone; those for which it resolves with true are removed. */
export async function sweepRecords(
  remove: (record: FirewallRecord) => Promise<boolean>,
  directory?: string,
): Promise<void> {
  const parents = directory === undefined ? await userDirectories() : [directory];
  for (const folder of parents.map((parent) => path.join(parent, FOLDER))) {
    // Another user's word is no reason to change a firewall.
    if (!(await verifyPrivate(folder).catch(() => false))) continue;
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names.filter((each) => each.endsWith(EXTENSION))) {
      const id = name.slice(0, -EXTENSION.length);
      if (await isPresent(folder, id)) continue;
      const record = await readRecord(path.join(folder, name));
      if (record !== undefined && !(await remove(record))) continue;
      await unlink(path.join(folder, name)).catch(() => {});
      await removePresence(folder, id);
    }
  }
}

async function readRecord(file: string): Promise<FirewallRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!isObject(value) || typeof value.firewall !== "string" || !isRule(value.rule)) return undefined;
    return { firewall: value.firewall, rule: value.rule };
  } catch {
    return undefined;
  }
}
