import { existsSync, realpathSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { Source } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError } from "../common/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { ScriptParsed } from "./cdp.ts";
import type { Coordinates } from "./coordinates.ts";
import type { Inspector } from "./inspector.ts";

export interface Script {
  readonly id: string;
  readonly url: string;
  /** The file it was read from, if it still is there. */
  readonly path: string | undefined;
}

/** One counter for a session's whole life: after a restart an old number means nothing instead of another source. */
export class SourceReferences {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

/** The scripts of one debuggee and what the client knows them by. */
export class Scripts {
  readonly #inspector: Inspector;
  readonly #coordinates: Coordinates;
  readonly #references: SourceReferences;
  readonly #byId = new Map<string, Script>();
  readonly #byPath = new Map<string, Script>();
  readonly #referenceOf = new Map<Script, number>();
  readonly #byReference = new Map<number, Script>();

  constructor(inspector: Inspector, coordinates: Coordinates, references: SourceReferences) {
    this.#inspector = inspector;
    this.#coordinates = coordinates;
    this.#references = references;
  }

  /**
   * Takes note of a parsed script. Those without a name, of which each evaluation makes one, are left out until a
   * frame is in one: a condition in a busy loop would otherwise fill the memory.
   */
  add(parsed: ScriptParsed): Script | undefined {
    return parsed.url === "" ? undefined : this.#register(parsed.scriptId, parsed.url);
  }

  /** Of a frame, whose script V8 may not have named before. */
  get(scriptId: string): Script {
    return this.#byId.get(scriptId) ?? this.#register(scriptId, "");
  }

  byPath(path: string): Script | undefined {
    return this.#byPath.get(pathKey(path));
  }

  /** The script that a client's `source` means, if it is loaded. */
  find(source: Arguments): Script | undefined {
    const reference = source.optionalInteger("sourceReference") ?? 0;
    if (reference > 0) return this.byReference(reference);
    return this.byPath(this.#coordinates.pathFromClient(source.string("path")));
  }

  byReference(reference: number): Script {
    const script = this.#byReference.get(reference);
    if (script === undefined) throw new AppError("staleHandle", `There is no source ${reference}.`);
    return script;
  }

  /** Scripts of the program itself: neither Node's own nor unnamed ones. */
  get own(): Script[] {
    return [...this.#byId.values()].filter((script) => script.url !== "" && !isInternal(script));
  }

  toSource(script: Script): DebugProtocol.Source {
    if (script.path !== undefined) {
      return new Source(basename(script.path), this.#coordinates.pathToClient(script.path));
    }
    const internal = isInternal(script);
    const source: DebugProtocol.Source = {
      name: script.url === "" ? `VM${script.id}` : script.url,
      sourceReference: this.#referenceTo(script),
      origin: internal ? "Node.js itself" : "code without a file",
    };
    return internal ? { ...source, presentationHint: "deemphasize" } : source;
  }

  async content(script: Script): Promise<string> {
    const { scriptSource } = await this.#inspector.send("Debugger.getScriptSource", { scriptId: script.id });
    return scriptSource;
  }

  #register(id: string, url: string): Script {
    const script: Script = { id, url, path: toPath(url) };
    this.#byId.set(id, script);
    if (script.path !== undefined) this.#byPath.set(pathKey(script.path), script);
    return script;
  }

  #referenceTo(script: Script): number {
    let reference = this.#referenceOf.get(script);
    if (reference === undefined) {
      reference = this.#references.next();
      this.#referenceOf.set(script, reference);
      this.#byReference.set(reference, script);
    }
    return reference;
  }
}

export function isInternal(script: Script): boolean {
  return script.url.startsWith("node:");
}

/** Node loads modules by their real paths, while a client may come by a link or with another drive letter. */
export function pathKey(path: string): string {
  const real = realPath(path);
  return process.platform === "win32" ? real.toLowerCase() : real;
}

export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function toPath(url: string): string | undefined {
  try {
    const path = url.startsWith("file:") ? fileURLToPath(url) : url;
    // Code that vm compiles may call itself by a path, too, with or without a file there.
    return isAbsolute(path) && existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
