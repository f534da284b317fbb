import { AppError } from "../../common/errors.ts";
import { type TextEdit, JsonValue, applyEdits } from "../../dap/edits.ts";
import {
  type JsonObject,
  type Outcome,
  encodeJson,
  errorOutcome,
  isObject,
  ownOutput,
} from "../../dap/messages.ts";
import { sourcesInArguments, sourcesInBody } from "../../dap/sources.ts";
import type { EditorMessage, MessageToEditor } from "../messages.ts";
import { BreakpointLists } from "./breakpointLists.ts";
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
  /** How long a message waits for the host's word on its files, in milliseconds. */
  readonly deadlineMs?: number;
}

export interface SourceMappingEnds {
  /** Sends a request of our own to the host; `asked` is told its number first. */
  ask(command: string, args: JsonObject, asked: (seq: number) => void): void;
  /** Runs it when all that the editor has asked before is with the host. */
  inTurn(run: () => void): void;
  /** Gives the editor a message of our own, at once. */
  tell(message: MessageToEditor): void;
}

/** A message on its way: what it waits for, and what becomes of it in its turn. */
export interface MappedMessage<T> {
  readonly until?: Promise<unknown> | undefined;
  /** Undefined: it goes no further. */
  readonly take: () => T | undefined;
}

/** What an editor is told that asks about a file of its own of which the host has no equal, besides setBreakpoints. */
const NOTHING_THERE: ReadonlyMap<string, object> = new Map<string, object>([
  ["breakpointLocations", { breakpoints: [] }],
  ["gotoTargets", { targets: [] }],
]);

/** A request of the editor's about a source. */
interface Asking {
  readonly message: EditorMessage;
  readonly args: JsonValue;
  readonly source: JsonValue;
  /** Those that it was made from. */
  readonly origins: readonly JsonValue[];
}

/**
 * The stage between an editor and a session of the host's, whose files are elsewhere: it lets each see its own paths. What
 * names no files passes as it is.
 */
export class SourceMapping {
  readonly #options: SourceMappingOptions;
  readonly #ends: SourceMappingEnds;
  readonly #resolver: SourceResolver;
  readonly #hostSources: HostSources;
  readonly #references = new HostSourceReferences();
  readonly #lists = new BreakpointLists();
  /** Our own requests that are under way: for which list of the guest's, if the editor is to be told. */
  readonly #ownRequests = new Map<number, string | undefined>();
  /** The editor's lists that are under way, by their sequence numbers. */
  readonly #editorsLists = new Map<number, string>();
  #sessionId: string;
  /** The editor writes paths as `file:` URIs. */
  #writesUris = false;

  constructor(options: SourceMappingOptions, ends: SourceMappingEnds) {
    this.#options = options;
    this.#ends = ends;
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
  }

