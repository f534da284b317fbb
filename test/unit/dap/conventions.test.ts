import { execFileSync } from "node:child_process";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { JsonValue } from "../../../src/dap/edits.ts";
import {
  type ConventionSpan,
  type ConventionKind,
  ConventionSpans,
} from "../../../src/dap/conventionSpans.ts";
import { conventionsBetween } from "../../../src/hub/clientConventions.ts";
import { type ClientCapabilities, readClientCapabilities } from "../../../src/hub/clientCapabilities.ts";
import { ROOT } from "../../support/fixtures.ts";
import {
  EVENT_NAMES,
  REQUEST_NAMES,
  argumentsOf,
  commandOf,
  membersOf,
} from "../../support/specification.ts";

/** A message of DAP with all that it may hold, and where in it is what clients write in different ways. */
interface Made {
  readonly value: unknown;
  /** `stackFrames.0.line` → what stands there. */
  readonly places: ReadonlyMap<string, ConventionKind>;
}

/** What looks like all of them, where nobody may look: in opaque members, and in members of an adapter's own. */
const TRAP = {
  line: 7,
  endLine: 8,
  column: 9,
  endColumn: 10,
  lines: [11],
  start: 12,
  path: "/trap",
  source: { path: "/trap", line: 1 },
  sources: [{ path: "/trap" }],
  location: { path: "/trap" },
  breakpoints: [{ line: 3 }],
  memoryReference: "0x1",
  value: "\u001b[1mtrap",
  output: "\u001b[1mtrap",
};

/** The choices of one message: numbers in turn, whatever they are needed for. */
type Choose = (below: number) => number;

/** Types within types; what lies deeper is left out. */
const DEEPEST = 5;

function madeOf(members: ReturnType<typeof membersOf>, owner: string, choose: Choose, depth = 0): Made {
  const value: Record<string, unknown> = {};
  const places = new Map<string, ConventionKind>();
  for (const [name, { type, optional }] of [...(members ?? [])].sort(() => choose(3) - 1)) {
    if (optional && choose(4) === 0) continue;
    const made = madeAs(type, name, owner, choose, depth);
    value[name] = made.value;
    for (const [path, kind] of made.places) places.set(path === "" ? name : `${name}.${path}`, kind);
  }
  value.__own = TRAP;
  return { value, places };
}

function madeAs(type: string, name: string, owner: string, choose: Choose, depth: number): Made {
  const leaf = (value: unknown, kind?: ConventionKind): Made => ({
    value,
    places: new Map(kind === undefined ? [] : [["", kind]]),
  });
  if (type.endsWith("[]")) {
    const count = depth < DEEPEST ? choose(3) : 0;
    const all = Array.from({ length: count }, () => madeAs(type.slice(0, -2), name, owner, choose, depth));
    const places = all.flatMap(({ places: each }, i) =>
      [...each].map(([path, kind]) => [path === "" ? String(i) : `${i}.${path}`, kind] as const),
    );
    return { value: all.map(({ value }) => value), places: new Map(places) };
  }
  if (type === "number") {
    const number = 2 + choose(1_000);
    if (name === "line" || name === "endLine" || name === "lines") return leaf(number, "line");
    if (name === "column" || name === "endColumn") return leaf(number, "column");
    return leaf(number, owner === "CompletionItem" && name === "start" ? "column" : undefined);
  }
  if (type === "boolean") return leaf(choose(2) === 0);
  if (type === "string") {
    if (owner === "Source" && name === "path") return leaf(`/p/${choose(9)} a.c`, "path");
    if ((owner === "Variable" && name === "value") || (owner === "Output" && name === "output"))
      return leaf("\u001b[1mx\u001b[0m", "styled");
    const isOptional = owner !== "Memory" && owner !== "ReadMemoryArguments";
    return leaf(`x${choose(9)}`, name === "memoryReference" && isOptional ? "memory" : undefined);
  }
  const known = /^\w+$/.test(type) ? membersOf(type) : undefined;
  return known === undefined ? leaf(TRAP) : madeOf(known, type, choose, depth + 1);
}

function bodyOf(message: string, isEvent: boolean): ReturnType<typeof membersOf> {
  const type = membersOf(`${message}${isEvent ? "Event" : "Response"}`)?.get("body")?.type;
  if (type === undefined) return undefined;
  const members = [...type.matchAll(/^\t\t\t(\w+)(\??):\s*([^;]+);/gm)];
  return type.startsWith("{")
    ? new Map(
        members.map(([, name = "", mark, of = ""]) => [name, { type: of.trim(), optional: mark === "?" }]),
      )
    : membersOf(type);
}

type Message = "arguments" | "body";
const MESSAGES: {
  readonly of: Message;
  readonly name: string;
  readonly members: ReturnType<typeof membersOf>;
}[] = [
  ...REQUEST_NAMES.map((name) => ({ of: "arguments" as const, name, members: argumentsOf(name) })),
  ...REQUEST_NAMES.map((name) => ({ of: "body" as const, name, members: bodyOf(name, false) })),
  ...EVENT_NAMES.map((name) => ({ of: "body" as const, name, members: bodyOf(name, true) })),
];

const choices = fc.infiniteStream(fc.nat()).map((stream): Choose => (below) => {
  const next: { value: unknown } = stream.next();
  return Number(next.value) % below;
});

