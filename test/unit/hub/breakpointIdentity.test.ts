import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonObject, isObject, objects } from "../../../src/dap/messages.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { CAPABILITIES, type FakeOptions, FakeUpstream } from "./fakeUpstream.ts";
import { type MemoryClient, VSCODE, connect, enter, settle } from "./memoryClient.ts";

const PATH = "/p/a.c";
const PLAIN = { adapterID: "fake", clientID: "other" };
const capabilities = { ...CAPABILITIES, supportsExceptionFilterOptions: true };

async function session(options: FakeOptions = {}) {
  const upstream = new FakeUpstream({ capabilities, ...options });
  const hub = new Hub(upstream);
  const join = (name: string, profile: JsonObject = PLAIN) => enter(connect(hub, name).client, profile);
  return { upstream, hub, join };
}

const list = (...breakpoints: JsonObject[]) => ({ source: { path: PATH }, breakpoints });
const told = (client: MemoryClient) =>
  client.events("breakpoint").map(({ reason, breakpoint }) => {
    assert.ok(isObject(breakpoint));
    return [reason, breakpoint.id, breakpoint.line];
  });

/** Two of one list at one place, of each kind. */
const TWICE: readonly (readonly [string, JsonObject])[] = [
  ["setBreakpoints", list({ line: 5, condition: "x" }, { line: 5, logMessage: "{y}" }, { line: 5 })],
  ["setBreakpoints", list({ line: 5 }, { line: 5 })],
  [
    "setFunctionBreakpoints",
    {
      breakpoints: [
        { name: "f", condition: "x" },
        { name: "f", hitCondition: "2" },
      ],
    },
  ],
  ["setDataBreakpoints", { breakpoints: [{ dataId: "d" }, { dataId: "d", condition: "x" }] }],
  [
    "setInstructionBreakpoints",
    {
      breakpoints: [
        { instructionReference: "0x10", condition: "x" },
        { instructionReference: "0x10", condition: "y" },
      ],
    },
  ],
  ["setExceptionBreakpoints", { filters: ["all"], filterOptions: [{ filterId: "all", condition: "x" }] }],
  [
    "setExceptionBreakpoints",
    {
      filters: [],
      filterOptions: [
        { filterId: "all", condition: "x" },
        { filterId: "all", condition: "y" },
      ],
    },
  ],
];

describe("n items of one list are n breakpoints", () => {
  for (const [command, args] of TWICE)
    test(`${command} ${JSON.stringify(args)}: of one client, and beside another's`, async () => {
      const { upstream, join } = await session();
      const a = await join("a");
      const text = JSON.stringify(args);
      await a.ok(command, text);
      assert.equal(upstream.last(command).raw, text);
      const b = await join("b");
      const empty =
        command === "setBreakpoints"
          ? list()
          : command === "setExceptionBreakpoints"
            ? { filters: [] }
            : { breakpoints: [] };
      await b.ok(command, empty);
      assert.deepEqual(upstream.last(command).args, wholly(command, args));
      await a.ok(command, empty);
      assert.deepEqual(upstream.last(command).args, empty);
    });

  /** With the deprecated `lines`, which we send beside. */
  function wholly(command: string, args: JsonObject): JsonObject {
    if (command !== "setBreakpoints") return args;
    return { ...args, lines: objects(args.breakpoints).map(({ line }) => line) };
  }

  test("one of them is changed, another taken away: the others stay as they are", async () => {
    const { upstream, join } = await session();
    const a = await join("a");
    const b = await join("b");
    await a.ok("setBreakpoints", list({ line: 5, condition: "x" }, { line: 5, condition: "y" }));
    const [first, second] = told(b).map(([, id]) => id);
    assert.notEqual(first, second);
    await a.ok("setBreakpoints", list({ line: 5, condition: "z" }, { line: 5, condition: "y" }));
    assert.deepEqual(upstream.breakpoints.get(PATH), [
      { line: 5, condition: "z" },
      { line: 5, condition: "y" },
    ]);
    assert.deepEqual(told(b).slice(2), [["changed", first, 5]]);
    await a.ok("setBreakpoints", list({ line: 5, condition: "y" }));
    assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 5, condition: "y" }]);
    assert.deepEqual(told(b).slice(3), [["removed", first, undefined]]);
  });

  test("an adapter that calls them by one id: another client tells them apart, and learns of either's end", async () => {
    const { upstream, join } = await session({ ids: "places" });
    const a = await join("a");
    const { breakpoints } = await a.ok(
      "setBreakpoints",
      list({ line: 5, condition: "x" }, { line: 5, condition: "y" }),
    );
    const [id, same] = objects(breakpoints).map((each) => each.id);
    assert.equal(id, same, "it gets the adapter's answer");
    const b = await join("b");
    const [one, other] = told(b).map((each) => each[1]);
    assert.notEqual(one, other);
    upstream.stop({ reason: "breakpoint", hitBreakpointIds: [id] });
    assert.deepEqual(b.events("stopped").at(-1)?.hitBreakpointIds, [one, other]);
    assert.deepEqual(a.events("stopped").at(-1)?.hitBreakpointIds, [id]);
    upstream.emit("breakpoint", { reason: "changed", breakpoint: { id, verified: true, line: 6 } });
    assert.deepEqual(told(a), [["changed", id, 6]]);
    await a.ok("setBreakpoints", list({ line: 5, condition: "y" }));
    assert.deepEqual(
      told(b).filter(([reason]) => reason === "removed"),
      [["removed", one, undefined]],
    );
  });
});

