import type { ObjectPreview, PropertyPreview, RemoteObject } from "./cdp.ts";
import { asText } from "../common/values.ts";

/** A value that is longer is cut in lists and hovers; the clipboard and the console get all of it. */
const MAX_VALUE = 10_000;
const MAX_PREVIEW_STRING = 100;
/** V8 previews 100 elements of a list; one line has no room for them. */
const MAX_PREVIEW_ITEMS = 20;

/** One line, or the lines of a multi-line string, that say what a value is. */
export function formatValue(object: RemoteObject, whole = false): string {
  const text = formatWhole(object);
  return whole || text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE)}…`;
}

function formatWhole(object: RemoteObject): string {
  if (object.unserializableValue !== undefined) return object.unserializableValue;
  switch (object.type) {
    case "string":
      return quote(asText(object.value));
    case "undefined":
      return "undefined";
    case "function":
      return formatFunction(object.description ?? "function");
    case "object":
      return formatObject(object);
    default:
      return object.description ?? asText(object.value);
  }
}

function formatObject(object: RemoteObject): string {
  const { preview } = object;
  if (object.subtype === "null") return "null";
  if (object.subtype === "error") return errorLine(object.description ?? "Error");
  if (preview === undefined || object.subtype === "date" || object.subtype === "regexp") {
    return object.description ?? "Object";
  }
  return formatPreview(preview);
}

function formatPreview(preview: ObjectPreview): string {
  const name = preview.description ?? "Object";
  const cut = preview.overflow || preview.properties.length > MAX_PREVIEW_ITEMS;
  const more = cut ? ["…"] : [];
  if (preview.subtype === "internal#entry") {
    return `{${preview.properties.map(formatPreviewed).join(" => ")}}`;
  }
  if (preview.entries !== undefined) {
    const entries = preview.entries.map(({ key, value }) =>
      key === undefined ? formatEntry(value) : `${formatEntry(key)} => ${formatEntry(value)}`,
    );
    return `${name} {${[...entries, ...more].join(", ")}}`;
  }
  if (preview.subtype === "array" || preview.subtype === "typedarray") {
    const items = preview.properties
      .slice(0, MAX_PREVIEW_ITEMS)
      .map((property) =>
        /^\d+$/.test(property.name)
          ? formatPreviewed(property)
          : `${property.name}: ${formatPreviewed(property)}`,
      );
    const prefix = name.startsWith("Array(") ? name.slice("Array".length) : name;
    return `${prefix} [${[...items, ...more].join(", ")}]`;
  }
  const properties = preview.properties.map((property) => `${property.name}: ${formatPreviewed(property)}`);
  const prefix = name === "Object" ? "" : `${name} `;
  return `${prefix}{${[...properties, ...more].join(", ")}}`;
}

function formatEntry(preview: ObjectPreview): string {
  if (preview.type === "string") return quote(shorten(preview.description ?? ""));
  return preview.properties.length === 0 ? (preview.description ?? preview.type) : formatPreview(preview);
}

function formatPreviewed(property: PropertyPreview): string {
  if (property.type === "string") return quote(shorten(property.value ?? ""));
  if (property.type === "function") return "ƒ";
  if (property.type === "accessor") return "(...)";
  if (property.subtype === "null") return "null";
  if (property.subtype === "error") return errorLine(property.value ?? "Error");
  if (property.type === "object" && property.value === "Object") return "{…}";
  return property.value ?? property.type;
}

function formatFunction(source: string): string {
  if (source.startsWith("class")) return /^class[^{]*/.exec(source)?.[0].trim() ?? "class";
  const head = /^(async\s*)?(function\s*)?(\*\s*)?([\w$]*\s*\([^)]*\)|[\w$]+(?=\s*=>))/.exec(source)?.[0];
  return `ƒ ${head === undefined ? "" : head.replace(/function\s*/, "").trim()}`.trim();
}

/** An error's description is its stack: the lines of the message stay, the frames go. */
export function errorLine(description: string): string {
  const frames = description.search(/\n\s+at /);
  return frames === -1 ? description : description.slice(0, frames);
}

function quote(text: string): string {
  const escaped = text
    .replace(/[\\']/g, "\\$&")
    .replace(/\n/g, "\\n")
    .replace(/\r/g, "\\r")
    .replace(/\t/g, "\\t");
  return `'${escaped}'`;
}

function shorten(text: string): string {
  return text.length <= MAX_PREVIEW_STRING ? text : `${text.slice(0, MAX_PREVIEW_STRING - 1)}…`;
}

/** The name of a value's type for `type` fields. */
export function typeName(object: RemoteObject): string {
  if (object.subtype === "null") return "null";
  return object.type === "object" ? (object.className ?? "Object") : object.type;
}

/** How many elements a list has, told by its description: `Array(3)`, `Uint8Array(10)`. Undefined if it is none. */
export function listLength(object: RemoteObject): number | undefined {
  if (object.subtype !== "array" && object.subtype !== "typedarray") return undefined;
  const digits = /\((\d+)\)$/.exec(object.description ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The text of a value within a log line: strings as they are, everything else as in the variables view. */
export function formatLogged(object: RemoteObject): string {
  return object.type === "string" ? asText(object.value) : formatValue(object, true);
}

/** What a console would print for these arguments; `%s`, `%d`, `%i`, `%f`, `%j`, `%o`, `%O` and `%c` are obeyed. */
export function formatConsoleArguments(args: readonly RemoteObject[]): string {
  const [first, ...rest] = args;
  if (first?.type !== "string" || rest.length === 0) return args.map(formatLogged).join(" ");
  const text = asText(first.value).replace(/%[sdifjoOc%]/g, (directive) => {
    if (directive === "%%") return "%";
    const value = rest.shift();
    if (value === undefined) return directive;
    return directive === "%c" ? "" : formatLogged(value);
  });
  return [text, ...rest.map(formatLogged)].join(" ");
}
