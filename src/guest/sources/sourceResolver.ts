import { AppError } from "../../common/errors.ts";
import { isOnDisk } from "../../common/onDisk.ts";
import type { SourceInfo } from "../../link/messages.ts";
import { sha256Of } from "./hostFiles.ts";
import type { LocalFiles } from "./localFiles.ts";
import { HOST_SOURCE_SCHEME } from "./hostSourceUri.ts";
import {
  type PathMapping,
  isAbsolutePath,
  joinPath,
  leadsElsewhere,
  moved,
  segmentsOf,
  segmentsWithin,
  withoutDots,
} from "./paths.ts";

/** The host's files as one session names them. */
export interface SessionFiles {
  describe(path: string): Promise<SourceInfo>;
  find(path: string, sha256: string): Promise<string | undefined>;
}

/** Where an editor finds what the host has at a path: in a file of its own, on the host, or wherever that path leads. */
export type GuestResolution =
  | { readonly kind: "here"; readonly path: string }
  /** `taken`: the guest has, or may have, another file at that path. */
  | { readonly kind: "host"; readonly taken: boolean }
  | { readonly kind: "asIs" };

/** What the host has for a file of the guest's. */
export type HostResolution =
  { readonly kind: "there"; readonly path: string } | { readonly kind: "missing" | "asIs" };

export interface SourceResolverOptions {
  readonly local: LocalFiles;
  readonly mappings?: readonly PathMapping[];
  /** Whether a file at the host's own path counts as the guest's: no, if it may be the host's itself. */
  readonly acceptSamePath?: boolean;
}

export interface SourceResolverEvents {
  /** The guest's file that should be the host's is another one. */
  differs(hostPath: string, localPath: string): void;
  /** From now on the guest's file stands for that one of the host's. */
  settled(localPath: string, hostPath: string): void;
}

interface Candidate {
  readonly path: string;
  readonly content: Uint8Array;
  /** `mapped`: the user says that it is the same; `same`: it has the same path; `alike`: its path ends alike. */
  readonly why: "mapped" | "same" | "alike";
}

const AS_IS: GuestResolution = { kind: "asIs" };
const ON_HOST: GuestResolution = { kind: "host", taken: true };

/**
 * Which files of the guest's are which of the host's. A file of the guest's stands for one of the host's only if their
 * contents are equal; where the host cannot tell, the user's word counts.
 */
export class SourceResolver {
  readonly #files: SessionFiles;
  readonly #options: SourceResolverOptions;
  readonly #events: SourceResolverEvents;
  readonly #resolved = new Map<string, GuestResolution>();
  readonly #underWay = new Map<string, Promise<GuestResolution>>();
  readonly #hostPaths = new Map<string, { readonly path: string; readonly named: boolean }>();
  /** Files of the guest's that are not what the host has there. */
  readonly #differing = new Set<string>();
  /** Undefined until the host has been asked something. One that knows nothing of sources is a host of the past. */
  #supported: boolean | undefined;

  constructor(files: SessionFiles, options: SourceResolverOptions, events: SourceResolverEvents) {
    this.#files = files;
    this.#options = options;
    this.#events = events;
  }

  /** What is known of it: at once for most of the messages of a session. */
  known(hostPath: string): GuestResolution | undefined {
    if (isAbsolutePath(hostPath)) return this.#resolved.get(hostPath);
    return leadsElsewhere(hostPath) ? ON_HOST : AS_IS;
  }

  /** What a source becomes of which nothing is known yet. */
  fallback(hostPath: string): GuestResolution {
    return this.#supported === false && !leadsElsewhere(hostPath) ? AS_IS : ON_HOST;
  }

  /** Finds it out. Never rejects; remembers what will stay true. */
  async resolve(hostPath: string): Promise<GuestResolution> {
    const known = this.known(hostPath) ?? this.#underWay.get(hostPath);
    if (known !== undefined) return known;
    const search = this.#search(hostPath).finally(() => this.#underWay.delete(hostPath));
    this.#underWay.set(hostPath, search);
    return search;
  }

