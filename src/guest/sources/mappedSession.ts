import type { Disposable } from "../../common/disposable.ts";
import { AppError } from "../../common/errors.ts";
import { Emitter, type Event } from "../../common/event.ts";
import { type TextEdit, JsonValue, applyEdits } from "../../dap/edits.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  eventParts,
  isObject,
  requestParts,
  responseParts,
  ownOutput,
} from "../../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../../dap/port.ts";
import { sourcesInArguments, sourcesInBody } from "../../dap/sources.ts";
import { BreakpointLists } from "./breakpointLists.ts";
import { OrderedQueue } from "./orderedQueue.ts";
import { SequenceNumbers } from "../sequenceNumbers.ts";
import { fromFileUri, isAbsolutePath, leadsElsewhere, toFileUri } from "./paths.ts";
import { type HostResolution, SourceResolver, type SourceResolverOptions } from "./sourceResolver.ts";
import type { HostFiles } from "./hostFiles.ts";
import { type HostSources, HostSourceReferences, HostSourceUris, setMembers } from "./hostSources.ts";

/** How the host's files reach an editor that has no equal of them. */
export type HostSourceForm =
  /** By URIs of the scheme `debug-server:` (hostSourceUri.ts), which the editor reads itself. */
  | { readonly kind: "uri"; readonly joinId: string }
  /** By DAP's `sourceReference`: every editor can ask for them. */
  | { readonly kind: "reference" };

export interface SourceMappingOptions extends SourceResolverOptions {
  readonly host: HostFiles;
  /** The session's id on the host. An `attach` that asks for another one changes it. */
  readonly session: string;
  readonly hostSources: HostSourceForm;
  /** The guest's file that should be the host's has other content, so the host's is shown. Once for each file. */
  readonly onDiffers?: (hostPath: string, localPath: string) => void;
  /** A file of the host's is given to the editor as the host's. */
  readonly onHostSource?: (hostPath: string, session: string) => void;
  /** Told in the editor's debug console. */
  readonly notices?: Event<string>;
  /** How long a message waits for the host's word on its files, in milliseconds. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2_000;
/** When more than this waits for the host's word on a file, no message waits any longer. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Requests of our own count from here, where no editor's do. */
const FIRST_SEQ = 2 ** 40;

/** What an editor is told that asks about a file of its own of which the host has no equal, besides setBreakpoints. */
const NOTHING_THERE: ReadonlyMap<string, object> = new Map<string, object>([
  ["breakpointLocations", { breakpoints: [] }],
  ["gotoTargets", { targets: [] }],
]);

/** A request of the editor's about a source. */
interface Asking {
  readonly body: Buffer;
  readonly command: string;
  readonly seq: number;
  readonly args: JsonValue;
  readonly source: JsonValue;
  /** Those that it was made from. */
  readonly origins: readonly JsonValue[];
}

/**
 * Stands between an editor and a session of the host's, whose files are elsewhere, and lets each see its own paths. What
 * names no files passes as it is, and nothing overtakes anything.
 */
export class MappedSession implements DapPort {
  readonly #session: DapPort;
  readonly #options: SourceMappingOptions;
  readonly #resolver: SourceResolver;
  readonly #hostSources: HostSources;
  readonly #references = new HostSourceReferences();
  readonly #lists = new BreakpointLists();
  readonly #sequence = new SequenceNumbers();
  // What an editor asks belongs to what it had seen by then (DapPort.holdBack): it gets nothing while its question waits.
  readonly #toEditor = new OrderedQueue({ mayRun: () => !this.#toHost.busy });
  readonly #toHost = new OrderedQueue({ onIdle: () => this.#toEditor.go() });
  readonly #passedOn: () => void;
  readonly #message = new Emitter<IncomingMessage>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onClose = this.#close.event;
  readonly onDrain: DapPort["onDrain"];
  /** Our own requests that are under way: for which list of the guest's, if the editor is to be told. */
  readonly #ownRequests = new Map<number, string | undefined>();
  /** The editor's lists that are under way, by their sequence numbers. */
  readonly #editorsLists = new Map<number, string>();
  #nextSeq = FIRST_SEQ;
  #sessionId: string;
  /** The editor writes paths as `file:` URIs. */
  #writesUris = false;
  #heldBytes = 0;
  /** Ends each wait for the host's word on a file. */
  readonly #waits = new Set<() => void>();
  #notices: Disposable | undefined;
  #closed = false;

