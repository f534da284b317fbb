import { AppError } from "../common/errors.ts";
import { readBounded } from "../security/certificates/directoryStore.ts";
import type { AskPassphrase } from "../security/certificates/store.ts";
import { UsageError } from "./failure.ts";
import { askSecret } from "./terminal.ts";

/** Of commands that use a certificate. */
export const PASSPHRASE_OPTION = [
  "--passphrase <place>",
  "of a certificate's file: env:NAME or file:PATH; without it, the terminal is asked",
] as const;

const INSTEAD = "Give it by --passphrase env:NAME or --passphrase file:PATH.";

/** `--passphrase env:NAME|file:PATH`; without it, the terminal is asked. Throws a UsageError for anything else. */
export function passphraseSource(option: string | undefined): AskPassphrase {
  if (option === undefined) return (file) => askSecret(`Passphrase of ${file}:`, { instead: INSTEAD });
  const [, kind, place] = /^(env|file):(.+)$/s.exec(option) ?? [];
  // What was written may be the passphrase itself: it is not repeated.
  if (place === undefined)
    throw new UsageError(`debug-server: A passphrase is not written here.\n  ${INSTEAD}`);
  return () => (kind === "env" ? fromEnvironment(place) : fromFile(place));
}

/** The same for a new one, which on a terminal is asked for twice. */
export async function newPassphrase(option: string | undefined, file: string): Promise<string> {
  const passphrase = await passphraseSource(option)(file);
  if (passphrase === undefined || passphrase === "") {
    throw new AppError("usage", "The passphrase is empty.", {
      hint: "A private key is not written without one.",
    });
  }
  if (option !== undefined) return passphrase;
  if ((await askSecret("The same again:", { instead: INSTEAD })) === passphrase) return passphrase;
  throw new AppError("usage", "The two passphrases differ.", { hint: "Try again." });
}

function fromEnvironment(name: string): Promise<string> {
  const value = process.env[name];
  if (value !== undefined) return Promise.resolve(value);
  return Promise.reject(
    new AppError("usage", `The environment has no ${name}, which should be the passphrase.`),
  );
}

/** Editors end a file with a line break; it is no part of it. */
async function fromFile(file: string): Promise<string> {
  const { bytes } = await readBounded(file);
  return bytes.toString("utf8").replace(/\r?\n$/, "");
}