  /** The host's path of a guest's file, if it is known already. */
  hostPathOf(localPath: string): string | undefined {
    return this.#hostPaths.get(keyOf(localPath))?.path;
  }

  /** Whether the host has named that file itself; otherwise it may be a copy of the one that runs. */
  isNamed(localPath: string): boolean {
    return this.#hostPaths.get(keyOf(localPath))?.named === true;
  }

  /** Finds out which file of the host's the guest's is. Never rejects. */
  async locate(localPath: string): Promise<HostResolution> {
    const known = this.hostPathOf(localPath);
    if (known !== undefined) return { kind: "there", path: known };
    // Of a server that the guest was at before: an editor may remember breakpoints in its files.
    if (localPath.startsWith(`${HOST_SOURCE_SCHEME}:`) || this.#differing.has(keyOf(localPath)))
      return { kind: "missing" };
    if (!isAbsolutePath(localPath)) return { kind: "asIs" };
    const content = await this.#options.local.read(localPath);
    const sha256 = content === undefined ? undefined : sha256Of(content);
    for (const { localRoot, remoteRoot } of this.#options.mappings ?? []) {
      const hostPath = moved(localPath, localRoot, remoteRoot);
      if (hostPath !== undefined) return this.#locateMapped(localPath, hostPath, sha256);
    }
    // What is not here is spelled as the host spells it, or is no file at all.
    if (sha256 === undefined || this.#supported === false) return { kind: "asIs" };
    try {
      const hostPath = await this.#files.find(localPath, sha256);
      this.#supported = true;
      return hostPath === undefined ? { kind: "missing" } : this.#found(localPath, hostPath);
    } catch (thrown) {
      const { code } = AppError.from(thrown);
      if (code === "notSupported") this.#supported = false;
      // The host will say itself what is not allowed.
      return { kind: code === "notSupported" || code === "notAllowed" ? "asIs" : "missing" };
    }
  }

  async #locateMapped(
    localPath: string,
    hostPath: string,
    sha256: string | undefined,
  ): Promise<HostResolution> {
    const info = await this.#files.describe(hostPath).catch(() => undefined);
    if (info !== undefined && sha256 !== undefined && info.sha256 !== sha256) {
      this.#differs(hostPath, localPath);
      return { kind: "missing" };
    }
    return this.#found(localPath, hostPath, info !== undefined);
  }

  #found(localPath: string, hostPath: string, named = false): HostResolution {
    this.#learn(hostPath, localPath, named);
    return { kind: "there", path: hostPath };
  }

