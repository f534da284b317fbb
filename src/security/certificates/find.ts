import type { CertificateMatch, CertificateReference } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import {
  type Certificate,
  isExpired,
  isFileNamed,
  isNotYetValid,
  matches,
  mayBeUsedFor,
  nameOf,
  notAfter,
  notBefore,
} from "./certificate.ts";
import type { AskPassphrase, CertificateStore, StoreEntry } from "./store.ts";
import { systemStores } from "./systemStores.ts";

/** `serve`: to be the server with it. `trust`: to know the server by it; its key, if there, makes us known in turn. */
export type Purpose = "serve" | "trust";

export interface FindOptions {
  /** The system's by default. */
  readonly stores?: readonly CertificateStore[];
  /** Without it the user is not asked: what needs a passphrase is refused. */
  readonly passphrase?: AskPassphrase;
  readonly now?: Date;
}

/**
 * The one certificate that a reference means. For `serve` it has its key, is valid now and is allowed for servers.
 * Rejects with an AppError; each reason has its own message, and none says more than the user's own files do.
 */
export async function findCertificate(
  reference: CertificateReference,
  purpose: Purpose,
  options: FindOptions = {},
): Promise<Certificate> {
  const { now = new Date(), passphrase = () => Promise.resolve(undefined) } = options;
  const stores = (options.stores ?? systemStores()).filter(({ name }) => name === reference.store);
  const entries = (await Promise.all(stores.map((store) => store.list()))).flat();
  const entry = choose(await candidates(entries, reference.match, passphrase), reference, () =>
    notFound(reference, stores, entries),
  );
  const certificate = await load(entry, purpose, passphrase);
  if (purpose === "serve") assertServable(certificate, entry, now);
  return certificate;
}

/**
 * All certificates of all stores, without their keys: whom this user trusts. The user is not asked for a passphrase. Rejects
 * with an AppError if a store cannot be trusted; what is broken in one (a key that others can read) is left out.
 */
export async function trustedCertificates(options: FindOptions = {}): Promise<Certificate[]> {
  const stores = options.stores ?? systemStores();
  const entries = (await Promise.all(stores.map((store) => store.list()))).flat();
  const found = new Map<string, Certificate>();
  for (const { kind, certificate } of entries) {
    if (kind !== "broken" && certificate !== undefined)
      found.set(certificate.sha256, { ...certificate, privateKey: undefined });
  }
  return [...found.values()];
}

/** The user's certificates that a server could have now, as far as that is seen without a passphrase. */
export async function servingCertificates({ stores, now = new Date() }: FindOptions = {}): Promise<
  Certificate[]
> {
  const own = (stores ?? systemStores()).filter(({ name }) => name === "user");
  const entries = (await Promise.all(own.map((store) => store.list()))).flat();
  return entries.flatMap((entry) =>
    entry.kind === "open" && whyNotServable(entry.certificate, now) === undefined ? [entry.certificate] : [],
  );
}

/** What matches, opened as far as it takes to know which certificate it is. */
async function candidates(
  entries: readonly StoreEntry[],
  match: CertificateMatch,
  ask: AskPassphrase,
): Promise<StoreEntry[]> {
  const isMeant = ({ certificate, fileName }: StoreEntry) =>
    certificate !== undefined
      ? matches(certificate, match)
      : match.kind === "name" && fileName !== undefined && isFileNamed(fileName, match.name);
  const known = entries.filter(isMeant);
  if (known.length === 1) return known;
  // It may be in a file that shows its certificate only with its passphrase. The user is asked one question at a time.
  const revealed: StoreEntry[] = [];
  for (const entry of known.length > 0 ? known : entries) revealed.push(await reveal(entry, ask));
  const found = revealed.filter(isMeant);
  // What was a wrong answer may have been the right one to another file.
  return found.length > 0
    ? found
    : revealed.filter((entry, index) => entry !== entries[index] && !entry.certificate);
}

