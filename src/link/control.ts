import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { reasonToError, type Reason } from "../common/reason.ts";
import {
  access,
  type ClientInfo,
  clientId,
  clientInfo,
  longText,
  reason,
  type ServerInfo,
  serverInfo,
  type SessionInfo,
  sessionInfo,
  shortId,
  type SourceChunk,
  sourceChunk,
  type SourceInfo,
  sourceInfo,
  type SourceName,
  sourceName,
  sourcePath,
  sha256,
} from "./messages.ts";
import {
  anything,
  array,
  boolean,
  type Checked,
  type Guard,
  integer,
  object,
  optional,
  parseLinkJson,
  personName,
} from "./validate.ts";

type Nothing = Readonly<Record<never, never>>;

/** What a guest may ask of the host, besides DAP. */
export interface Requests {
  readonly listClients: { params: Nothing; result: { readonly clients: readonly ClientInfo[] } };
  readonly listSessions: { params: Nothing; result: { readonly sessions: readonly SessionInfo[] } };
  readonly listServers: { params: Nothing; result: { readonly servers: readonly ServerInfo[] } };
  /** One line for all debug consoles of the session. */
  readonly say: { params: { readonly text: string }; result: Nothing };
  readonly setAccess: { params: { readonly client: number; readonly access: Access }; result: Nothing };
  readonly removeClient: { params: { readonly client: number; readonly message?: string }; result: Nothing };
  readonly endSession: { params: { readonly session: string }; result: Nothing };
  readonly endServer: { params: { readonly server: number }; result: Nothing };
  /** A file of the host that the adapter has named in the session, by exactly that path. */
  readonly describeSource: { params: SourceName; result: SourceInfo };
  /** A piece of it from the offset on, at most LINK_LIMITS.sourceChunkBytes. */
  readonly readSource: { params: SourceName & { readonly offset: number }; result: SourceChunk };
  /** The host's file that is the same as the guest's own. */
  readonly findSource: {
    params: SourceName & { readonly sha256: string; readonly samePlace?: boolean };
    result: { readonly path?: string };
  };
}

/** What the host tells a guest unasked. */
export interface Notifications {
  readonly clients: { readonly clients: readonly ClientInfo[] };
  readonly sessions: { readonly sessions: readonly SessionInfo[] };
  /** `client` is absent if the server itself speaks. */
  readonly said: { readonly client?: number; readonly name: string; readonly text: string };
  /** The guest's own right, from now on. */
  readonly access: { readonly access: Access };
  /** A session, or without `session` the whole server, has ended; CLOSE follows for the latter. */
  readonly ended: { readonly session?: string; readonly message: string };
}

export type RequestName = keyof Requests;
export type NotificationName = keyof Notifications;

/** The host's side of the requests; whatever is refused is thrown as an AppError, which the guest gets. */
export type RequestHandlers = {
  readonly [M in RequestName]: (
    params: Requests[M]["params"],
  ) => Requests[M]["result"] | Promise<Requests[M]["result"]>;
};

const nothing: Guard<Nothing> = object({});
const clients = object({ clients: array(clientInfo, 4096) });
const sessions = object({ sessions: array(sessionInfo, 4096) });

const PARAMS: { readonly [M in RequestName]: Guard<Requests[M]["params"]> } = {
  listClients: nothing,
  listSessions: nothing,
  listServers: nothing,
  say: object({ text: longText }),
  setAccess: object({ client: clientId, access }),
  removeClient: object({ client: clientId, message: optional(longText) }),
  endSession: object({ session: shortId }),
  endServer: object({ server: clientId }),
  describeSource: object(sourceName),
  readSource: object({ ...sourceName, offset: integer(0) }),
  findSource: object({ ...sourceName, sha256, samePlace: optional(boolean) }),
};

const RESULTS: { readonly [M in RequestName]: Guard<Requests[M]["result"]> } = {
  listClients: clients,
  listSessions: sessions,
  listServers: object({ servers: array(serverInfo, 4096) }),
  say: nothing,
  setAccess: nothing,
  removeClient: nothing,
  endSession: nothing,
  endServer: nothing,
  describeSource: sourceInfo,
  readSource: sourceChunk,
  findSource: object({ path: optional(sourcePath) }),
};

const NOTIFICATIONS: { readonly [N in NotificationName]: Guard<Notifications[N]> } = {
  clients,
  sessions,
  said: object({ client: optional(clientId), name: personName, text: longText }),
  access: object({ access }),
  ended: object({ session: optional(shortId), message: longText }),
};

export function isRequest(method: string): method is RequestName {
  return Object.hasOwn(PARAMS, method);
}

export function isNotification(method: string): method is NotificationName {
  return Object.hasOwn(NOTIFICATIONS, method);
}

/** Checks the parameters, calls the handler and waits for it; whatever goes wrong is thrown. */
export async function callHandler<M extends RequestName>(
  handlers: RequestHandlers,
  method: M,
  params: unknown,
): Promise<Requests[M]["result"]> {
  const checked = PARAMS[method](params ?? {}, "params");
  if (!checked.ok) throw new AppError("badArguments", `${method}: ${checked.message}.`);
  return handlers[method](checked.value);
}

export function checkResult<M extends RequestName>(
  method: M,
  result: unknown,
): Checked<Requests[M]["result"]> {
  return RESULTS[method](result, "result");
}

export function checkNotification<N extends NotificationName>(
  method: N,
  params: unknown,
): Checked<Notifications[N]> {
  return NOTIFICATIONS[method](params, "params");
}

/** A CONTROL frame's payload, by its kind. */
export type ControlMessage =
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: AppError }
  | { readonly kind: "notification"; readonly method: string; readonly params: unknown };

interface Envelope {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: Reason;
}

const envelope: Guard<Envelope> = object({
  id: optional(integer(0, 0xffff_ffff)),
  method: optional(shortId),
  params: anything,
  result: anything,
  error: optional(reason),
});

export function parseControl(payload: Uint8Array): Checked<ControlMessage> {
  const checked = parseLinkJson(payload, envelope, "CONTROL");
  if (!checked.ok) return checked;
  const { id, method, params, result, error } = checked.value;
  if (method !== undefined) {
    const value: ControlMessage =
      id === undefined ? { kind: "notification", method, params } : { kind: "request", id, method, params };
    return { ok: true, value };
  }
  if (id === undefined) return { ok: false, message: "CONTROL must have an id or a method" };
  if (error !== undefined) {
    const given = reasonToError(error) ?? new AppError("refused", "The other side refused without a reason.");
    return { ok: true, value: { kind: "error", id, error: given } };
  }
  return { ok: true, value: { kind: "result", id, result } };
}
