import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Client, fixture, lineOf, withClient } from "./client.ts";

const thread = { threadId: 1 };
const loop = lineOf("data.cjs", "loop");

async function valueOf(client: Client, expression: string): Promise<string> {
  const { id: frameId } = await client.topFrame();
  const body = await client.request<DebugProtocol.EvaluateResponse["body"]>("evaluate", {
    expression,
    frameId,
    context: "watch",
  });
  return body.result;
}

test("a breakpoint is verified, with its actual line, once its file is loaded", () =>
  withClient(async (client) => {
    // The line above the loop's body has code; the one before `const counter` has none.
    const empty = lineOf("data.cjs", "look") + 2;
    const [breakpoint] = await client.launch("data.cjs", { breakpoints: [{ line: empty }] });
    assert.equal(breakpoint?.verified, false);
    assert.equal(breakpoint?.line, empty);
    const { body } = await client.event<DebugProtocol.BreakpointEvent>("breakpoint");
    assert.equal(body.reason, "changed");
    assert.equal(body.breakpoint.id, breakpoint?.id);
    assert.equal(body.breakpoint.verified, true);
    assert.equal(body.breakpoint.line, empty + 1);
    assert.equal(body.breakpoint.source?.path, fixture("data.cjs"));
    await client.stopped("breakpoint");
    assert.equal((await client.topFrame()).line, empty + 1);
    // Now that the file is loaded the answer comes at once, and ids stay.
    const answer = await client.setBreakpoints("data.cjs", [{ line: loop }, { line: empty }]);
    assert.deepEqual(
      answer.breakpoints.map(({ verified, line, id }) => [verified, line, id === breakpoint?.id]),
      [
        [true, loop, false],
        [true, empty + 1, true],
      ],
    );
    const far = await client.setBreakpoints("data.cjs", [{ line: 9999 }]);
    assert.equal(far.breakpoints[0]?.verified, false);
    assert.match(far.breakpoints[0]?.message ?? "", /no code/);
  }));

test("breakpoints at the same place: one of them is", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", { launch: { stopOnEntry: true } });
    await client.stopped("entry");
    const { breakpoints } = await client.setBreakpoints("data.cjs", [{ line: loop }, { line: loop }]);
    assert.deepEqual(
      breakpoints.map(({ verified }) => verified),
      [true, false],
    );
    assert.match(breakpoints[1]?.message ?? "", /already exists/);
  }));

test("conditions", () =>
  withClient(async (client) => {
    await client.launch("data.cjs", {
      breakpoints: [
        { line: loop, condition: "i === 4" },
        { line: lineOf("data.cjs", "after"), condition: "nonsense.here" },
      ],
    });
    await client.stopped("breakpoint");
    assert.equal(await valueOf(client, "i"), "4");
    const { breakpoints } = await client.setBreakpoints("data.cjs", [{ line: loop, condition: "i ==" }]);
    assert.equal(breakpoints[0]?.verified, false);
    assert.match(breakpoints[0]?.message ?? "", /condition is wrong: Unexpected token/);
    await client.setBreakpoints("data.cjs", [
      { line: lineOf("data.cjs", "after"), condition: "nonsense.here" },
    ]);
    await client.request("continue", thread);
    const failed = await client.output("condition failed");
    assert.match(failed.body.output, /ReferenceError: nonsense is not defined/);
    await client.event("terminated");
    assert.equal(client.all("stopped").length, 1);
  }));

test("hit conditions", () =>
  withClient(async (client) => {
    const stops: string[] = [];
    await client.launch("data.cjs", { breakpoints: [{ line: loop, hitCondition: "3" }] });
    await client.stopped("breakpoint");
    stops.push(await valueOf(client, "i"));
    const change = async (hitCondition: string) => {
      const { breakpoints } = await client.setBreakpoints("data.cjs", [{ line: loop, hitCondition }]);
      return breakpoints[0];
    };
    // A new condition counts from 1 again.
    assert.equal((await change("% 2"))?.verified, true);
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    stops.push(await valueOf(client, "i"));
    await change(">= 4");
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    stops.push(await valueOf(client, "i"));
    assert.deepEqual(stops, ["2", "4", "8"]);
    const wrong = await change("often");
    assert.equal(wrong?.verified, false);
    assert.match(wrong?.message ?? "", /hit condition must be/);
  }));