  /** What changes in a message of the editor's; undefined if it is answered here. */
  fromEditor(message: EditorMessage): MappedMessage<readonly TextEdit[]> | undefined {
    const { command, args } = message;
    if (command === undefined || args === undefined) return { take: () => [] };
    if (command === "initialize") this.#writesUris = args.member("pathFormat")?.string === "uri";
    if (command === "launch" || command === "attach")
      this.#sessionId = args.member("debugServerSession")?.string ?? this.#sessionId;
    if (command === "source" && this.#answersSource(message, args)) return undefined;
    const [source, ...origins] = sourcesInArguments(command, args);
    if (source === undefined) return { take: () => this.#hostSources.restore(args) };
    return this.#aboutSource({ message, args, source, origins });
  }

  #aboutSource(asking: Asking): MappedMessage<readonly TextEdit[]> {
    const { args, source } = asking;
    const taken = this.#hostSources.take(source);
    if (taken !== undefined) return { take: () => this.#editsForHost(asking, taken) };
    const localPath = pathOfFile(source);
    if (localPath === undefined)
      return { take: () => [...this.#hostSources.restore(source), ...this.#hostSources.restore(args)] };
    let located: HostResolution | undefined;
    const until =
      this.#resolver.hostPathOf(localPath) === undefined
        ? this.#resolver.locate(localPath).then((found) => (located = found))
        : undefined;
    return { until, take: () => this.#aboutFile(localPath, located, asking) };
  }

  /** A request about a file of the guest's: what changes in it; undefined if it is answered here. */
  #aboutFile(
    localPath: string,
    located: HostResolution | undefined,
    asking: Asking,
  ): readonly TextEdit[] | undefined {
    const { message, args } = asking;
    const { seq = 0, command = "" } = message;
    const hostPath = this.#resolver.hostPathOf(localPath);
    const list = command === "setBreakpoints" && isObject(args.value) ? args.value : undefined;
    if (hostPath !== undefined) {
      // If the host's file turns out to be a copy of the one that runs, the breakpoints go there (breakpointLists.ts).
      if (list !== undefined && (!this.#resolver.isNamed(localPath) || this.#lists.has(localPath))) {
        for (const before of this.#lists.sent(localPath, hostPath, list)) this.#request(before);
        this.#editorsLists.set(seq, localPath);
      }
      return this.#editsForHost(asking, hostPath);
    }
    if (located?.kind === "asIs") return [];
    const nothing = list === undefined ? NOTHING_THERE.get(command) : this.#lists.refuse(localPath, list);
    if (nothing === undefined) return [];
    this.#answer(message, { success: true, body: encodeJson(nothing) });
    return undefined;
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
  #answersSource(message: EditorMessage, args: JsonValue): boolean {
    const references = [args.member("sourceReference"), args.member("source")?.member("sourceReference")];
    const path = references
      .map((each) => this.#references.pathOf(each?.number))
      .find((each) => each !== undefined);
    if (path === undefined) return false;
    this.#options.host.read(this.#sessionId, path).then(
      (content) =>
        this.#answer(message, { success: true, body: encodeJson({ content: content.toString("utf8") }) }),
      (thrown: unknown) => this.#answer(message, errorOutcome(AppError.from(thrown))),
    );
    return true;
  }

  #settled(localPath: string, hostPath: string): void {
    this.#ends.inTurn(() => {
      const requests = this.#lists.settle(localPath, hostPath);
      requests.forEach((args, i) => this.#request(args, i === requests.length - 1 ? localPath : undefined));
    });
  }

  /** Sends a list of breakpoints of our own; `localPath`: the editor is told what becomes of it. */
  #request(args: JsonObject, localPath?: string): void {
    this.#ends.ask("setBreakpoints", args, (seq) => this.#ownRequests.set(seq, localPath));
  }

  /** A message of the host's as the editor gets it; it gets none that only we have asked for. */
  fromHost(message: MessageToEditor): MappedMessage<MessageToEditor> {
    if (message.type === "request") return { take: () => message };
    const body = message.type === "event" ? message.body : message.outcome.body;
    const sources = sourcesOf(message.type === "event" ? message.event : message.command, body);
    const unknown = sources.flatMap((source) => {
      const path = pathOfFile(source);
      return path === undefined || this.#resolver.known(path) !== undefined ? [] : [path];
    });
    const searches = [...new Set(unknown)].map((path) => this.#resolver.resolve(path));
    return {
      until: searches.length === 0 ? undefined : Promise.all(searches),
      take: () => {
        if (message.type === "response" && this.#takesAnswer(message)) return undefined;
        const edits = sources.flatMap((source) => this.#editsFor(source));
        if (message.type === "event" && body !== undefined && this.#lists.renames)
          edits.push(...this.#lists.rename(new JsonValue(body)));
        return edits.length === 0 || body === undefined
          ? message
          : withBody(message, applyEdits(body, edits));
      },
    };
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
  #takesAnswer({ requestSeq, outcome }: Extract<MessageToEditor, { type: "response" }>): boolean {
    if (this.#ownRequests.size === 0 && this.#editorsLists.size === 0) return false;
    const body = outcome.body === undefined ? undefined : new JsonValue(outcome.body);
    const editors = this.#editorsLists.get(requestSeq);
    if (editors !== undefined) this.#lists.taken(editors, body);
    this.#editorsLists.delete(requestSeq);
    if (!this.#ownRequests.has(requestSeq)) return false;
    const localPath = this.#ownRequests.get(requestSeq);
    this.#ownRequests.delete(requestSeq);
    const failure = outcome.success ? undefined : "The host did not take it.";
    const events = localPath === undefined ? [] : this.#lists.answered(localPath, body, failure);
    for (const event of events) {
      const edits = sourcesOf("breakpoint", event).flatMap((source) => this.#editsFor(source));
      this.#event("breakpoint", Buffer.concat(applyEdits(event, edits)));
    }
    return true;
  }

  #differs(hostPath: string, localPath: string): void {
    const text = `${localPath} is not the same as the host's ${hostPath}, so the host's is shown.`;
    this.#event("output", ownOutput("important", `Debug Server: ${text}`));
    this.#options.onDiffers?.(hostPath, localPath);
  }

  #event(event: string, body: Buffer): void {
    this.#ends.tell({ type: "event", event, body });
  }

  #answer({ seq = 0, command = "" }: EditorMessage, outcome: Outcome): void {
    this.#ends.tell({ type: "response", requestSeq: seq, command, outcome });
  }

  #written(path: string): string {
    return this.#writesUris ? toFileUri(path) : path;
  }
}

/** Every source in the body of a response or event of that name. */
function sourcesOf(name: string, body: Buffer | undefined): JsonValue[] {
  if (body === undefined || !(body.includes('"source') || body.includes('"location"'))) return [];
  return sourcesInBody(name, new JsonValue(body));
}

function withBody(message: MessageToEditor, parts: readonly Buffer[]): MessageToEditor {
  const body = Buffer.concat(parts);
  if (message.type === "event") return { ...message, body };
  return message.type === "response" ? { ...message, outcome: { ...message.outcome, body } } : message;
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
