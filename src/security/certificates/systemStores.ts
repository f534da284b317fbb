import { DirectoryStore } from "./directoryStore.ts";
import type { CertificateStore } from "./store.ts";
import { WindowsStore } from "./windowsStore.ts";

/** The user's stores and the machine's, as this system has them. */
export function systemStores(): CertificateStore[] {
  const names = ["user", "machine"] as const;
  const directories = names.map((name) => new DirectoryStore(name));
  if (process.platform !== "win32") return directories;
  return [...directories, ...names.map((name) => new WindowsStore(name))];
}