test("log messages print and do not stop, also under a step", () =>
  withClient(async (client) => {
    const inside = lineOf("data.cjs", "block");
    await client.launch("data.cjs", {
      breakpoints: [
        { line: lineOf("data.cjs", "call") },
        { line: inside, logMessage: "at {label}: {point} {nested.deep.deeper} {missing.thing} {{a: 1}.a} {" },
        { line: loop, logMessage: "i={i}", condition: "i > 6", hitCondition: "2" },
        { line: 2, logMessage: "the first line" },
      ],
    });
    await client.stopped("breakpoint");
    await client.request("next", thread);
    await client.stopped("step");
    assert.equal((await client.topFrame()).line, lineOf("data.cjs", "after"), "the step got over it");
    const logged = await client.output("at first");
    assert.equal(logged.body.category, "console");
    assert.equal(logged.body.source?.path, fixture("data.cjs"));
    assert.equal(logged.body.line, inside);
    assert.equal(
      logged.body.output,
      "at first: Point {#secret: 42, x: 3, y: 4} {deepest: true} ReferenceError: missing is not defined 1 {\n",
    );
    await client.request("continue", thread);
    await client.event("terminated");
    const lines = client.text("console").split("\n");
    assert.ok(lines.includes("i=8"));
    assert.equal(lines.filter((line) => line.startsWith("i=")).length, 1);
    assert.ok(lines.includes("the first line"));
    assert.match(client.text("stdout"), /^sum \d+ 9\n$/, "the program's own output is as without them");
  }));

test("a wrong expression in a log message is said at once", () =>
  withClient(async (client) => {
    const [breakpoint] = await client.launch("data.cjs", {
      breakpoints: [{ line: loop, logMessage: "{1 +}" }],
    });
    assert.equal(breakpoint?.verified, false);
    assert.match(breakpoint?.message ?? "", /\{1 \+\} is wrong/);
  }));

test("breakpoint locations", () =>
  withClient(async (client) => {
    const forLine = loop - 1;
    const source = { path: fixture("data.cjs") };
    type Locations = DebugProtocol.BreakpointLocationsResponse["body"];
    await client.launch("data.cjs", { launch: { stopOnEntry: true } });
    await client.stopped("entry");
    const { breakpoints } = await client.request<Locations>("breakpointLocations", { source, line: forLine });
    assert.ok(breakpoints.length >= 2);
    assert.ok(
      breakpoints.every(({ line, column }) => line === forLine && column !== undefined && column >= 1),
    );
    const range = await client.request<Locations>("breakpointLocations", {
      source,
      line: forLine,
      column: breakpoints[1]?.column,
      endLine: forLine,
      endColumn: breakpoints[1]?.column,
    });
    assert.deepEqual(range.breakpoints, [breakpoints[1]]);
    const unknown = await client.request<Locations>("breakpointLocations", {
      source: { path: fixture("output.cjs") },
      line: 1,
    });
    assert.deepEqual(unknown.breakpoints, []);
    // A breakpoint at a column.
    const column = breakpoints[1]?.column;
    const set = await client.setBreakpoints("data.cjs", [{ line: forLine, column }]);
    assert.deepEqual([set.breakpoints[0]?.line, set.breakpoints[0]?.column], [forLine, column]);
    await client.request("continue", thread);
    await client.stopped("breakpoint");
    assert.equal((await client.topFrame()).column, column);
  }));

test("lines and columns from 0, and paths as URIs", () =>
  withClient(async (client) => {
    const uri = pathToFileURL(fixture("data.cjs")).href;
    await client.request("initialize", {
      adapterID: "test",
      linesStartAt1: false,
      columnsStartAt1: false,
      pathFormat: "uri",
    });
    await client.request("launch", { program: uri });
    await client.event("initialized");
    await client.request("setBreakpoints", { source: { path: uri }, breakpoints: [{ line: loop - 1 }] });
    await client.request("configurationDone");
    const { body } = await client.event<DebugProtocol.BreakpointEvent>("breakpoint");
    assert.equal(body.breakpoint.line, loop - 1);
    await client.stopped("breakpoint");
    const top = await client.topFrame();
    assert.equal(top.line, loop - 1);
    assert.equal(top.column, "  sum += ".length);
    assert.equal(top.source?.path, uri);
  }));