  async #search(hostPath: string): Promise<GuestResolution> {
    const candidates = await this.#candidates(hostPath);
    const onHost: GuestResolution = { kind: "host", taken: candidates.some(({ path }) => path === hostPath) };
    // Nothing to compare with: it costs no question.
    if (candidates.length === 0 && this.#supported === true) return this.#remember(hostPath, onHost);
    let info: SourceInfo;
    try {
      info = await this.#files.describe(hostPath);
      this.#supported = true;
    } catch (thrown) {
      return this.#undescribed(hostPath, candidates, onHost, AppError.from(thrown));
    }
    const equal = candidates.find(({ content }) => sha256Of(content) === info.sha256);
    if (equal !== undefined) return this.#learn(hostPath, equal.path, true);
    const expected = candidates.find(
      ({ path, why }) =>
        why !== "alike" || (info.relativePath !== undefined && this.#isAt(path, info.relativePath)),
    );
    if (expected !== undefined) this.#differs(hostPath, expected.path);
    return this.#remember(hostPath, onHost);
  }

  /** The host does not say what it has there. */
  async #undescribed(
    hostPath: string,
    candidates: readonly Candidate[],
    onHost: GuestResolution,
    error: AppError,
  ): Promise<GuestResolution> {
    const { code } = error;
    if (code === "notSupported") this.#supported = false;
    else if (code !== "closed" && code !== "timeout") this.#supported = true;
    const mapped = candidates.find(({ why }) => why === "mapped");
    if (mapped !== undefined) return this.#learn(hostPath, mapped.path, false);
    if (code === "tooLarge") return this.#remember(hostPath, onHost);
    // The host cannot show it either.
    if (code === "notSupported" || code === "notAvailable") return this.#remember(hostPath, AS_IS);
    if (code !== "notAllowed") return onHost;
    // Not named yet: a breakpoint of another client's. It may still be the very file that the guest has. The host is told
    // nothing about files outside of the guest's folders, whatever path it names.
    for (const { path, content } of candidates.filter(({ path }) => this.#isInFolders(path))) {
      const found = await this.#files.find(path, sha256Of(content)).catch(() => undefined);
      if (found === hostPath) return this.#learn(hostPath, path, false);
    }
    return onHost;
  }

  /** The guest's files that may be the host's, the likeliest first. */
  async #candidates(hostPath: string): Promise<Candidate[]> {
    const { local, mappings = [], acceptSamePath = true } = this.#options;
    const paths = new Map<string, Candidate["why"]>();
    for (const { remoteRoot, localRoot } of mappings) {
      const path = moved(hostPath, remoteRoot, localRoot);
      if (path !== undefined && !paths.has(path)) paths.set(path, "mapped");
    }
    const isElsewhere = paths.size > 0;
    const segments = withoutDots(segmentsOf(hostPath));
    for (let from = 0; from < segments.length; from++) {
      for (const folder of local.folders()) {
        const path = joinPath(folder, segments.slice(from));
        if (path !== undefined && !paths.has(path)) paths.set(path, path === hostPath ? "same" : "alike");
      }
    }
    if (
      acceptSamePath &&
      isOnDisk(hostPath) &&
      !leadsElsewhere(hostPath) &&
      !isElsewhere &&
      !paths.has(hostPath)
    )
      paths.set(hostPath, "same");
    const found = await Promise.all(
      [...paths].map(async ([path, why]) => ({ path, why, content: await local.read(path) })),
    );
    return found.flatMap(({ content, ...rest }) => (content === undefined ? [] : [{ ...rest, content }]));
  }

  #isInFolders(localPath: string): boolean {
    return this.#options.local.folders().some((folder) => segmentsWithin(folder, localPath) !== undefined);
  }

  #isAt(localPath: string, relativePath: string): boolean {
    return this.#options.local
      .folders()
      .some((folder) => segmentsWithin(folder, localPath)?.join("/") === relativePath);
  }

  #differs(hostPath: string, localPath: string): void {
    this.#differing.add(keyOf(localPath));
    this.#events.differs(hostPath, localPath);
  }

  #remember(hostPath: string, found: GuestResolution): GuestResolution {
    // No editor is to open that by itself: it is shown what the host has there, if anything.
    const resolution = found.kind === "asIs" && leadsElsewhere(hostPath) ? ON_HOST : found;
    this.#resolved.set(hostPath, resolution);
    return resolution;
  }

  /** `named`: the host has named it, so it is what runs. Otherwise it only has the same content, and may be a copy. */
  #learn(hostPath: string, localPath: string, named: boolean): GuestResolution {
    const key = keyOf(localPath);
    const before = this.#hostPaths.get(key);
    if (before === undefined || (named && !before.named)) {
      this.#hostPaths.set(key, { path: hostPath, named });
      this.#events.settled(localPath, hostPath);
    }
    return this.#remember(hostPath, { kind: "here", path: localPath });
  }
}

/** Names of files are compared as the guest's system does. */
function keyOf(localPath: string): string {
  return process.platform === "win32" ? localPath.toLowerCase().replaceAll("\\", "/") : localPath;
}
