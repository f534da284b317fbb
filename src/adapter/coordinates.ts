import { fileURLToPath, pathToFileURL } from "node:url";
import { AppError } from "../common/errors.ts";
import type { Arguments } from "./arguments.ts";

/** Translates lines, columns and paths: in here as V8 has them, from 0 and as paths; outside as the client said. */
export class Coordinates {
  #firstLine = 1;
  #firstColumn = 1;
  #uris = false;

  /** From the arguments of `initialize`. */
  configure(args: Arguments): void {
    this.#firstLine = args.optionalBoolean("linesStartAt1") === false ? 0 : 1;
    this.#firstColumn = args.optionalBoolean("columnsStartAt1") === false ? 0 : 1;
    this.#uris = args.optionalString("pathFormat") === "uri";
  }

  lineToClient(line: number): number {
    return line + this.#firstLine;
  }

  columnToClient(column: number): number {
    return column + this.#firstColumn;
  }

  lineFromClient(line: number): number {
    return Math.max(0, line - this.#firstLine);
  }

  columnFromClient(column: number): number {
    return Math.max(0, column - this.#firstColumn);
  }

  pathToClient(path: string): string {
    return this.#uris ? pathToFileURL(path).href : path;
  }

  pathFromClient(path: string): string {
    if (!/^file:/i.test(path)) return path;
    try {
      return fileURLToPath(path);
    } catch (error) {
      throw new AppError("badArguments", `${path} is not the URI of a file.`, { cause: error });
    }
  }
}
