/** Windows: the names of devices, in every folder, whatever is behind their first dot or colon. */
const DEVICE = /^(con|conin\$|conout\$|prn|aux|nul|(com|lpt)[\d¹²³])\s*([.:].*)?$/iu;

/**
 * Whether to look at the file can have no other effect than that. On Windows a path can lead to another machine
 * (`\\HOST\…`), which is sent the user's credentials, or to a device.
 */
export function isOnDisk(file: string, platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== "win32") return file.startsWith("/");
  return /^[a-z]:[\\/]/iu.test(file) && !file.split(/[\\/]/u).some((segment) => DEVICE.test(segment));
}