describe("another's breakpoint at the same place", () => {
  test("that a client was told of is that one, whatever its condition, and also where the adapter has moved it", async () => {
    for (const line of [5, 105]) {
      const { upstream, join } = await session({ moves: (asked) => asked + 100 });
      const a = await join("a");
      await a.ok("setBreakpoints", list({ line: 5, condition: "x" }));
      const b = await join("b");
      const [[, id] = []] = told(b);
      const { breakpoints } = await b.ok("setBreakpoints", list({ line, condition: "y" }));
      assert.equal(objects(breakpoints)[0]?.id, id);
      assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 5, condition: "y" }]);
      b.vanish();
      await settle();
      assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 5, condition: "x" }]);
    }
  });

  test("of two that it was told of it takes the one that it asks for, and leaves the other alone", async () => {
    const { upstream, join } = await session();
    const a = await join("a");
    await a.ok("setBreakpoints", list({ line: 5, condition: "x" }, { line: 5, condition: "y" }));
    const b = await join("b");
    await b.ok("setBreakpoints", list({ line: 5, condition: "y" }));
    assert.equal(upstream.breakpoints.get(PATH)?.length, 2);
    await b.ok("setBreakpoints", list());
    assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 5, condition: "x" }]);
  });

  test("that it could not know of is left as it is, and is the same where it says the same", async () => {
    const { upstream, hub, join } = await session();
    const a = await join("a");
    await a.ok("setBreakpoints", list({ line: 5, condition: "x" }, { line: 7 }));
    const late = connect(hub, "late").client;
    await late.ok("initialize", PLAIN);
    await late.ok("attach");
    await late.ok("setBreakpoints", list({ line: 5, condition: "y" }, { line: 7, condition: "" }));
    await late.ok("configurationDone");
    assert.deepEqual(upstream.breakpoints.get(PATH), [
      { line: 5, condition: "y" },
      { line: 7, condition: "" },
      { line: 5, condition: "x" },
    ]);
    assert.equal(told(late).length, 1);
    late.vanish();
    await settle();
    assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 5, condition: "x" }, { line: 7 }]);
  });

  test("VS Code keeps one for each place: the second lives beside its list, and comes into it when the first has gone", async () => {
    const { upstream, join } = await session();
    const a = await join("a");
    await a.ok("setBreakpoints", list({ line: 5, condition: "x" }, { line: 5, condition: "y" }));
    const vscode = await join("vscode", VSCODE);
    vscode.seen = () => vscode.messages.length;
    assert.deepEqual(told(vscode).length, 1);
    await vscode.ok("setBreakpoints", list({ line: 5 }, { line: 8 }));
    assert.equal(upstream.breakpoints.get(PATH)?.length, 3);
    await vscode.ok("setBreakpoints", list({ line: 8 }));
    assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 8 }, { line: 5, condition: "y" }]);
    assert.deepEqual(
      told(vscode).map(([reason]) => reason),
      ["new", "new"],
    );
    await vscode.ok("setBreakpoints", list({ line: 8 }, { line: 5 }));
    await vscode.ok("setBreakpoints", list({ line: 8 }));
    assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 8 }]);
  });
});

test("a list that takes away and one that sets again, sent in one go, are two lists", async () => {
  const { upstream, join } = await session();
  const a = await join("a");
  await a.ok("setBreakpoints", list({ line: 3 }));
  upstream.hold("setBreakpoints");
  const all = [list(), list({ line: 3 })].map((args) => a.ok("setBreakpoints", args));
  while (upstream.release());
  await Promise.all(all);
  assert.deepEqual(upstream.breakpoints.get(PATH), [{ line: 3 }]);
});

