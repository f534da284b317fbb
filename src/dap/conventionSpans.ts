import { ARGUMENTS, BODIES, type ConventionRules, TYPES } from "./conventions.ts";
import {
  type MemberStart,
  type ByteSpan,
  skipSpace,
  skipValue,
  walkElements,
  walkMembers,
} from "./envelope.ts";

/** What stands in a span: what conventions.ts says, or the name of one of its types. */
export type ConventionKind = "line" | "column" | "path" | "memory" | "styled" | "Source";

/** The span of a value. */
export interface ConventionSpan extends ByteSpan {
  readonly kind: ConventionKind;
  readonly member: MemberStart;
}

/** How deep a type is followed into itself (DAP: `Source.sources`). */
const NESTED = 8;

/**
 * Finds the spans of some kinds in DAP's messages: those that DAP names, and nothing that only looks like one, in the
 * adapter's own data for instance. In the order in which they stand; none in what is no JSON.
 */
export class ConventionSpans {
  readonly #kinds: ReadonlySet<string>;
  /** Whether a type holds any of them: what holds none is not looked into. */
  readonly #holding = new Map<string, boolean>();

  constructor(kinds: readonly ConventionKind[]) {
    this.#kinds = new Set(kinds);
  }

  /** In the body of a response (by its command) or of an event. */
  inBody(name: string, json: Buffer, body: ByteSpan = whole(json)): ConventionSpan[] {
    return this.#in(ownRules(BODIES, name), json, body);
  }

  inArguments(command: string, json: Buffer, args: ByteSpan = whole(json)): ConventionSpan[] {
    return this.#in(ownRules(ARGUMENTS, command), json, args);
  }

  /** In a value of one of the types. */
  within(type: string, json: Buffer, value: ByteSpan): ConventionSpan[] {
    return this.#in(TYPES[type], json, value);
  }

  #in(rules: ConventionRules | undefined, json: Buffer, { start }: ByteSpan): ConventionSpan[] {
    const found: ConventionSpan[] = [];
    if (rules === undefined || !this.#anyIn(rules)) return found;
    return this.#object(rules, json, skipSpace(json, start), NESTED, found) < 0 ? [] : found;
  }

  /** Takes in what an object holds. Returns where it ends, -1 if it does not. */
  #object(rules: ConventionRules, json: Buffer, at: number, depth: number, found: ConventionSpan[]): number {
    return walkMembers(json, at, (name, member) => {
      const { start } = member;
      const rule = Object.hasOwn(rules, name) ? (rules[name] ?? "") : "";
      const kind = elementOf(rule);
      if (!this.#concerns(kind)) return skipValue(json, start);
      const inner = TYPES[kind];
      const left = rules === inner ? depth - 1 : depth;
      const take = (from: number): number => {
        const span = { kind: kind as ConventionKind, start: from, end: -1, member };
        // Before what is in it.
        if (this.#kinds.has(kind)) found.push(span);
        const isLookedInto = inner !== undefined && left > 0 && json[from] === OPEN_BRACE;
        span.end = isLookedInto ? this.#object(inner, json, from, left, found) : skipValue(json, from);
        return span.end;
      };
      if (kind === rule) return take(start);
      return json[start] === OPEN_BRACKET ? walkElements(json, start, take) : skipValue(json, start);
    });
  }

  #anyIn(rules: ConventionRules | undefined): boolean {
    return rules !== undefined && Object.values(rules).some((rule) => this.#concerns(elementOf(rule)));
  }

  #concerns(kind: string): boolean {
    if (kind === "") return false;
    if (this.#kinds.has(kind)) return true;
    const known = this.#holding.get(kind);
    if (known !== undefined) return known;
    // Of itself a type holds nothing.
    this.#holding.set(kind, false);
    const holds = this.#anyIn(TYPES[kind]);
    this.#holding.set(kind, holds);
    return holds;
  }
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

function whole(json: Buffer): ByteSpan {
  return { start: 0, end: json.length };
}

function elementOf(rule: string): string {
  return rule.endsWith("[]") ? rule.slice(0, -2) : rule;
}

/** A name that an adapter made up may be that of a property which all objects have. */
function ownRules(
  table: Readonly<Record<string, ConventionRules>>,
  name: string,
): ConventionRules | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
