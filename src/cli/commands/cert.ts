import { createPrivateKey, X509Certificate } from "node:crypto";
import path from "node:path";
import type { Command } from "commander";
import { parseCertificate, printCertificate } from "../../address/certificate.ts";
import type { CertificateMatch } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import {
  type Certificate,
  certificateOf,
  nameOf,
  notAfter,
  type StoreName,
} from "../../security/certificates/certificate.ts";
import { holdsKey, readForeign } from "../../security/certificates/contents.ts";
import { DirectoryStore, readBounded, writeWhole } from "../../security/certificates/directoryStore.ts";
import { findCertificate } from "../../security/certificates/find.ts";
import { fileNameFor, newCertificate } from "../../security/certificates/newCertificate.ts";
import { systemStores } from "../../security/certificates/systemStores.ts";
import { day, describeCertificate, facts, HEAD, record, row } from "../certificates.ts";
import { EXIT, type Run, UsageError } from "../failure.ts";
import { complain, printNote, print, printJson } from "../output.ts";
import { newPassphrase, PASSPHRASE_OPTION, passphraseSource } from "../passphrase.ts";
import { table } from "../text.ts";
import { collect } from "./serve.ts";

const EXAMPLES = `
Examples:
  debug-server cert new devbox                       a certificate to serve with: certuser=devbox
  debug-server cert export devbox --out devbox.crt   what you give to others, without the key
  debug-server cert trust devbox.crt                 what they do with it, once

A certificate is a file in a store: the user's, which is for you alone, or the machine's. NAME is its common name, its
friendly name, its file's name or its thumbprint.`;

const DAYS = { default: 365, most: 36_500 };

interface Options {
  readonly machine?: boolean;
  readonly passphrase?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function addCert(program: Command, run: Run): void {
  const cert = program
    .command("cert")
    .summary("make, show, trust and hand out certificates")
    .description("Certificates for ssl and spipe servers, and for those who join them.")
    .addHelpText("after", EXAMPLES);
  const machine = ["--machine", "in the machine's store instead of yours"] as const;

  cert
    .command("new")
    .description("Makes a key and a certificate for a server, signed by itself.")
    .argument("<name>", "its name, and that of its file")
    .option(
      "--alt <name>",
      "a host name or IP address it is for; may be repeated (this machine's name)",
      collect,
    )
    .option("--days <number>", "how long it is valid", String(DAYS.default))
    .option("--rsa", "RSA, for peers that do not know ECDSA")
    .option("--force", "replace the one of that name")
    .option(...machine)
    .action((name: string, options: NewOptions) => run(() => create(name, options)));
  cert
    .command("list")
    .description("Lists the certificates of your store and the machine's.")
    .option("--json", "as a JSON array")
    .action((options: Options) => run(() => list(options)));
  cert
    .command("show")
    .description("Shows a certificate.")
    .argument("<name>", "its name or its thumbprint")
    .option("--json", "as a JSON object")
    .option(...machine)
    .option(...PASSPHRASE_OPTION)
    .action((name: string, options: Options) => run(() => show(name, options)));
  cert
    .command("trust")
    .description("Takes the certificate of somebody else into your store, never a key.")
    .argument("<file>", "PEM or DER")
    .option("--name <name>", "how you call it; without this, as it calls itself")
    .option("--force", "replace the one of that name")
    .action((file: string, options: TrustOptions) => run(() => trust(file, options)));
  cert
    .command("export")
    .description("Writes a certificate as PEM, which is what others need, or with its key as PFX.")
    .argument("<name>", "its name or its thumbprint")
    .option("--out <file>", "where to; without this, standard output")
    .option("--pfx", "with the key, locked by a passphrase; needs --out")
    .option("--force", "replace the file")
    .option(...machine)
    .option(...PASSPHRASE_OPTION)
    .action((name: string, options: ExportOptions) => run(() => exportTo(name, options)));
}

interface NewOptions extends Options {
  readonly alt?: readonly string[];
  readonly days: string;
  readonly rsa?: boolean;
}

async function create(name: string, options: NewOptions): Promise<number> {
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > DAYS.most) {
    throw new UsageError(`debug-server: --days is a whole number from 1 to ${DAYS.most}.`);
  }
  const { certificate, file } = await newCertificate({
    name,
    altNames: options.alt,
    days,
    algorithm: options.rsa === true ? "rsa" : "ec",
    store: storeOf(options),
    replace: options.force,
  });
  print(certificate.sha256);
  const named = `${certificate.store === "user" ? "certuser" : "machuser"}=${printCertificate(nameMatch(name))}`;
  printNote(`${file} is valid until ${day(notAfter(certificate))}. Its SHA-256 thumbprint is above.`);
  printNote(
    `Serve with it:    debug-server serve -s ${shell(`ssl:proto=tls1,${named},port=5005,password=env:NAME`)} …`,
  );
  printNote(`Guests join with: ${join(`thumbprint=${certificate.sha256}`)}`);
  return EXIT.ended;
}

