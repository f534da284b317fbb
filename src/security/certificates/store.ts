import type { AppError } from "../../common/errors.ts";
import type { Certificate, StoreName } from "./certificate.ts";

/** Asks for a file's passphrase; undefined: the user does not know it. */
export type AskPassphrase = (file: string) => Promise<string | undefined>;

/** Something in a store, as far as it can be seen without a question to the user. */
export type StoreEntry = {
  /** Where it is, as people are told. */
  readonly location: string;
  /** Without folder, with ending; none in Windows' own stores. */
  readonly fileName?: string;
} & (
  | { readonly kind: "open"; readonly certificate: Certificate }
  | {
      /** The key, and perhaps all of it, is to be had by `unlock` only. */
      readonly kind: "locked";
      readonly certificate?: Certificate;
      /**
       * All of it, with the key. Undefined if a passphrase is needed and `ask` has none; rejects with an AppError if
       * it is wrong, or if the key cannot be had.
       */
      unlock(ask: AskPassphrase): Promise<Certificate | undefined>;
    }
  | {
      /** It cannot be used until it is repaired; the certificate may be legible nevertheless. */
      readonly kind: "broken";
      readonly certificate?: Certificate;
      readonly error: AppError;
    }
);

/** Where certificates are. Read anew each time: people change what is in it. */
export interface CertificateStore {
  readonly name: StoreName;
  /** As people are told. */
  readonly location: string;
  /** Never rejects for the sake of one entry; with an AppError if the store as a whole cannot be trusted or read. */
  list(): Promise<StoreEntry[]>;
}
