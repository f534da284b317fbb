import { ACCESS_LEVELS, type Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import type { Reason } from "../common/reason.ts";
import type { ResumptionClaim } from "./resumption.ts";
import { LINK_LIMITS } from "./limits.ts";
import {
  array,
  boolean,
  type Guard,
  id,
  integer,
  line,
  object,
  oneOf,
  optional,
  pattern,
  personName,
  text,
} from "./validate.ts";

/** The versions of the protocol that this implementation speaks. */
export const PROTOCOL: VersionRange = { min: 1, max: 1 };

/** The features that this implementation offers and accepts (docs/PROTOCOL.md, "Features"). */
export const FEATURES: readonly string[] = ["push"];
/** The same, of guests on slow lines; every host knows it. */
export const DEFLATE = "deflate";
/** The same, of a guest that can dial again, or of a host that keeps links. */
export const RESUME = "resume";

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** A program, for people. */
export interface Product {
  readonly name: string;
  readonly version: string;
}

/** A session that a guest can open, for its lists and its choice. */
export interface SessionInfo {
  readonly id: string;
  readonly name: string;
  /** The debug type of the host: `node`, `debugpy`, … */
  readonly type: string;
  /** The session that started this one. */
  readonly parent?: string;
  readonly state?: "starting" | "running" | "stopped";
}

/** A participant: the host itself, a guest of the link, or a plain DAP client. */
export interface ClientInfo {
  readonly id: number;
  readonly name: string;
  readonly kind: "host" | "guest" | "dap";
  readonly access: Access;
  /** Over what it came: `tcp 192.0.2.7:53211`. */
  readonly from?: string;
  /** Milliseconds since 1970, by the host's clock. */
  readonly joinedAt?: number;
  /** It has lost its connection, and may resume its link. */
  readonly away?: boolean;
}

/** A server of the host that this guest's session is served by. */
export interface ServerInfo {
  readonly id: number;
  /** Its connection string with the password masked. */
  readonly address: string;
}

/** A file of the host, by the path that the session's adapter gave it; for `findSource`, the guest's own path. */
export interface SourceName {
  readonly session: string;
  readonly path: string;
}

export interface SourceInfo {
  /** In bytes. */
  readonly size: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
  /** Where it is within a folder of the host's, with slashes, if it is in one. */
  readonly relativePath?: string;
}

export interface SourceChunk {
  /** Of the whole file. */
  readonly size: number;
  /** In Base64. */
  readonly data: string;
  /** Whether the file ends with it. */
  readonly end: boolean;
}

export interface Hello {
  readonly protocol: VersionRange;
  readonly features: readonly string[];
  /** How others see this guest. */
  readonly name: string;
  readonly client: Product;
  /** With the feature `resume`: the guest's public key. */
  readonly resume?: { readonly key: string };
  /** The guest resumes a link. */
  readonly resumes?: ResumptionClaim;
}

/** How a guest resumes the link that WELCOME begins. */
export interface Resumption {
  readonly link: string;
  /** The host's public key. */
  readonly key: string;
  /** How long the link may be without a channel, in milliseconds. */
  readonly keepMs: number;
}

export interface Welcome {
  readonly protocol: number;
  readonly features: readonly string[];
  readonly guest: { readonly id: number };
  readonly host: Product;
  readonly access: Access;
  readonly sessions: readonly SessionInfo[];
  /** With the feature `resume`. */
  readonly resume?: Resumption;
  /** The guest is back: how many of its frames the host has received. */
  readonly resumed?: { readonly received: number };
}

/** The host needs longer: a person is being asked. */
export interface Wait {
  readonly ms: number;
  readonly message?: string;
}

export const name = line(LINK_LIMITS.nameLength);
export const shortId = id(LINK_LIMITS.nameLength);
export const longText = text(LINK_LIMITS.textLength);
export const access = oneOf(...ACCESS_LEVELS);
export const clientId = integer(0);

const version = integer(0, 65535);
const product = object({ name, version: name });
const features = array(id(64), 64);

export const sessionInfo: Guard<SessionInfo> = object({
  id: shortId,
  name,
  type: name,
  parent: optional(shortId),
  state: optional(oneOf("starting", "running", "stopped")),
});

export const clientInfo: Guard<ClientInfo> = object({
  id: clientId,
  name: personName,
  kind: oneOf("host", "guest", "dap"),
  access,
  from: optional(name),
  joinedAt: optional(integer(0)),
  away: optional(boolean),
});

export const serverInfo: Guard<ServerInfo> = object({ id: clientId, address: longText });

export const sha256 = pattern(/^[0-9a-f]{64}$/u, "64 hexadecimal digits");
export const sourcePath = id(LINK_LIMITS.pathLength);
export const sourceName = { session: shortId, path: sourcePath };

export const sourceInfo: Guard<SourceInfo> = object({
  size: integer(0),
  sha256,
  relativePath: optional(sourcePath),
});

export const sourceChunk: Guard<SourceChunk> = object({
  size: integer(0),
  data: pattern(/^[A-Za-z0-9+/]*={0,2}$/u, "Base64"),
  end: boolean,
});

const publicKey = pattern(/^[A-Za-z0-9+/]{87}=$/u, "a point of P-256 in Base64");
const received = integer(0);

export const hello: Guard<Hello> = object({
  protocol: object({ min: version, max: version }),
  features,
  name,
  client: product,
  resume: optional(object({ key: publicKey })),
  resumes: optional(object({ link: shortId, attempt: integer(1), received, proof: sha256 })),
});

export const welcome: Guard<Welcome> = object({
  protocol: version,
  features,
  guest: object({ id: clientId }),
  host: product,
  access,
  sessions: array(sessionInfo, 4096),
  resume: optional(object({ link: shortId, key: publicKey, keepMs: integer(1, LINK_LIMITS.keepMs) })),
  resumed: optional(object({ received })),
});

export const wait: Guard<Wait> = object({
  ms: integer(1, LINK_LIMITS.admissionWaitMs),
  message: optional(longText),
});

export const open: Guard<{ session: string }> = object({ session: shortId });
export const opened = object({});

export const reason: Guard<Reason> = object({
  code: optional(shortId),
  message: optional(longText),
  hint: optional(longText),
});

/** What may go to the peer of something thrown: our own errors were worded for people, others are not shown. */
export function publicError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError("internal", "The other side failed to do this.");
}

/** The highest common version, or undefined. */
export function negotiateVersion(ours: VersionRange, theirs: VersionRange): number | undefined {
  const highest = Math.min(ours.max, theirs.max);
  return highest >= Math.max(ours.min, theirs.min) ? highest : undefined;
}
