import os from "node:os";
import path from "node:path";
import type { StoreName } from "./certificate.ts";

const NAME = "debug-server";
const FOLDER = "certificates";

/** What decides where the directories are; the defaults are this process's. */
export interface StoreDirectoryOptions {
  readonly platform?: NodeJS.Platform;
  readonly env?: NodeJS.ProcessEnv;
  readonly home?: string;
}

/**
 * The directory of a store. DEBUG_SERVER_USER_CERTIFICATES and DEBUG_SERVER_MACHINE_CERTIFICATES go before what the
 * system has for it.
 */
export function storeDirectory(store: StoreName, options: StoreDirectoryOptions = {}): string {
  const { platform = process.platform, env = process.env, home = os.homedir() } = options;
  const own = env[store === "user" ? "DEBUG_SERVER_USER_CERTIFICATES" : "DEBUG_SERVER_MACHINE_CERTIFICATES"];
  if (own !== undefined && own !== "") return path.resolve(own);
  const rules = platform === "win32" ? path.win32 : path.posix;
  const base = store === "user" ? userBase(platform, env, home) : machineBase(platform, env);
  return rules.join(base, NAME, FOLDER);
}

function userBase(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): string {
  if (platform === "win32") return env["APPDATA"] ?? path.win32.join(home, "AppData", "Roaming");
  if (platform === "darwin") return path.posix.join(home, "Library", "Application Support");
  // The XDG Base Directory Specification: a relative path is to be ignored.
  const configured = env["XDG_CONFIG_HOME"] ?? "";
  return path.posix.isAbsolute(configured) ? configured : path.posix.join(home, ".config");
}

function machineBase(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string {
  if (platform === "win32") return env["ProgramData"] ?? "C:\\ProgramData";
  return platform === "darwin" ? "/Library/Application Support" : "/etc";
}