  constructor(session: DapPort, options: SourceMappingOptions) {
    this.#session = session;
    this.#options = options;
    this.#sessionId = options.session;
    this.#hostSources =
      options.hostSources.kind === "uri" ? new HostSourceUris(options.hostSources.joinId) : this.#references;
    const { host } = options;
    this.#resolver = new SourceResolver(
      {
        describe: (path) => host.describe(this.#sessionId, path),
        find: (path, sha256) => host.find(this.#sessionId, path, sha256, options.acceptSamePath !== false),
      },
      options,
      {
        differs: (hostPath, localPath) => this.#differs(hostPath, localPath),
        settled: (localPath, hostPath) => this.#settled(localPath, hostPath),
      },
    );
    this.onDrain = session.onDrain;
    this.#passedOn = session.holdBack?.() ?? (() => {});
    session.onMessage(({ body }) => this.#fromHost(body));
    session.onClose((reason) => {
      this.#notices?.dispose();
      this.#hurry();
      this.#toEditor.add(() => this.#close.fire(reason));
    });
  }

  start(): void {
    this.#notices = this.#options.notices?.((text) => this.#say("console", text));
    this.#session.start();
  }

  close(): void {
    this.#closed = true;
    this.#hurry();
    this.#session.close();
  }

  /** From the editor. */
  send(parts: readonly Uint8Array[]): boolean {
    const body = Buffer.concat(parts);
    const message = new JsonValue(body);
    const command = message.member("command")?.string;
    const args = message.member("arguments");
    if (message.member("type")?.string === "response")
      return this.#pass(body, () => this.#sequence.restore(message));
    if (command === undefined || args === undefined) return this.#pass(body);
    if (command === "initialize") this.#writesUris = args.member("pathFormat")?.string === "uri";
    if (command === "launch" || command === "attach")
      this.#sessionId = args.member("debugServerSession")?.string ?? this.#sessionId;
    const asking = { body, command, seq: message.member("seq")?.number ?? 0, args };
    if (command === "source" && this.#answersSource(asking.seq, args)) return true;
    const [source, ...origins] = sourcesInArguments(command, args);
    if (source === undefined) return this.#pass(body, () => this.#hostSources.restore(args));
    return this.#ask({ ...asking, source, origins });
  }

  /** Sends it in its turn; `edits` as of then. */
  #pass(body: Buffer, edits: () => TextEdit[] = () => []): boolean {
    let going = true;
    this.#toHost.add(() => (going = this.#session.send(applyEdits(body, edits()))));
    return going;
  }

  #ask(asking: Asking): boolean {
    const { body, args, source } = asking;
    const taken = this.#hostSources.take(source);
    if (taken !== undefined) return this.#pass(body, () => this.#editsForHost(asking, taken));
    const localPath = pathOfFile(source);
    if (localPath === undefined)
      return this.#pass(body, () => [
        ...this.#hostSources.restore(source),
        ...this.#hostSources.restore(args),
      ]);
    let located: HostResolution | undefined;
    const search =
      this.#resolver.hostPathOf(localPath) === undefined
        ? this.#resolver.locate(localPath).then((found) => (located = found))
        : undefined;
    let going = true;
    this.#toHost.add(
      () => (going = this.#askAbout(localPath, located, asking)),
      search && this.#soon(search),
    );
    return going;
  }

