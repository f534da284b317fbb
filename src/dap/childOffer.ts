import { isDeepStrictEqual } from "node:util";
import { type TextEdit, JsonValue, applyEdits } from "./edits.ts";
import { type JsonObject, encodeJson, objectOf } from "./messages.ts";
import { asNumber } from "../common/values.ts";

/** Where an adapter listens for one more connection. */
export interface AdapterPort {
  readonly host: string;
  readonly port: number;
}

/** A child session that an adapter asks its client to start. */
export interface ChildOffer {
  /** Of the event or the reverse request. */
  readonly name: string;
  /** The event's body or the request's arguments. */
  readonly message: Buffer;
  readonly request: "launch" | "attach";
  readonly configuration: JsonObject;
}

/** The messages by which adapters offer child sessions, and where in them the child's configuration is. */
const OFFERS: Readonly<Record<string, string | undefined>> = {
  // DAP's own reverse request.
  startDebugging: "configuration",
  // js-debug's, for clients that do not know that one.
  attachedChildSession: "config",
  // debugpy's event, from before DAP had a request: its body is the configuration.
  debugpyAttach: undefined,
};

const LOOPBACK = "127.0.0.1";

/** Whether an event or a reverse request of that name offers a child session. */
export function offersChild(name: string): boolean {
  return Object.hasOwn(OFFERS, name);
}

export function readChildOffer(name: string, message: Buffer = Buffer.from("{}")): ChildOffer {
  const whole = new JsonValue(message);
  const value = configurationIn(name, whole)?.value;
  const configuration = objectOf(value);
  const request = whole.member("request")?.string ?? configuration.request;
  return { name, message, request: request === "launch" ? "launch" : "attach", configuration };
}

/** Where the configuration of a child session says that the adapter listens for it; undefined: it is reached as its parent. */
export function adapterPort(configuration: JsonObject): AdapterPort | undefined {
  return findPort(new JsonValue(encodeJson(configuration)))?.at;
}

/** The same offer, with a port of ours in place of the adapter's, and all else as the adapter wrote it. */
export function leadingTo(offer: ChildOffer, port: number): ChildOffer {
  const place = configurationIn(offer.name, new JsonValue(offer.message));
  const edits = place && findPort(place)?.edits(port);
  if (edits === undefined) return offer;
  return readChildOffer(offer.name, Buffer.concat(applyEdits(offer.message, edits)));
}

function configurationIn(name: string, message: JsonValue): JsonValue | undefined {
  const member = OFFERS[name];
  return member === undefined ? message : message.member(member);
}

interface NamedPort {
  readonly at: AdapterPort;
  readonly edits: (port: number) => TextEdit[];
}

/** debugpy's `connect`, VS Code's `debugServer`, js-debug's `__jsDebugChildServer`. */
function findPort(configuration: JsonValue): NamedPort | undefined {
  const connect = configuration.member("connect");
  const connectPort = connect?.member("port");
  const port = portOf(connectPort?.value);
  if (connectPort !== undefined && port !== undefined) {
    const host = connect?.member("host");
    const name = host?.string ?? LOOPBACK;
    // A name of this machine's own stays.
    const own = host === undefined || isLoopback(name) ? [] : [host.replacedBy(LOOPBACK)];
    return {
      at: { host: name, port },
      edits: (newPort) => [rewritten(connectPort, newPort), ...own],
    };
  }
  for (const member of ["debugServer", "__jsDebugChildServer"]) {
    const place = configuration.member(member);
    const port = portOf(place?.value);
    if (place !== undefined && port !== undefined)
      return { at: { host: LOOPBACK, port }, edits: (newPort) => [rewritten(place, newPort)] };
  }
  return undefined;
}

/** What was a string stays one. */
function rewritten(place: JsonValue, port: number): TextEdit {
  return place.replacedBy(place.string === undefined ? port : String(port));
}

function portOf(value: unknown): number | undefined {
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : asNumber(value);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Members by which adapters tell one child session from another. */
const NAMES_CHILD = ["subProcessId", "__pendingTargetId", "__jsDebugChildServer", "debugServer"];
/** Members that say nothing of which session it is. */
const SAYS_NOTHING = new Set(["type", "request", "name"]);

/**
 * Whether a client that starts a session so takes up the offer of a child with that configuration. Editors add members and
 * fill in variables, so what tells the child apart decides: what adapters name children by, else what is not its parent's.
 */
export function takesOffer(configuration: JsonObject, parentArgs: JsonObject, args: JsonObject): boolean {
  const named = NAMES_CHILD.filter((name) => name in configuration);
  const own = Object.keys(configuration).filter(
    (name) =>
      !SAYS_NOTHING.has(name) &&
      isPlain(configuration[name]) &&
      !isDeepStrictEqual(configuration[name], parentArgs[name]),
  );
  const telling = [named, own, Object.keys(configuration)].find(({ length }) => length > 0) ?? [];
  return telling.every((name) => isDeepStrictEqual(configuration[name], args[name]));
}

/** Not a string with a variable: what an editor makes of that is not known. */
function isPlain(value: unknown): boolean {
  return typeof value === "string" ? !value.includes("${") : typeof value !== "object";
}