describe("a source", () => {
  const lineIn = (source: JsonObject, line: number) => ({ source, breakpoints: [{ line }] });
  const sent = (upstream: FakeUpstream) => {
    const { source, breakpoints } = upstream.last("setBreakpoints").args;
    return [source, objects(breakpoints).map(({ line }) => line)];
  };

  test("is another with another reference, whatever its path", async () => {
    const { upstream, join } = await session();
    const [a, b] = [await join("a"), await join("b")];
    const [one, other] = [
      { path: PATH, sourceReference: 7 },
      { path: PATH, sourceReference: 8 },
    ];
    await a.ok("setBreakpoints", lineIn(one, 3));
    await b.ok("setBreakpoints", lineIn(other, 4));
    assert.deepEqual(sent(upstream), [other, [4]]);
    await b.ok("setBreakpoints", lineIn({ path: PATH }, 5));
    assert.deepEqual(sent(upstream), [{ path: PATH }, [5]]);
    await b.ok("setBreakpoints", lineIn({ path: "/q/elsewhere", sourceReference: 7 }, 6));
    assert.deepEqual(sent(upstream)[1], [6, 3]);
  });

  for (const [one, other] of [
    ["c:\\x\\a.c", "C:\\x\\a.c"],
    ["c:\\x\\a.c", "C:/x/a.c"],
    ["file:///c:/x/a.c", "file:///C%3A/x/a.c"],
  ] as const)
    test(`is one in either spelling of a drive: ${one}, ${other}`, async () => {
      const { upstream, join } = await session();
      const [a, b] = [await join("a"), await join("b")];
      await a.ok("setBreakpoints", lineIn({ path: one }, 3));
      await b.ok("setBreakpoints", lineIn({ path: other }, 4));
      // The adapter hears one spelling as long as both are here.
      assert.deepEqual(sent(upstream), [{ path: one }, [4, 3]]);
      assert.deepEqual([told(a).length, told(b).length], [1, 1]);
      a.vanish();
      await settle();
      await b.ok("setBreakpoints", lineIn({ path: other }, 9));
      assert.deepEqual(sent(upstream), [{ path: other }, [9]]);
    });

  test("other letters are others", async () => {
    const { upstream, join } = await session();
    const [a, b] = [await join("a"), await join("b")];
    for (const [one, other] of [
      ["/p/a.c", "/P/a.c"],
      ["c:\\x", "d:\\x"],
      ["cc:\\x", "Cc:\\x"],
    ] as const) {
      await a.ok("setBreakpoints", lineIn({ path: one }, 3));
      await b.ok("setBreakpoints", lineIn({ path: other }, 4));
      assert.deepEqual(sent(upstream), [{ path: other }, [4]]);
    }
  });

  /** An adapter on a file system that takes both spellings for one file, and answers with one. */
  function oneFile(upstream: FakeUpstream, spelling: string): Map<string, unknown[]> {
    const inForce = new Map<string, unknown[]>();
    upstream.handlers.setBreakpoints = ({ source, breakpoints }) => {
      const path = isObject(source) ? String(source.path) : "";
      const real = path.toLowerCase() === spelling.toLowerCase() ? spelling : path;
      inForce.set(
        real,
        objects(breakpoints).map(({ line }) => line),
      );
      return {
        breakpoints: objects(breakpoints).map(({ line }, i) => ({
          id: i + 1,
          verified: true,
          line,
          source: { path: real },
        })),
      };
    };
    return inForce;
  }

  test("is one in other spellings that the adapter takes for one, whichever came first", async () => {
    for (const [one, other] of [
      ["/P/a.c", "/p/A.c"],
      ["/p/A.c", "/P/a.c"],
    ] as const) {
      const { upstream, join } = await session();
      const inForce = oneFile(upstream, "/p/A.c");
      const [a, b] = [await join("a"), await join("b")];
      await a.ok("setBreakpoints", lineIn({ path: one }, 3));
      await b.ok("setBreakpoints", lineIn({ path: other }, 4));
      assert.deepEqual(inForce.get("/p/A.c"), [4, 3]);
      assert.deepEqual([told(a).length, told(b).length], [1, 1]);
      await a.ok("setBreakpoints", { source: { path: one }, breakpoints: [] });
      assert.deepEqual(inForce.get("/p/A.c"), [4]);
    }
  });

  test("is the one with the reference that the adapter gives it", async () => {
    const { upstream, join } = await session();
    const [a, b] = [await join("a"), await join("b")];
    const source = { path: PATH, sourceReference: 7 };
    upstream.handlers.setBreakpoints = ({ breakpoints }) => ({
      breakpoints: objects(breakpoints).map(({ line }) => ({ verified: true, line, source })),
    });
    await a.ok("setBreakpoints", lineIn({ path: PATH }, 3));
    await b.ok("setBreakpoints", lineIn(source, 4));
    assert.deepEqual(sent(upstream)[1], [4, 3]);
  });

  test("stays another where the adapter has moved a breakpoint to the file that was made of it", async () => {
    const { upstream, join } = await session();
    const [a, b] = [await join("a"), await join("b")];
    upstream.handlers.setBreakpoints = ({ breakpoints }) => ({
      breakpoints: objects(breakpoints).map(() => ({
        verified: true,
        line: 30,
        source: { path: "/out/a.js" },
      })),
    });
    await a.ok("setBreakpoints", lineIn({ path: "/src/a.js" }, 3));
    await b.ok("setBreakpoints", lineIn({ path: "/out/a.js" }, 4));
    assert.deepEqual(sent(upstream), [{ path: "/out/a.js" }, [4]]);
  });
});