async function list({ json }: Options): Promise<number> {
  let code: number = EXIT.ended;
  const rows: string[][] = [];
  const records: object[] = [];
  for (const store of systemStores()) {
    try {
      for (const entry of await store.list()) {
        rows.push(row(entry, store.name));
        records.push(record(entry, store.name));
        if (entry.kind === "broken" && json !== true) complain(entry.error);
      }
    } catch (thrown) {
      complain(thrown);
      code = EXIT.failed;
    }
  }
  if (json === true) printJson(records, 2);
  else if (rows.length > 0) for (const line of table([HEAD, ...rows])) print(line);
  else if (code === EXIT.ended) print("There are no certificates. Make one: debug-server cert new NAME");
  return code;
}

async function show(name: string, options: Options): Promise<number> {
  const certificate = await find(name, options);
  const key = certificate.privateKey !== undefined;
  const { store, fileName } = certificate;
  if (options.json === true) printJson({ store, fileName, key, ...facts(certificate) }, 2);
  else {
    const more: [string, string][] = [["Private key", key ? "yes" : "no"]];
    if (fileName !== undefined) more.push(["File", fileName]);
    for (const line of describeCertificate(certificate, more)) print(line);
  }
  return EXIT.ended;
}

interface TrustOptions extends Options {
  readonly name?: string;
}

async function trust(file: string, options: TrustOptions): Promise<number> {
  const { bytes } = await readBounded(path.resolve(file));
  const x509 = readForeign(bytes);
  if (x509 === undefined) {
    throw new AppError("badArguments", `${file} is no certificate.`, {
      hint: 'Ask for what "debug-server cert export" writes: PEM, or DER.',
    });
  }
  const certificate = certificateOf(x509, { store: "user" });
  for (const line of describeCertificate(certificate)) print(line);
  if (holdsKey(bytes.toString("latin1"))) {
    printNote("The file holds a private key as well, which is not taken. Only its owner should have it.");
  }
  const name = options.name ?? nameOf(certificate);
  const written = await new DirectoryStore("user").write(fileNameFor(name), x509.toString(), {
    replace: options.force,
  });
  printNote(`You trust it now: ${written}. Compare the thumbprint with what its owner sees.`);
  printNote(`Join with: ${join(`certuser=${printCertificate(nameMatch(name))}`)}`);
  return EXIT.ended;
}

interface ExportOptions extends Options {
  readonly out?: string;
  readonly pfx?: boolean;
}

async function exportTo(name: string, options: ExportOptions): Promise<number> {
  const { out, force = false } = options;
  if (options.pfx === true && out === undefined)
    throw new UsageError("debug-server: --pfx needs --out FILE.");
  const certificate = await find(name, options);
  const pem = certificate.x509.toString();
  if (out === undefined) {
    print(pem.trimEnd());
    return EXIT.ended;
  }
  const file = path.resolve(out);
  const content = options.pfx === true ? await pfx(certificate, file, options) : pem;
  await writeWhole(file, content, force).catch((cause: unknown) => {
    if (cause instanceof AppError) throw cause;
    throw new AppError("notAvailable", `${file} cannot be written.`, { cause });
  });
  printNote(`${file} is written.`);
  return EXIT.ended;
}

async function pfx(certificate: Certificate, file: string, { passphrase }: Options): Promise<Buffer> {
  const { privateKey, x509, chain } = certificate;
  if (privateKey === undefined) {
    throw new AppError("notAvailable", `${nameOf(certificate)} has no private key that could be exported.`, {
      hint: "Without --pfx, the certificate alone is.",
    });
  }
  const { writePfx } = await import("../../security/certificates/forge.ts");
  return writePfx(
    {
      privateKey: createPrivateKey(privateKey),
      certificates: [x509.raw, ...chain.map((pem) => new X509Certificate(pem).raw)],
      friendlyName: certificate.friendlyName ?? nameOf(certificate),
    },
    await newPassphrase(passphrase, file),
  );
}

function find(name: string, options: Options): Promise<Certificate> {
  const match = parseCertificate({ text: name, start: 0 });
  if (!match.ok) throw new UsageError(`debug-server: ${match.message}`);
  const passphrase = passphraseSource(options.passphrase);
  return findCertificate({ store: storeOf(options), match: match.value }, "trust", { passphrase });
}

function storeOf({ machine }: Options): StoreName {
  return machine === true ? "machine" : "user";
}

function nameMatch(name: string): CertificateMatch {
  return { kind: "name", name };
}

/** A name that every system takes for a file, and no connection string for a thumbprint. */
function join(known: string): string {
  return `debug-server join ${shell(`ssl:proto=tls1,${known},server=HOST,port=5005,password=env:NAME`)}`;
}

/** As a shell takes it for one word. */
function shell(text: string): string {
  return /^[\w:=,.@%+/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
