import { AppError } from "../common/errors.ts";

/** Reads the arguments of one request; whatever is missing or of the wrong type becomes a clear error. */
export class Arguments {
  readonly command: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(command: string, values: unknown) {
    this.command = command;
    if (values !== undefined && values !== null && !isRecord(values)) {
      throw new AppError("badArguments", `${command}: the arguments must be an object.`);
    }
    this.#values = values ?? {};
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key, "a string");
  }

  optionalString(key: string): string | undefined {
    const value = this.#values[key] ?? undefined;
    return value === undefined || typeof value === "string" ? value : this.#wrong(key, "a string");
  }

  integer(key: string): number {
    return this.optionalInteger(key) ?? this.#missing(key, "an integer");
  }

  optionalInteger(key: string): number | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    return typeof value === "number" && Number.isInteger(value) ? value : this.#wrong(key, "an integer");
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.#values[key] ?? undefined;
    return value === undefined || typeof value === "boolean" ? value : this.#wrong(key, "true or false");
  }

  optionalStrings(key: string): string[] | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    const isStrings = Array.isArray(value) && value.every((item) => typeof item === "string");
    return isStrings ? value : this.#wrong(key, "a list of strings");
  }

  optionalObject(key: string): Arguments | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    return isRecord(value) ? new Arguments(`${this.command}: ${key}`, value) : this.#wrong(key, "an object");
  }

  optionalObjects(key: string): Arguments[] | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isRecord)) return this.#wrong(key, "a list of objects");
    return value.map((item) => new Arguments(`${this.command}: ${key}`, item));
  }

  /** Environment variables: a null removes the one of that name. */
  optionalEnvironment(key: string): Record<string, string | null> | undefined {
    const value = this.#values[key] ?? undefined;
    if (value === undefined) return undefined;
    const isEnvironment =
      isRecord(value) && Object.values(value).every((item) => item === null || typeof item === "string");
    return isEnvironment
      ? (value as Record<string, string | null>)
      : this.#wrong(key, "an object of strings and nulls");
  }

  #missing(key: string, what: string): never {
    throw new AppError("badArguments", `${this.command}: "${key}" is missing; it must be ${what}.`);
  }

  #wrong(key: string, what: string): never {
    throw new AppError("badArguments", `${this.command}: "${key}" must be ${what}.`);
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
