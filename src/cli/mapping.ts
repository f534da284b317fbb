import path from "node:path";
import type { PathMapping } from "../guest/sources/paths.ts";
import { UsageError } from "./failure.ts";

/** HOSTFOLDER=FOLDER, as `join --map` takes it. Throws a UsageError if it is not. */
export function readMapping(text: string): PathMapping {
  const at = text.indexOf("=");
  const [remoteRoot, localRoot] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || localRoot === "") {
    throw new UsageError(
      `debug-server: --map ${text} is no pair of folders.\n  Write for example --map /srv/app=/home/kim/app.`,
    );
  }
  return { remoteRoot, localRoot: path.resolve(localRoot) };
}