  /** Sends a request about a file of the guest's, or answers it. */
  #askAbout(localPath: string, located: HostResolution | undefined, asking: Asking): boolean {
    const { body, command, seq, args } = asking;
    const hostPath = this.#resolver.hostPathOf(localPath);
    const list = command === "setBreakpoints" && isObject(args.value) ? args.value : undefined;
    if (hostPath !== undefined) {
      // If the host's file turns out to be a copy of the one that runs, the breakpoints go there (breakpointLists.ts).
      if (list !== undefined && (!this.#resolver.isNamed(localPath) || this.#lists.has(localPath))) {
        for (const before of this.#lists.sent(localPath, hostPath, list)) this.#request(before);
        this.#editorsLists.set(seq, localPath);
      }
      return this.#session.send(applyEdits(body, this.#editsForHost(asking, hostPath)));
    }
    if (located?.kind === "asIs") return this.#session.send([body]);
    const nothing = list === undefined ? NOTHING_THERE.get(command) : this.#lists.refuse(localPath, list);
    if (nothing === undefined) return this.#session.send([body]);
    this.#answer(seq, command, { success: true, body: encodeJson(nothing) });
    return true;
  }

  /** Makes a request one about the host's file. */
  #editsForHost({ source, origins }: Asking, hostPath: string): TextEdit[] {
    const others = origins.flatMap((origin) => {
      const path = this.#hostSources.take(origin) ?? this.#resolver.hostPathOf(pathOfFile(origin) ?? "");
      return path === undefined ? [] : this.#hostSource(origin, path);
    });
    return [...this.#hostSource(source, hostPath), ...others];
  }

  #hostSource(source: JsonValue, hostPath: string): TextEdit[] {
    const reference = isReferred(source) ? { sourceReference: 0 } : {};
    return setMembers(source, { path: this.#written(hostPath), ...reference });
  }

  /** A question for the content of a file that the editor was given by a reference. */
  #answersSource(seq: number, args: JsonValue): boolean {
    const references = [args.member("sourceReference"), args.member("source")?.member("sourceReference")];
    const path = references
      .map((each) => this.#references.pathOf(each?.number))
      .find((each) => each !== undefined);
    if (path === undefined) return false;
    this.#options.host.read(this.#sessionId, path).then(
      (content) =>
        this.#answer(seq, "source", {
          success: true,
          body: encodeJson({ content: content.toString("utf8") }),
        }),
      (thrown: unknown) => this.#answer(seq, "source", errorOutcome(AppError.from(thrown))),
    );
    return true;
  }

  #settled(localPath: string, hostPath: string): void {
    this.#toHost.add(() => {
      const requests = this.#lists.settle(localPath, hostPath);
      requests.forEach((args, i) => this.#request(args, i === requests.length - 1 ? localPath : undefined));
    });
  }

  /** Sends a list of breakpoints of our own; `localPath`: the editor is told what becomes of it. */
  #request(args: JsonObject, localPath?: string): void {
    const seq = this.#nextSeq++;
    this.#ownRequests.set(seq, localPath);
    this.#session.send(requestParts(seq, "setBreakpoints", encodeJson(args)));
  }

  #fromHost(body: Buffer): void {
    const message = new JsonValue(body);
    const sources = this.#sourcesOf(message, body);
    const unknown = sources.flatMap((source) => {
      const path = pathOfFile(source);
      return path === undefined || this.#resolver.known(path) !== undefined ? [] : [path];
    });
    const searches = [...new Set(unknown)].map((path) => this.#resolver.resolve(path));
    this.#heldBytes += body.length;
    const run = () => {
      this.#heldBytes -= body.length;
      this.#deliver(body, message, sources);
    };
    this.#toEditor.add(run, searches.length === 0 ? undefined : this.#soon(Promise.all(searches)));
    if (this.#heldBytes > HELD_BYTES) this.#hurry();
  }

  #sourcesOf(message: JsonValue, body: Buffer): JsonValue[] {
    if (!body.includes('"source') && !body.includes('"location"')) return [];
    const type = message.member("type")?.string;
    const content = message.member("body");
    if (content === undefined || (type !== "response" && type !== "event")) return [];
    return sourcesInBody(message.member(type === "event" ? "event" : "command")?.string ?? "", content);
  }

  #deliver(body: Buffer, message: JsonValue, sources: readonly JsonValue[]): void {
    this.#passedOn();
    if (this.#closed || this.#takesAnswer(message)) return;
    const edits = sources.flatMap((source) => this.#editsFor(source));
    const content = this.#lists.renames ? message.member("body") : undefined;
    if (content !== undefined && message.member("type")?.string === "event")
      edits.push(...this.#lists.rename(content));
    edits.push(...this.#sequence.pass(message));
    this.#message.fire({ body: edits.length === 0 ? body : Buffer.concat(applyEdits(body, edits)) });
  }

  /** What becomes of a source on its way to the editor. */
  #editsFor(source: JsonValue): TextEdit[] {
    const path = pathOfFile(source);
    if (path === undefined) return this.#hostSources.keep(source);
    const resolution = this.#resolver.known(path) ?? this.#resolver.fallback(path);
    if (resolution.kind === "asIs") return [];
    if (resolution.kind === "here") return setMembers(source, { path: this.#written(resolution.path) });
    this.#options.onHostSource?.(path, this.#sessionId);
    return this.#hostSources.give(source, path, resolution.taken);
  }

  /** Takes answers to lists: true for one that the editor did not ask for. */
  #takesAnswer(message: JsonValue): boolean {
    if (this.#ownRequests.size === 0 && this.#editorsLists.size === 0) return false;
    const seq = message.member("request_seq")?.number;
    const body = message.member("body");
    if (seq === undefined) return false;
    const editors = this.#editorsLists.get(seq);
    if (editors !== undefined) this.#lists.taken(editors, body);
    this.#editorsLists.delete(seq);
    if (!this.#ownRequests.has(seq)) return false;
    const localPath = this.#ownRequests.get(seq);
    this.#ownRequests.delete(seq);
    const failure = message.member("success")?.value === true ? undefined : "The host did not take it.";
    const events = localPath === undefined ? [] : this.#lists.answered(localPath, body, failure);
    for (const event of events) {
      const edits = sourcesInBody("breakpoint", new JsonValue(event)).flatMap((source) =>
        this.#editsFor(source),
      );
      this.#event("breakpoint", Buffer.concat(applyEdits(event, edits)));
    }
    return true;
  }

  #differs(hostPath: string, localPath: string): void {
    this.#say("important", `${localPath} is not the same as the host's ${hostPath}, so the host's is shown.`);
    this.#options.onDiffers?.(hostPath, localPath);
  }

  #say(category: "console" | "important", text: string): void {
    this.#event("output", ownOutput(category, `Debug Server: ${text}`));
  }

  #event(event: string, body: Buffer): void {
    if (!this.#closed)
      this.#message.fire({ body: Buffer.concat(eventParts(this.#sequence.next(), event, body)) });
  }

  #answer(seq: number, command: string, outcome: Outcome): void {
    if (this.#closed) return;
    const parts = responseParts(this.#sequence.next(), seq, command, outcome);
    this.#message.fire({ body: Buffer.concat(parts) });
  }

  #written(path: string): string {
    return this.#writesUris ? toFileUri(path) : path;
  }

  /** Resolves with the work, or when it has taken too long. */
  #soon(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waits.delete(done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.deadlineMs ?? DEADLINE_MS);
      this.#waits.add(done);
      work.then(done, done);
    });
  }

  #hurry(): void {
    for (const done of this.#waits) done();
    this.#toHost.hurry();
    this.#toEditor.hurry();
  }
}

/**
 * The path of a source whose content is a file's: DAP gives a reference to all others. Where there is no path, editors
 * take a name that looks like one.
 */
function pathOfFile(source: JsonValue): string | undefined {
  if (isReferred(source)) return undefined;
  const path = source.member("path")?.string ?? "";
  if (path !== "") return fromFileUri(path) ?? path;
  const name = source.member("name")?.string ?? "";
  const named = fromFileUri(name) ?? name;
  return isAbsolutePath(named) || leadsElsewhere(named) ? named : undefined;
}

function isReferred(source: JsonValue): boolean {
  return (source.member("sourceReference")?.number ?? 0) > 0;
}