/** Arguments of DAP that hold an ordinary `memoryReference` are the client's own words: nothing is left out of them. */
function kindsIn(of: Message, kinds: readonly ConventionKind[]): readonly ConventionKind[] {
  return of === "body" ? kinds : kinds.filter((kind) => kind !== "memory" && kind !== "styled");
}

function pathOf(whole: Buffer, place: ConventionSpan): string {
  const find = (value: unknown, at: JsonValue): string | undefined => {
    if (at.span.start === place.start && at.span.end === place.end) return "";
    const inner = Array.isArray(value)
      ? at.elements.map((element, i) => [String(i), value[i] as unknown, element] as const)
      : Object.entries(Object(value) as object).map(
          ([name, each]) => [name, each as unknown, at.member(name)] as const,
        );
    for (const [name, each, element] of inner) {
      if (element === undefined || typeof value === "string") continue;
      const path = find(each, element);
      if (path !== undefined) return path === "" ? name : `${name}.${path}`;
    }
    return undefined;
  };
  return find(JSON.parse(String(whole)), new JsonValue(whole)) ?? "nowhere";
}

const ONE = readClientCapabilities({
  adapterID: "x",
  supportsMemoryReferences: true,
  supportsANSIStyling: true,
});
const ZERO = readClientCapabilities({
  adapterID: "x",
  linesStartAt1: false,
  columnsStartAt1: false,
  pathFormat: "uri",
});
/** Of the two what differs in both directions. */
const moving = (capabilities: ClientCapabilities): ClientCapabilities => ({
  ...capabilities,
  memoryReferences: true,
  ansi: true,
});

/** The same conversion, done to the value at each place that was made. */
function converted({ value, places }: Made, of: Message): unknown {
  const copy = structuredClone(value);
  for (const [path, kind] of places) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    const owner = names.reduce<Record<string, unknown>>(
      (at, name) => at[name] as Record<string, unknown>,
      copy as Record<string, unknown>,
    );
    const now = owner[last];
    if (kind === "line" || kind === "column") owner[last] = Number(now) - 1;
    else if (kind === "path") owner[last] = `file://${String(now).replaceAll(" ", "%20")}`;
    else if (kind === "memory" && of === "body") delete owner[last];
    else if (kind === "styled") owner[last] = "x";
  }
  return copy;
}

describe("the places of DAP's messages", () => {
  test("the table is what the specification of today gives", () => {
    execFileSync(process.execPath, ["scripts/conventions.mjs", "--check"], { cwd: ROOT, stdio: "pipe" });
  });

  test("the specification was understood", () => {
    const withPlaces = (of: Message) =>
      MESSAGES.filter(({ of: each, members }) => each === of && members !== undefined).length;
    assert.ok(withPlaces("arguments") > 30 && withPlaces("body") > 30);
    assert.equal(bodyOf("StackTrace", false)?.get("stackFrames")?.type, "StackFrame[]");
    assert.equal(bodyOf("Output", true)?.get("data")?.type, "any");
  });

  const all = ["line", "column", "path", "memory", "styled"] as const;
  for (const { of, name, members } of MESSAGES) {
    if (members === undefined) continue;
    const message = commandOf(name);
    test(`${message}, ${of}: each is found, and nothing else`, () => {
      fc.assert(
        fc.property(choices, fc.subarray([...all]), (choose, some) => {
          const kinds = kindsIn(of, some);
          const made = madeOf(members, of === "arguments" ? `${name}Arguments` : name, choose);
          const json = Buffer.from(JSON.stringify(made.value, null, choose(3)));
          const places = new ConventionSpans(kinds);
          const found = of === "body" ? places.inBody(message, json) : places.inArguments(message, json);
          assert.deepEqual(
            found.map((place) => `${place.kind} ${pathOf(json, place)}`).sort(),
            [...made.places]
              .filter(([, kind]) => kinds.includes(kind))
              .map(([path, kind]) => `${kind} ${path}`)
              .sort(),
          );
        }),
        { numRuns: 25 },
      );
    });

    test(`${message}, ${of}: converted there, and back it is the same text`, () => {
      fc.assert(
        fc.property(choices, (choose) => {
          const made = madeOf(members, of === "arguments" ? `${name}Arguments` : name, choose);
          const json = Buffer.from(JSON.stringify(made.value, null, choose(3)));
          const convert = (
            client: ClientCapabilities,
            upstream: ClientCapabilities,
            text: Buffer,
            back = false,
          ): Buffer => {
            const conversion = conventionsBetween(client, upstream);
            assert.ok(conversion);
            return (of === "body") !== back
              ? conversion.toClient(message, text)
              : conversion.toAdapter(message, text);
          };
          const [client, adapter] = of === "body" ? [ZERO, ONE] : [ONE, ZERO];
          assert.deepEqual(JSON.parse(String(convert(client, adapter, json))), converted(made, of));
          const there = convert(moving(client), moving(adapter), json);
          // The other way it goes as the same kind of message, between two that are the other way round.
          assert.equal(String(convert(moving(adapter), moving(client), there)), String(json));
        }),
        { numRuns: 25 },
      );
    });
  }

  test("what an adapter calls as all objects call something is no message of DAP", () => {
    const json = Buffer.from(JSON.stringify(TRAP));
    for (const name of ["constructor", "__proto__", "toString", "aCustomRequest"]) {
      assert.deepEqual(new ConventionSpans(all).inBody(name, json), []);
      assert.deepEqual(new ConventionSpans(all).inArguments(name, json), []);
    }
  });
});
