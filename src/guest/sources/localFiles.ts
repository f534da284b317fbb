import { readFile, stat } from "node:fs/promises";
import { LIMITS } from "../../common/limits.ts";

/** The guest's own files. */
export interface LocalFiles {
  /** Those of the guest's project: in them a copy of the host's files is looked for. */
  folders(): readonly string[];
  /** Undefined if there is no such file, or if it is larger than LIMITS.sourceBytes. */
  read(path: string): Promise<Uint8Array | undefined>;
}

export class DiskFiles implements LocalFiles {
  readonly folders: () => readonly string[];

  constructor(folders: () => readonly string[] = () => [process.cwd()]) {
    this.folders = folders;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      const found = await stat(path);
      return found.isFile() && found.size <= LIMITS.sourceBytes ? await readFile(path) : undefined;
    } catch {
      return undefined;
    }
  }
}
