import { randomBytes } from "node:crypto";
import { renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { readFile, readdir, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { type Disposable, DisposableStore } from "../common/disposable.ts";
import { isObject } from "../dap/messages.ts";
import { createPrivate, userDirectories, userDirectory, verifyPrivate } from "../transport/userDirectory.ts";
import { isPresent, removePresence, showPresence } from "./presence.ts";

/** One server of this user, as lists show it. Holds no secret. */
export interface ServerEntry {
  readonly id: string;
  /** Its connection string, with the port in use and the password masked. */
  readonly server: string;
  /** The connection string that joins it; without the password. */
  readonly join: string;
  readonly session: SessionLabel;
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** The session that a server serves. `type` is empty until a client has said what it is. */
export interface SessionLabel {
  readonly name: string;
  readonly type: string;
}

/** The entry of a server that runs; disposing it removes the entry. */
export interface Registration extends Disposable {
  readonly id: string;
  update(session: SessionLabel): void;
}

const FOLDER = "servers";
const EXTENSION = ".json";
/** What has lain around for so long is not just being written. */
const LEFTOVER_MS = 60_000;

/** Entries of this process, to be removed when it ends without having done so itself. */
const own = new Set<Disposable>();

function disposeOwn(): void {
  for (const registration of own) registration.dispose();
}

function remember(registration: Disposable): void {
  if (own.size === 0) process.on("exit", disposeOwn);
  own.add(registration);
}

function forget(registration: Disposable): void {
  own.delete(registration);
  if (own.size === 0) process.off("exit", disposeOwn);
}

/**
 * The servers that run on this machine, of this user: one file for each, in a directory that no other user can enter.
 * There is no daemon and no lock: a process that lists removes what dead servers left.
 */
export class Registry {
  readonly #directory: string | undefined;

  /** `directory`: instead of the user's; for tests. */
  constructor(directory?: string) {
    this.#directory = directory;
  }

  /** Enters a server. Rejects with an AppError if there is no place for entries that is private to this user. */
  async add(entry: Omit<ServerEntry, "id" | "pid" | "startedAt">): Promise<Registration> {
    const directory = await this.#writable();
    const id = randomBytes(4).toString("hex");
    const file = path.join(directory, id + EXTENSION);
    const passing = path.join(directory, `${id}.tmp`);
    // First the presence, then the entry: an entry without it would be taken for a dead server's.
    const presence = await showPresence(directory, id);
    let current: ServerEntry = { ...entry, id, pid: process.pid, startedAt: new Date().toISOString() };
    let disposed = false;
    // Written at once and whole, so that no process reads half an entry, and a late write does not undo the removal.
    const write = () => {
      writeFileSync(passing, `${JSON.stringify(current)}\n`, { mode: 0o600 });
      renameSync(passing, file);
    };
    const registration: Registration = {
      id,
      update(session) {
        const { name, type } = current.session;
        if (disposed || (session.name === name && session.type === type)) return;
        current = { ...current, session };
        write();
      },
      dispose() {
        if (disposed) return;
        disposed = true;
        forget(registration);
        rmSync(file, { force: true });
        presence.dispose();
      },
    };
    remember(registration);
    try {
      write();
    } catch (thrown) {
      registration.dispose();
      throw thrown;
    }
    return registration;
  }

  /** Those that run, in the order of their start. Removes what dead ones left. */
  async list(): Promise<ServerEntry[]> {
    const found: ServerEntry[] = [];
    for (const directory of await this.#readable()) {
      const names = await readdir(directory).catch((): string[] => []);
      const ids = names
        .filter((name) => name.endsWith(EXTENSION))
        .map((name) => name.slice(0, -EXTENSION.length));
      for (const entry of await Promise.all(ids.map((id) => examine(directory, id)))) {
        if (entry !== undefined) found.push(entry);
      }
      await Promise.all(names.map((name) => sweep(directory, name, ids)));
    }
    return found.sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.id.localeCompare(b.id));
  }

  /**
   * Calls back when servers enter or leave, and once when this is heard from now on. Not when one dies without a word:
   * only a listing finds that out.
   */
  watch(changed: () => void): Disposable {
    const store = new DisposableStore();
    let isWanted = true;
    store.add({ dispose: () => (isWanted = false) });
    const listen = async () => {
      // There must be a place for the first server to enter.
      await this.#writable();
      for (const directory of await this.#readable()) store.add(watchDirectory(directory, changed));
      if (isWanted) changed();
    };
    // Without a place that is private to this user, no server enters.
    listen().catch(() => {});
    return store;
  }

  async #writable(): Promise<string> {
    const parent = this.#directory ?? (await userDirectory());
    const directory = path.join(parent, FOLDER);
    await createPrivate(directory);
    return directory;
  }

  /** Everywhere a server of this user may have entered itself; a place that others could have filled is left out. */
  async #readable(): Promise<string[]> {
    const parents = this.#directory === undefined ? await userDirectories() : [this.#directory];
    const usable: string[] = [];
    for (const parent of parents) {
      const directory = path.join(parent, FOLDER);
      const safe = await Promise.all([verifyPrivate(parent), verifyPrivate(directory)]).catch(() => [false]);
      if (safe.every(Boolean)) usable.push(directory);
    }
    return usable;
  }
}

/** Calls back when something in it may have changed, as far as the system tells: it may run out of watchers. */
function watchDirectory(directory: string, changed: () => void): Disposable {
  try {
    const watcher = watch(directory, { persistent: false }, () => changed());
    watcher.on("error", () => watcher.close());
    return { dispose: () => watcher.close() };
  } catch {
    return { dispose() {} };
  }
}

/** The entry, if its server lives. A living server's entry that we cannot read is left alone: it may be newer than we. */
async function examine(directory: string, id: string): Promise<ServerEntry | undefined> {
  if (await isPresent(directory, id)) return readEntry(directory, id);
  await unlink(path.join(directory, id + EXTENSION)).catch(() => {});
  await removePresence(directory, id);
  return undefined;
}

async function readEntry(directory: string, id: string): Promise<ServerEntry | undefined> {
  try {
    return checkEntry(JSON.parse(await readFile(path.join(directory, id + EXTENSION), "utf8")));
  } catch {
    return undefined;
  }
}

function checkEntry(value: unknown): ServerEntry | undefined {
  if (!isObject(value) || !isObject(value.session)) return undefined;
  const { id, server, join, pid, startedAt } = value;
  const { name, type } = value.session;
  if (typeof id !== "string" || typeof server !== "string" || typeof join !== "string") return undefined;
  if (typeof name !== "string" || typeof type !== "string") return undefined;
  if (typeof pid !== "number" || typeof startedAt !== "string") return undefined;
  return { id, server, join, session: { name, type }, pid, startedAt };
}

/** Removes what a process left that died while it entered or removed itself. */
async function sweep(directory: string, name: string, ids: readonly string[]): Promise<void> {
  const [id = "", kind = ""] = name.split(".");
  if (ids.includes(id) || !["tmp", "alive"].includes(kind)) return;
  const file = path.join(directory, name);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < LEFTOVER_MS) return;
  if (!(await isPresent(directory, id))) await unlink(file).catch(() => {});
}
