import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { type CertificateOptions, createCertificate } from "../../src/security/certificates/create.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Certificates of all kinds, as PEM files in two stores: the host's and a guest's. */
export interface Pki {
  readonly host: string;
  readonly guest: string;
  /** The path of a file with certificate and key, for foreign peers. */
  file(name: string): string;
  /** SHA-256, as a connection string has it. */
  thumbprint(name: string): string;
}

/**
 * `devbox` signs itself and is for localhost; `signed` and `elsewhere` are issued by `authority`, the latter for another
 * host; `expired`, `future` and `notserver` are not fit to serve with; `ana` is a guest's, `late` an expired guest's,
 * `stranger` one that the host does not know.
 */
export async function makePki(directory: string): Promise<Pki> {
  const authority = await createCertificate({ commonName: "authority", authority: true, purposes: [] });
  const here = ["localhost", "127.0.0.1"];
  const past = { notBefore: new Date(Date.now() - 9 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) };
  const future = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 9 * DAY_MS) };
  const wanted: Readonly<Record<string, Partial<CertificateOptions>>> = {
    devbox: { altNames: here },
    signed: { altNames: here, issuer: authority },
    elsewhere: { altNames: ["elsewhere.example"], issuer: authority },
    expired: { altNames: here, ...past },
    future: { altNames: here, ...future },
    notserver: { altNames: here, purposes: ["clientAuth"] },
    ana: {},
    late: past,
    stranger: {},
    notclient: { purposes: ["serverAuth"] },
  };
  const store = (name: string) => {
    const folder = path.join(directory, name);
    mkdirSync(folder, { mode: 0o700, recursive: true });
    return folder;
  };
  const [host, guest, all] = [store("host"), store("guest"), store("all")];
  const write = (folder: string, name: string, text: string) =>
    writeFileSync(path.join(folder, `${name}.pem`), text, { mode: 0o600 });
  write(guest, "authority", authority.certificate);
  for (const [name, options] of Object.entries(wanted)) {
    const { certificate, privateKey } = await createCertificate({ commonName: name, ...options });
    write(all, name, certificate + privateKey);
    const isGuests = ["ana", "late", "stranger", "notclient"].includes(name);
    write(isGuests ? guest : host, name, certificate + privateKey);
    if (isGuests && name !== "stranger") write(host, name, certificate);
    if (!isGuests && name !== "elsewhere" && name !== "signed") write(guest, name, certificate);
  }
  const file = (name: string) => path.join(all, `${name}.pem`);
  const thumbprint = (name: string) =>
    new X509Certificate(readFileSync(file(name))).fingerprint256.replaceAll(":", "").toLowerCase();
  return { host, guest, file, thumbprint };
}

/** The environment in which certificates are the user's in that store, and none of the machine's. */
export function storesAt(user: string): NodeJS.ProcessEnv {
  return {
    DEBUG_SERVER_USER_CERTIFICATES: user,
    DEBUG_SERVER_MACHINE_CERTIFICATES: path.join(user, "none"),
  };
}

/** Certificates of a test file or a suite. */
export interface TestPki extends Pick<Pki, "file" | "thumbprint"> {
  /** For what else belongs to these tests; removed after them. */
  readonly directory: string;
  /** The environment of a host's command line, and of a guest's. */
  readonly hosts: NodeJS.ProcessEnv;
  readonly guests: NodeJS.ProcessEnv;
}

/** Has them made before the tests of this file or suite, and removed after them. */
export function usePki(): TestPki {
  const directory = mkdtempSync(path.join(os.tmpdir(), "pki-"));
  let pki: Pki | undefined;
  before(async () => {
    pki = await makePki(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  const made = () => {
    if (pki === undefined) throw new Error("the certificates are made before the first test");
    return pki;
  };
  return {
    directory,
    get hosts() {
      return storesAt(made().host);
    },
    get guests() {
      return storesAt(made().guest);
    },
    file: (name) => made().file(name),
    thumbprint: (name) => made().thumbprint(name),
  };
}
