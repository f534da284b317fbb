import { randomBytes, X509Certificate } from "node:crypto";
import { AppError } from "../../common/errors.ts";
import { type RunPowerShell, runPowerShell } from "../../transport/powerShell.ts";
import { type Certificate, certificateOf, type StoreName } from "./certificate.ts";
import { readPfxFile } from "./contents.ts";
import type { CertificateStore, StoreEntry } from "./store.ts";

// Windows' own stores, through PowerShell. This was written without a Windows to run it on: its pure parts are tested,
// PowerShell itself never ran.

const LOCATIONS = { user: "Cert:\\CurrentUser\\My", machine: "Cert:\\LocalMachine\\My" } as const;

/** What it needs comes in by the environment: arguments of a process can be seen by others. */
const LIST = `
$ErrorActionPreference = 'Stop'
$all = @(Get-ChildItem -LiteralPath $env:DEBUG_SERVER_STORE | ForEach-Object {
  [pscustomobject]@{
    der = [Convert]::ToBase64String($_.RawData)
    friendlyName = $_.FriendlyName
    hasPrivateKey = $_.HasPrivateKey
  }
})
[Console]::OutputEncoding = [Text.Encoding]::UTF8
ConvertTo-Json -Compress -InputObject $all
`;

const EXPORT = `
$ErrorActionPreference = 'Stop'
$certificate = Get-Item -LiteralPath (Join-Path $env:DEBUG_SERVER_STORE $env:DEBUG_SERVER_THUMBPRINT)
[Convert]::ToBase64String($certificate.Export('Pfx', $env:DEBUG_SERVER_PASSPHRASE))
`;

export class WindowsStore implements CertificateStore {
  readonly name: StoreName;
  readonly location: string;
  readonly #run: RunPowerShell;

  constructor(name: StoreName, run: RunPowerShell = runPowerShell) {
    this.name = name;
    this.location = LOCATIONS[name];
    this.#run = run;
  }

  async list(): Promise<StoreEntry[]> {
    const output = await this.#run(LIST, { DEBUG_SERVER_STORE: this.location }).catch((cause: unknown) => {
      throw new AppError("notAvailable", `The store ${this.location} cannot be read.`, { cause });
    });
    return readListing(output).map((listed) => this.#entry(listed));
  }

  #entry({ der, friendlyName, hasPrivateKey }: Listed): StoreEntry {
    let x509: X509Certificate;
    try {
      x509 = new X509Certificate(der);
    } catch (cause) {
      const error = new AppError("notAvailable", `A certificate in ${this.location} cannot be read.`, {
        cause,
      });
      return { kind: "broken", location: this.location, error };
    }
    const certificate = certificateOf(x509, { store: this.name, friendlyName });
    const location = `${this.location}\\${certificate.sha1.toUpperCase()}`;
    if (!hasPrivateKey) return { kind: "open", location, certificate };
    return { kind: "locked", location, certificate, unlock: () => this.#export(certificate, location) };
  }

  async #export(certificate: Certificate, location: string): Promise<Certificate> {
    const passphrase = randomBytes(24).toString("hex");
    const output = await this.#run(EXPORT, {
      DEBUG_SERVER_STORE: this.location,
      DEBUG_SERVER_THUMBPRINT: certificate.sha1.toUpperCase(),
      DEBUG_SERVER_PASSPHRASE: passphrase,
    }).catch(() => {
      // Without its cause: PowerShell's complaint may hold the script's variables.
      throw new AppError("notAvailable", `The private key of ${location} cannot be exported.`, {
        hint: "Import the certificate again, with its key marked as exportable.",
      });
    });
    const origin = { store: this.name, file: location, fileName: location };
    const contents = await readPfxFile(Buffer.from(output.trim(), "base64"), origin, passphrase);
    if (contents.kind === "broken") throw contents.error;
    const { privateKey, chain } = contents.certificate ?? {};
    return { ...certificate, privateKey, chain: chain ?? [] };
  }
}

interface Listed {
  readonly der: Buffer;
  readonly friendlyName?: string;
  readonly hasPrivateKey: boolean;
}

/** What the script prints; AppError if it is something else. */
function readListing(output: string): Listed[] {
  let value: unknown;
  try {
    // A byte order mark is white space to `trim`. Nothing at all is PowerShell's empty list, in older versions.
    value = JSON.parse(output.trim() || "[]");
  } catch (cause) {
    throw new AppError("notAvailable", "PowerShell's list of certificates cannot be read.", { cause });
  }
  return [value].flat().map((each: unknown) => {
    const { der, friendlyName, hasPrivateKey } = (each ?? {}) as Record<string, unknown>;
    return {
      der: Buffer.from(typeof der === "string" ? der : "", "base64"),
      friendlyName: typeof friendlyName === "string" && friendlyName !== "" ? friendlyName : undefined,
      hasPrivateKey: hasPrivateKey === true,
    };
  });
}
