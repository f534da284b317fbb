import { type JsonObject, isObject } from "../../dap/messages.ts";
import { sanitize, sanitizeText } from "../../common/sanitize.ts";
import { FIELDS, type Rule } from "./fields.ts";

/**
 * A message of a host's as VS Code gets it, each field as the table says; undefined if it gets none. Whatever the table does
 * not know is left out: VS Code may act on it. The answer to a request that DAP does not name is an exception: VS Code hands
 * it unseen to the extension that asked.
 */
export function hostTexts(message: JsonObject): JsonObject | undefined {
  const { type, seq } = message;
  switch (type) {
    case "event":
      return event(message);
    case "response":
      return response(message);
    case "request":
      // Of `startDebugging`, which is all that comes here, the guest's side has made the arguments (invitation.ts).
      return { type, seq, command: message.command, arguments: invitation(message.arguments) };
    default:
      return undefined;
  }
}

function event({ type, seq, event: name, body }: JsonObject): JsonObject | undefined {
  const rule = typeof name === "string" ? ruleOf(name, "Event") : undefined;
  if (rule === undefined) return undefined;
  const passed = pass(body, rule);
  if (name !== "output" || !isObject(passed)) return { type, seq, event: name, body: passed };
  if (passed.category === "telemetry") return undefined;
  const { output } = passed;
  const isNotification = passed.category === "important" && typeof output === "string";
  return {
    type,
    seq,
    event: name,
    body: isNotification ? { ...passed, output: sanitizeText(output) } : passed,
  };
}

function response({ type, seq, request_seq, command, success, message, body }: JsonObject): JsonObject {
  const head = { type, seq, request_seq, command };
  if (success !== true)
    return {
      ...head,
      success: false,
      message: pass(message, "text"),
      body: pass(body, { type: "ErrorResponse" }),
    };
  const rule = typeof command === "string" ? ruleOf(command, "Response") : undefined;
  return { ...head, success, body: rule === undefined ? body : pass(withInserted(command, body), rule) };
}

function ruleOf(name: string, kind: "Event" | "Response"): Rule | undefined {
  if (kind === "Response" && name === "initialize") return { type: "Capabilities" };
  const type = name.charAt(0).toUpperCase() + name.slice(1) + kind;
  return Object.hasOwn(FIELDS, type) ? { type } : undefined;
}

/** The value as the rule lets it pass; undefined if it does not. */
function pass(value: unknown, rule: Rule): unknown {
  if (value === undefined || value === null) return value;
  if (Array.isArray(rule)) {
    const [each] = rule as readonly [Rule];
    return Array.isArray(value)
      ? value.map((item) => pass(item, each)).filter((item) => item !== undefined)
      : undefined;
  }
  if (typeof rule === "object" && "type" in rule)
    return isObject(value) ? fields(value, rule.type) : undefined;
  switch (rule) {
    case "number":
      return typeof value === "number" ? value : undefined;
    case "flag":
      return typeof value === "boolean" ? value : undefined;
    case "string":
      return typeof value === "string" ? value : undefined;
    case "id":
      return typeof value === "string" || typeof value === "number" ? value : undefined;
    case "name":
      return typeof value === "string" ? sanitize(value) : undefined;
    case "text":
      return typeof value === "string" ? sanitizeText(value) : undefined;
    case "opaque":
      return value;
    case "dropped":
    default:
      return undefined;
  }
}

function fields(value: JsonObject, type: string): JsonObject {
  const passed: JsonObject = {};
  for (const [name, rule] of Object.entries(FIELDS[type] ?? {})) {
    const field = Object.hasOwn(value, name) ? pass(value[name], rule) : undefined;
    if (field !== undefined) passed[name] = field;
  }
  return passed;
}

/** Completions, each with the text that is inserted: VS Code takes the label for it, which is sanitized. */
function withInserted(command: unknown, body: unknown): unknown {
  if (command !== "completions" || !isObject(body) || !Array.isArray(body.targets)) return body;
  const targets = body.targets.map((item: unknown) =>
    isObject(item) ? { ...item, text: item.text ?? item.label } : item,
  );
  return { ...body, targets };
}

function invitation(args: unknown): unknown {
  if (!isObject(args) || !isObject(args.configuration)) return undefined;
  const { configuration } = args;
  return { ...args, configuration: { ...configuration, name: pass(configuration.name, "name") } };
}
