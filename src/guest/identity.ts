import os from "node:os";

/** How others see the user of this process, unless they say otherwise: `ana@laptop`. */
export function defaultName(): string {
  return `${userName()}@${os.hostname()}`;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without an entry in the system's list, as containers have them.
    return process.env["USER"] ?? process.env["LOGNAME"] ?? "somebody";
  }
}
