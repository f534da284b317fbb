import { pathToFileURL } from "node:url";
import { Breakpoint, BreakpointEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Location } from "./cdp.ts";
import { type BreakpointOptions, compileOptions } from "./conditions.ts";
import type { Coordinates } from "./coordinates.ts";
import type { Inspector } from "./inspector.ts";
import { pathKey, realPath, type Script, type Scripts } from "./scripts.ts";

/** Where breakpoints live: in a file, loaded or not, or in a script that has none. */
type Place = { kind: "file"; path: string } | { kind: "script"; script: Script };

interface Entry {
  readonly id: number;
  readonly place: Place;
  readonly line: number;
  readonly column: number | undefined;
  readonly options: BreakpointOptions;
  /** V8's name for it, while it is set. */
  v8Id: string | undefined;
  actual: Location | undefined;
  problem: string | undefined;
}

interface Debugged {
  inspector: Inspector;
  scripts: Scripts;
}

/** The client's breakpoints. They outlive a debuggee: a restarted one gets them again. */
export class DebuggeeBreakpoints {
  readonly #coordinates: Coordinates;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #entries = new Map<string, Entry[]>();
  #debugged: Debugged | undefined;
  #lastId = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(coordinates: Coordinates, send: (event: DebugProtocol.Event) => void) {
    this.#coordinates = coordinates;
    this.#send = send;
  }

  /** Sets all breakpoints in a new debuggee, before its program runs. */
  applyTo(inspector: Inspector, scripts: Scripts): Promise<void> {
    const debugged = { inspector, scripts };
    this.#debugged = debugged;
    inspector.on("Debugger.breakpointResolved", ({ breakpointId, location }) => {
      const entry = this.#all().find((candidate) => candidate.v8Id === breakpointId);
      if (entry !== undefined && this.#debugged === debugged) this.#resolved(entry, location);
    });
    return this.#inTurn(async () => {
      for (const [key, entries] of this.#entries) {
        // A script without a file is gone with its process.
        if (entries[0]?.place.kind === "script") this.#entries.delete(key);
        for (const entry of entries) {
          const wasVerified = entry.actual !== undefined;
          entry.v8Id = undefined;
          entry.actual = undefined;
          if (entry.place.kind === "file") await this.#set(entry, debugged);
          if (wasVerified && entry.actual === undefined) this.#report(entry);
        }
      }
    });
  }

  /** Replaces the breakpoints of one source; those that stay the same keep their id and their hit count. */
  replace(args: Arguments): Promise<DebugProtocol.Breakpoint[]> {
    return this.#inTurn(async () => {
      const source = args.optionalObject("source");
      if (source === undefined) {
        throw new AppError("badArguments", 'setBreakpoints: "source" is missing; it must be an object.');
      }
      const place = this.#placeOf(source);
      const key = place.kind === "file" ? pathKey(place.path) : `script ${place.script.id}`;
      const before = [...(this.#entries.get(key) ?? [])];
      const wanted = args.optionalObjects("breakpoints") ?? [];
      const after = wanted.map((item) => this.#readEntry(item, place, before));
      this.#entries.set(key, after);
      // V8 has one breakpoint a place: the old one goes before the one that takes it.
      for (const { v8Id } of before) {
        if (v8Id !== undefined)
          this.#debugged?.inspector.post("Debugger.removeBreakpoint", { breakpointId: v8Id });
      }
      for (const entry of after) {
        if (entry.v8Id === undefined && this.#debugged !== undefined) await this.#set(entry, this.#debugged);
      }
      return after.map((entry) => this.#toDap(entry));
    });
  }

  idsOf(v8Ids: readonly string[]): number[] {
    return this.#all()
      .filter((entry) => entry.v8Id !== undefined && v8Ids.includes(entry.v8Id))
      .map((entry) => entry.id);
  }

  /** Where the breakpoint with this id is, for what its log message prints. */
  find(id: number): { script: Script | undefined; line: number } | undefined {
    const entry = this.#all().find((candidate) => candidate.id === id);
    if (entry === undefined) return undefined;
    const script =
      entry.actual === undefined ? undefined : this.#debugged?.scripts.get(entry.actual.scriptId);
    return { script, line: entry.actual?.lineNumber ?? entry.line };
  }

  #all(): Entry[] {
    return [...this.#entries.values()].flat();
  }

  #placeOf(source: Arguments): Place {
    const reference = source.optionalInteger("sourceReference") ?? 0;
    if (reference === 0) {
      return { kind: "file", path: this.#coordinates.pathFromClient(source.string("path")) };
    }
    if (this.#debugged === undefined) throw new AppError("staleHandle", `There is no source ${reference}.`);
    return { kind: "script", script: this.#debugged.scripts.byReference(reference) };
  }

  /** The entry of the same kind in `before`, which then is taken out of there, or else a new one. */
  #readEntry(item: Arguments, place: Place, before: Entry[]): Entry {
    const line = this.#coordinates.lineFromClient(item.integer("line"));
    const clientColumn = item.optionalInteger("column");
    const column = clientColumn === undefined ? undefined : this.#coordinates.columnFromClient(clientColumn);
    const options = {
      condition: item.optionalString("condition"),
      hitCondition: item.optionalString("hitCondition"),
      logMessage: item.optionalString("logMessage"),
    };
    const index = before.findIndex(
      (entry) =>
        entry.line === line &&
        entry.column === column &&
        entry.options.condition === options.condition &&
        entry.options.hitCondition === options.hitCondition &&
        entry.options.logMessage === options.logMessage,
    );
    const [known] = index === -1 ? [] : before.splice(index, 1);
    return (
      known ?? {
        id: ++this.#lastId,
        place,
        line,
        column,
        options,
        v8Id: undefined,
        actual: undefined,
        problem: undefined,
      }
    );
  }

  async #set(entry: Entry, { inspector }: Debugged): Promise<void> {
    const compiled = compileOptions(entry.id, entry.options);
    entry.problem = compiled.ok ? undefined : compiled.message;
    if (!compiled.ok) return;
    const { line: lineNumber, column: columnNumber, place } = entry;
    const condition = compiled.expression;
    try {
      if (place.kind === "file") {
        const urlRegex = urlPattern(place.path);
        const set = await inspector.send("Debugger.setBreakpointByUrl", {
          urlRegex,
          lineNumber,
          columnNumber,
          condition,
        });
        entry.v8Id = set.breakpointId;
        entry.actual = set.locations.at(-1);
      } else {
        const location = { scriptId: place.script.id, lineNumber, columnNumber };
        const set = await inspector.send("Debugger.setBreakpoint", { location, condition });
        entry.v8Id = set.breakpointId;
        entry.actual = set.actualLocation;
      }
    } catch (error) {
      entry.problem = AppError.from(error).message;
    }
  }

  #resolved(entry: Entry, location: Location): void {
    const { actual } = entry;
    const moved = actual?.lineNumber !== location.lineNumber || actual.columnNumber !== location.columnNumber;
    entry.actual = location;
    if (moved) this.#report(entry);
  }

  #report(entry: Entry): void {
    this.#send(new BreakpointEvent("changed", this.#toDap(entry)));
  }

  #toDap(entry: Entry): DebugProtocol.Breakpoint {
    const { actual, place } = entry;
    const line = this.#coordinates.lineToClient(actual?.lineNumber ?? entry.line);
    const column = actual?.columnNumber ?? entry.column;
    const breakpoint: DebugProtocol.Breakpoint = new Breakpoint(
      actual !== undefined,
      line,
      column === undefined ? undefined : this.#coordinates.columnToClient(column),
    );
    breakpoint.id = entry.id;
    const script = place.kind === "script" ? place.script : this.#debugged?.scripts.byPath(place.path);
    if (script !== undefined) breakpoint.source = this.#debugged?.scripts.toSource(script);
    if (actual === undefined) {
      breakpoint.message = entry.problem ?? this.#whyNotBound(script);
      breakpoint.reason = entry.problem === undefined && script === undefined ? "pending" : "failed";
    }
    return breakpoint;
  }

  #whyNotBound(script: Script | undefined): string {
    if (this.#debugged === undefined) return "The program is not being debugged.";
    return script === undefined
      ? "The file has not been loaded yet."
      : "There is no code at this line or after it.";
  }

  /** One change at a time: two lists for the same source must not be mixed. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(change);
    this.#queue = result.catch(() => {});
    return result;
  }
}

/** Matches a file however Node and the code that loads modules may name it: as URL, with a query, or as path. */
function urlPattern(path: string): string {
  const names = new Set<string>();
  for (const name of [path, realPath(path)]) {
    names.add(escapePattern(name));
    names.add(`${escapePattern(pathToFileURL(name).href)}(?:[?#].*)?`);
  }
  return `^(?:${[...names].join("|")})$`;
}

function escapePattern(text: string): string {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (process.platform !== "win32") return escaped;
  // Drive letters come in both cases.
  return escaped.replace(
    /(?<![a-z])[a-z](?=:)/i,
    (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`,
  );
}