/** Entries that show their certificate stay as they are; so do those whose passphrase the user does not know. */
async function reveal(entry: StoreEntry, ask: AskPassphrase): Promise<StoreEntry> {
  if (entry.kind !== "locked" || entry.certificate !== undefined) return entry;
  const { location, fileName } = entry;
  try {
    const certificate = await entry.unlock(ask);
    return certificate === undefined ? entry : { kind: "open", location, fileName, certificate };
  } catch (thrown) {
    return { kind: "broken", location, fileName, error: AppError.from(thrown) };
  }
}

/** The same certificate may be there several times: the one with a key is of more use. */
function choose(
  entries: readonly StoreEntry[],
  reference: CertificateReference,
  notFound: () => AppError,
): StoreEntry {
  const value = (entry: StoreEntry) => {
    if (entry.kind === "open") return entry.certificate.privateKey === undefined ? 1 : 3;
    return entry.kind === "locked" ? 2 : 0;
  };
  const [best] = entries.toSorted((one, other) => value(other) - value(one));
  if (best === undefined) throw notFound();
  const different = new Map(
    entries.flatMap(({ certificate }) => (certificate ? [[certificate.sha256, certificate]] : [])),
  );
  if (different.size <= 1) return best;
  const list = [...different.values()].map((each) => `${each.sha1} (until ${day(notAfter(each))})`);
  throw new AppError("notAvailable", `Several certificates are called ${quoted(reference.match)}.`, {
    hint: `Write the thumbprint of the one you mean: ${list.join(", ")}.`,
  });
}

async function load(entry: StoreEntry, purpose: Purpose, ask: AskPassphrase): Promise<Certificate> {
  if (entry.kind === "open") return entry.certificate;
  if (entry.kind === "broken") throw entry.error;
  const unlocked = await entry.unlock(ask);
  if (unlocked !== undefined) return unlocked;
  if (purpose === "trust" && entry.certificate !== undefined) return entry.certificate;
  throw new AppError("notAvailable", `${entry.location} needs a passphrase.`, {
    hint: "Give it by --passphrase env:NAME or file:PATH, or where there is a terminal to ask on.",
  });
}

function assertServable(certificate: Certificate, { location }: StoreEntry, now: Date): void {
  const why = whyNotServable(certificate, now);
  if (why === undefined) return;
  throw new AppError("notAvailable", `The certificate ${nameOf(certificate)} (${location}) ${why.what}.`, {
    hint: why.hint,
  });
}

function whyNotServable(certificate: Certificate, now: Date): { what: string; hint: string } | undefined {
  const anew = "Make a new one: debug-server cert new NAME";
  if (certificate.privateKey === undefined) {
    const hint = "It is somebody else's: it serves to know them, not to be them.";
    return { what: "has no private key", hint };
  }
  if (isNotYetValid(certificate, now)) {
    return {
      what: `is not valid before ${day(notBefore(certificate))}`,
      hint: "Is this machine's clock right?",
    };
  }
  if (isExpired(certificate, now))
    return { what: `has expired on ${day(notAfter(certificate))}`, hint: anew };
  if (mayBeUsedFor(certificate.x509, "serverAuth")) return undefined;
  return { what: "is not for server authentication", hint: anew };
}

function notFound(
  { match, store }: CertificateReference,
  stores: readonly CertificateStore[],
  entries: readonly StoreEntry[],
): AppError {
  const names = new Set(
    entries.flatMap(({ certificate, fileName, location, kind }) =>
      kind === "broken" && certificate === undefined
        ? [`${fileName ?? location} (cannot be read)`]
        : [certificate === undefined ? `${fileName ?? location} (locked)` : nameOf(certificate)],
    ),
  );
  const places = stores.map(({ location }) => location).join(" and ");
  const what = match.kind === "name" ? `is called ${quoted(match)}` : `has the thumbprint ${quoted(match)}`;
  return new AppError("notAvailable", `No certificate in the ${store}'s store ${what}.`, {
    hint:
      names.size === 0
        ? `There is none in ${places}. Make one: debug-server cert new NAME`
        : `In ${places} there are: ${[...names].sort().join(", ")}.`,
  });
}

function quoted(match: CertificateMatch): string {
  return match.kind === "name" ? `"${match.name}"` : match.thumbprint.hex;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
