import * as vscode from "vscode";
import { AppError } from "../../common/errors.ts";
import type { HostFiles } from "../../guest/sources/hostFiles.ts";
import { sanitize } from "../../common/sanitize.ts";
import { parseHostSourceUri, hostSourcePath } from "../../guest/sources/hostSourceUri.ts";

/** Files of more bytes are fetched with a progress that people see. */
const LARGE_BYTES = 512 * 1024;
/** Joins that are over whose files, as far as they were read, can still be looked at. */
const REMEMBERED = 8;

interface Known {
  readonly files: HostFiles;
  /** The host's paths that its sessions have named here, each with the session to ask. */
  readonly sessions: Map<string, string>;
}

/**
 * The host's files as documents of the scheme `debug-server:`. A real file system, read-only, so that breakpoints and
 * language features work in it; it has what the host's sessions have named, and nothing else.
 */
export class SourceFiles implements Omit<vscode.FileSystemProvider, "onDidChangeFile" | "watch"> {
  readonly #joins = new Map<string, Known>();

  /** The files of a join; they stay known for a while when it is over. Who joins anew finds what it had open. */
  add(joinId: string, files: HostFiles): void {
    const { sessions = new Map<string, string>() } = this.#joins.get(joinId) ?? {};
    this.#joins.delete(joinId);
    this.#joins.set(joinId, { files, sessions });
    for (const oldest of this.#joins.keys()) {
      if (this.#joins.size <= REMEMBERED) break;
      this.#joins.delete(oldest);
    }
  }

  /** A session of a join has named a file that the guest is shown from the host. */
  served(joinId: string, path: string, session: string): void {
    this.#joins.get(joinId)?.sessions.set(path, session);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const found = this.#find(uri);
    if (found === undefined) return this.#statFolder(uri);
    const { files, session, path } = found;
    const described = await files.describe(session, path).then(
      // Since when the content is this one the host does not say; what counts is that other content has another time.
      ({ size, sha256 }) => ({ size, mtime: parseInt(sha256.slice(0, 10), 16) }),
      // The session is over: what was read is still there.
      () => this.#read(uri).then(({ length }) => ({ size: length, mtime: 0 })),
    );
    return {
      type: vscode.FileType.File,
      ctime: 0,
      ...described,
      permissions: vscode.FilePermission.Readonly,
    };
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#read(uri);
  }

  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    const entries = new Map<string, vscode.FileType>();
    for (const rest of this.#below(uri)) {
      const [name = "", ...more] = rest.split("/");
      entries.set(name, more.length === 0 ? vscode.FileType.File : vscode.FileType.Directory);
    }
    if (entries.size === 0) throw vscode.FileSystemError.FileNotFound(uri);
    return [...entries];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  async #read(uri: vscode.Uri): Promise<Uint8Array> {
    const found = this.#find(uri);
    if (found === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    const { files, session, path } = found;
    const progress = new LargeProgress(path);
    try {
      return await files.read(session, path, { onProgress: (bytes, size) => progress.report(bytes, size) });
    } catch (thrown) {
      throw vscode.FileSystemError.Unavailable(sanitize(AppError.from(thrown).toLine()));
    } finally {
      progress.end();
    }
  }

  #find(uri: vscode.Uri): (Pick<Known, "files"> & { session: string; path: string }) | undefined {
    const file = parseHostSourceUri(uri.toString());
    const known = file && this.#joins.get(file.joinId);
    const session = known?.sessions.get(file?.path ?? "");
    if (file === undefined || known === undefined || session === undefined) return undefined;
    return { files: known.files, session, path: file.path };
  }

  #statFolder(uri: vscode.Uri): vscode.FileStat {
    if (this.#below(uri).length === 0) throw vscode.FileSystemError.FileNotFound(uri);
    const permissions = vscode.FilePermission.Readonly;
    return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0, permissions };
  }

  /** The rest of the paths of all files below a folder. */
  #below({ authority, path }: vscode.Uri): string[] {
    const folder = path.endsWith("/") ? path : `${path}/`;
    const paths = [...(this.#joins.get(authority)?.sessions.keys() ?? [])].map(hostSourcePath);
    return paths.filter((each) => each.startsWith(folder)).map((each) => each.slice(folder.length));
  }
}

/** Shown from the first report on that says that there is much to come. */
class LargeProgress {
  readonly #path: string;
  #report: ((percent: number) => void) | undefined;
  #end: (() => void) | undefined;
  #percent = 0;

  constructor(path: string) {
    this.#path = path;
  }

  report(bytes: number, size: number): void {
    if (size < LARGE_BYTES) return;
    this.#start();
    const percent = (bytes / size) * 100;
    this.#report?.(percent - this.#percent);
    this.#percent = percent;
  }

  end(): void {
    this.#end?.();
  }

  #start(): void {
    if (this.#end !== undefined) return;
    const title = sanitize(`Fetching ${this.#path} from the host`);
    void vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, (progress) => {
      this.#report = (increment) => progress.report({ increment });
      return new Promise<void>((resolve) => (this.#end = resolve));
    });
  }
}