test("a file that is reached by a link", { skip: process.platform === "win32" }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "adapter-"));
  try {
    const link = join(directory, "link.cjs");
    symlinkSync(fixture("data.cjs"), link);
    await withClient(async (client) => {
      await client.request("initialize", { adapterID: "test" });
      await client.request("launch", { program: link });
      await client.request("setBreakpoints", { source: { path: link }, breakpoints: [{ line: loop }] });
      await client.request("configurationDone");
      await client.stopped("breakpoint");
      const answer = await client.request<DebugProtocol.SetBreakpointsResponse["body"]>("setBreakpoints", {
        source: { path: link },
        breakpoints: [],
      });
      assert.deepEqual(answer.breakpoints, []);
      await client.request("continue", thread);
      await client.event("terminated");
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("breakpoints that are set while the program runs", () =>
  withClient(async (client) => {
    await client.launch("forever.cjs");
    await client.output("ready");
    const line = lineOf("forever.cjs", "tick");
    const lists = [[{ line }], [], [{ line: lineOf("forever.cjs", "next") }]];
    const answers = await Promise.all(lists.map((list) => client.setBreakpoints("forever.cjs", list)));
    assert.deepEqual(
      answers.map(({ breakpoints }) => breakpoints.map((breakpoint) => breakpoint.line)),
      lists.map((list) => list.map((breakpoint) => breakpoint.line)),
    );
    // The last list counts. A stop that an earlier one led to is over with a continue.
    const stop = async () => {
      await client.stopped("breakpoint");
      const { line: stoppedAt } = await client.topFrame();
      await client.request("continue", thread);
      return stoppedAt;
    };
    while ((await stop()) !== lists[2]?.[0]?.line);
  }));

test("ECMAScript modules, from the first line on", () =>
  withClient(async (client) => {
    await client.launch("modules.mjs", { breakpoints: [{ line: lineOf("modules.mjs", "basename") }] });
    await client.stopped("breakpoint");
    assert.equal((await client.topFrame()).line, lineOf("modules.mjs", "basename"));
    assert.equal((await client.scope("Module")).get("name")?.value, "undefined");
    await client.request("continue", thread);
    await client.event("terminated");
    assert.equal(client.text("stdout"), "b.txt\n");
  }));

test("all exceptions", () =>
  withClient(async (client) => {
    await client.launch("throws.cjs", { filters: ["all"] });
    const first = await client.stopped("exception");
    assert.equal(first.body.text, "RangeError: risky: caught");
    assert.equal((await client.topFrame()).line, lineOf("throws.cjs", "throw"));
    type Info = DebugProtocol.ExceptionInfoResponse["body"];
    const caught = await client.request<Info>("exceptionInfo", thread);
    assert.equal(caught.breakMode, "always");
    await client.request("continue", thread);
    await client.stopped("exception");
    const uncaught = await client.request<Info>("exceptionInfo", thread);
    assert.equal(uncaught.exceptionId, "RangeError");
    assert.equal(uncaught.description, "RangeError: risky: uncaught");
    assert.equal(uncaught.breakMode, "unhandled");
    assert.match(uncaught.details?.stackTrace ?? "", /at risky .*throws\.cjs/);
    await client.request("continue", thread);
    assert.equal((await client.event<DebugProtocol.ExitedEvent>("exited")).body.exitCode, 1);
    assert.match(client.text("stderr"), /RangeError: risky: uncaught/);
  }));

test("uncaught exceptions", () =>
  withClient(async (client) => {
    await client.launch("throws.cjs", { filters: ["uncaught"] });
    const stopped = await client.stopped("exception");
    assert.equal(stopped.body.text, "RangeError: risky: uncaught");
    await client.request("setExceptionBreakpoints", { filters: [] });
    await client.request("continue", thread);
    await client.event("terminated");
    assert.equal(client.all("stopped").length, 1);
    await assert.rejects(
      client.request("setExceptionBreakpoints", { filters: ["some"] }),
      /no filter "some"/,
    );
  }));

test("no exceptions unless asked, and no information without one", () =>
  withClient(async (client) => {
    await client.launch("throws.cjs", { breakpoints: [{ line: lineOf("throws.cjs", "throw") }] });
    await client.stopped("breakpoint");
    await assert.rejects(client.request("exceptionInfo", thread), /not stopped by an exception/);
    await client.setBreakpoints("throws.cjs", []);
    await client.request("continue", thread);
    await client.event("terminated");
    assert.equal(client.all("stopped").length, 1);
  }));
