import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Editor, type Message, pathsOf } from "./fakes.ts";

interface Answered {
  readonly breakpoints: readonly {
    readonly id: number;
    readonly verified: boolean;
    readonly message?: string;
  }[];
}

function list(path: string, ...lines: number[]) {
  return { source: { name: "n", path, adapterData: [1] }, breakpoints: lines.map((line) => ({ line })) };
}

const sourceOf = (message: Message | undefined) => message?.arguments?.["source"];
const breakpointsOf = (message: Message | undefined) => (message?.body as unknown as Answered).breakpoints;
const breakpointOf = (message: Message | undefined) => message?.body?.["breakpoint"];

/** A guest whose host has a copy of its file in the project's folder, and the one that runs elsewhere. */
function withCopies(): Editor {
  const editor = new Editor();
  editor.host.roots.push("/srv/app");
  editor.disk.set("/ws/src/a.js", "a");
  return editor;
}

describe("a file of the guest's that the host has", () => {
  for (const [name, setUp, hostPath] of [
    [
      "in the project's folder, though nobody has named it",
      (editor: Editor) => editor.host.has("/srv/app/src/a.js", "a", false),
      "/srv/app/src/a.js",
    ],
    [
      "there, where the guest's folder is a part of the host's",
      (editor: Editor) => {
        editor.disk.set("/home/me/packages/one/src/a.js", "one");
        editor.host.has("/srv/app/packages/one/src/a.js", "one", false);
        return "/home/me/packages/one/src/a.js";
      },
      "/srv/app/packages/one/src/a.js",
    ],
    [
      "at the very same place",
      (editor: Editor) => editor.host.has("/ws/src/a.js", "a", false),
      "/ws/src/a.js",
    ],
  ] as const) {
    test(name, async () => {
      const editor = withCopies();
      const localPath = setUp(editor) ?? "/ws/src/a.js";
      const args = { ...list(localPath, 3), sourceModified: false };
      editor.request("setBreakpoints", args);
      editor.request("configurationDone");
      await editor.settle();
      const [set, done] = editor.asked;
      assert.deepEqual(set, {
        seq: 1,
        type: "request",
        command: "setBreakpoints",
        arguments: { ...args, source: { ...args.source, path: hostPath } },
      });
      assert.equal(done?.command, "configurationDone");
      // The answer names the host's file, and it is the guest's.
      editor.respond(1, "setBreakpoints", {
        breakpoints: [{ id: 1, verified: true, source: { path: hostPath } }],
      });
      assert.deepEqual(breakpointsOf(editor.got[0]), [
        { id: 1, verified: true, source: { path: localPath } },
      ]);
    });
  }

  test("by the user's word", async () => {
    const editor = new Editor({ mappings: [{ remoteRoot: "C:\\app", localRoot: "/home/me" }] });
    editor.disk.set("/home/me/src/a.c", "a");
    editor.request("setBreakpoints", list("/home/me/src/a.c", 1));
    await editor.settle();
    assert.deepEqual(sourceOf(editor.asked[0]), { ...list("C:\\app\\src\\a.c").source });
  });

  test("whatever else asks about it", async () => {
    const editor = withCopies();
    editor.host.has("/srv/app/src/a.js", "a");
    for (const command of ["breakpointLocations", "gotoTargets", "evaluate", "getPreferredUILocation"])
      editor.request(command, { source: { path: "/ws/src/a.js" }, line: 1, expression: "n" });
    await editor.settle();
    assert.deepEqual(
      editor.asked.map(({ arguments: args }) => args),
      Array(4).fill({ source: { path: "/srv/app/src/a.js" }, line: 1, expression: "n" }),
    );
  });

  test("a file that is not here, and no file at all, go as they are", async () => {
    const editor = withCopies();
    for (const path of ["/srv/app/src/b.js", "<eval>", "untitled:1"])
      editor.request("setBreakpoints", list(path, 1));
    await editor.settle();
    assert.deepEqual(
      editor.asked.map((message) => (sourceOf(message) as { path: string }).path),
      ["/srv/app/src/b.js", "<eval>", "untitled:1"],
    );
  });

  test("who may not look for it is refused by the host itself, and an old host gets what it always got", async () => {
    for (const change of [
      (editor: Editor) => (editor.host.access = "view"),
      (editor: Editor) => (editor.host.knowsSources = false),
    ]) {
      const editor = withCopies();
      change(editor);
      editor.host.has("/srv/app/src/a.js", "a");
      editor.request("setBreakpoints", list("/ws/src/a.js", 1));
      await editor.settle();
      assert.deepEqual(editor.asked[0]?.arguments, list("/ws/src/a.js", 1));
      // It has been sent: when the file turns up, that is no news.
      editor.host.access = "control";
      editor.host.has("/run/src/a.js", "a");
      editor.stack("/run/src/a.js");
      await editor.until(1);
      assert.equal(editor.asked.length, 1);
    }
  });
});

describe("a file of the guest's that the host does not have", () => {
  test("nor does it have one that was served by another", async () => {
    const editor = withCopies();
    editor.request("setBreakpoints", list("debug-server://j2/srv/app/src/a.js", 3));
    const [set] = await editor.until(1);
    assert.equal(breakpointsOf(set)[0]?.verified, false);
    assert.deepEqual(editor.asked, []);
  });

  test("is not sent: its breakpoints are not verified, and there is nothing else to say of it", async () => {
    const editor = withCopies();
    editor.host.has("/srv/app/src/a.js", "other");
    editor.request("setBreakpoints", list("/ws/src/a.js", 3, 4));
    editor.request("breakpointLocations", { source: { path: "/ws/src/a.js" }, line: 1 });
    editor.request("gotoTargets", { source: { path: "/ws/src/a.js" }, line: 1 });
    editor.request("setBreakpoints", { source: { path: "/ws/src/a.js" }, lines: [7] });
    const [set, locations, targets, lines] = await editor.until(4);
    assert.deepEqual([set?.request_seq, set?.command, set?.success], [1, "setBreakpoints", true]);
    const message = "The host has no file like this.";
    const [one, two] = breakpointsOf(set);
    assert.deepEqual(one, {
      id: one?.id,
      verified: false,
      message,
      source: list("/ws/src/a.js").source,
      line: 3,
    });
    assert.notEqual(one?.id, two?.id);
    assert.deepEqual(locations?.body, { breakpoints: [] });
    assert.deepEqual(targets?.body, { targets: [] });
    assert.equal(breakpointsOf(lines).length, 1);
    assert.deepEqual(editor.asked, []);
  });

  test("when the host names it, they are set, and the editor is told by its own ids", async () => {
    const editor = withCopies();
    editor.request("setBreakpoints", list("/ws/src/a.js", 3, 4));
    const ids = breakpointsOf((await editor.until(1))[0]).map(({ id }) => id);
    editor.host.has("/run/src/a.js", "a");
    editor.event("loadedSource", { reason: "new", source: { path: "/run/src/a.js" } });
    await editor.until(2);
    const [set] = editor.asked;
    assert.deepEqual(set?.arguments, list("/run/src/a.js", 3, 4));
    assert.ok((set?.seq ?? 0) > 2 ** 31);
    const source = { path: "/run/src/a.js" };
    editor.respond(set?.seq ?? 0, "setBreakpoints", {
      breakpoints: [
        { id: 11, verified: true, line: 3, source },
        { id: 12, verified: false, message: "no code" },
      ],
    });
    const [, , first, second] = editor.got;
    assert.deepEqual(breakpointOf(first), {
      id: ids[0],
      verified: true,
      line: 3,
      source: { path: "/ws/src/a.js" },
    });
    assert.deepEqual(breakpointOf(second), { id: ids[1], verified: false, message: "no code" });
    // The host speaks of them by its own ids.
    editor.event("breakpoint", { reason: "changed", breakpoint: { id: 12, verified: true } });
    editor.event("stopped", { reason: "breakpoint", threadId: 1, hitBreakpointIds: [11, 99] });
    assert.deepEqual(breakpointOf(editor.got[4]), { id: ids[1], verified: true });
    assert.deepEqual(editor.got[5]?.body?.["hitBreakpointIds"], [ids[0], 99]);
    // From its next list on the editor knows the host's ids.
    const seq = editor.request("setBreakpoints", list("/ws/src/a.js", 3));
    assert.deepEqual(editor.asked[1]?.arguments, list("/run/src/a.js", 3));
    editor.respond(seq, "setBreakpoints", { breakpoints: [{ id: 11, verified: true }] });
    assert.deepEqual(breakpointsOf(editor.got[6]), [{ id: 11, verified: true }]);
    editor.event("stopped", { reason: "breakpoint", threadId: 1, hitBreakpointIds: [11] });
    assert.deepEqual(editor.got[7]?.body?.["hitBreakpointIds"], [11]);
    const numbers = editor.got.map(({ seq: number }) => number);
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((a, b) => a - b),
    );
  });

  test("a list that was taken back, or replaced, is not set", async () => {
    const editor = withCopies();
    editor.disk.set("/ws/src/b.js", "b");
    editor.request("setBreakpoints", list("/ws/src/a.js", 3));
    editor.request("setBreakpoints", list("/ws/src/b.js", 3));
    editor.request("setBreakpoints", list("/ws/src/a.js"));
    editor.request("setBreakpoints", list("/ws/src/b.js", 5));
    await editor.until(4);
    editor.host.has("/run/src/a.js", "a");
    editor.host.has("/run/src/b.js", "b");
    editor.stack("/run/src/a.js", "/run/src/b.js");
    assert.deepEqual(pathsOf((await editor.until(5))[4]), ["/ws/src/a.js", "/ws/src/b.js"]);
    assert.deepEqual(
      editor.asked.map(({ arguments: args }) => args),
      [list("/run/src/b.js", 5)],
    );
  });

  test("the newest list counts, also while the host looks for the file", async () => {
    const editor = withCopies();
    editor.request("setBreakpoints", list("/ws/src/a.js", 3));
    await editor.until(1);
    editor.host.has("/srv/app/src/a.js", "a", false);
    editor.request("setBreakpoints", list("/ws/src/a.js", 5));
    await editor.settle();
    assert.deepEqual(
      editor.asked.map(({ seq, arguments: args }) => [seq, args]),
      [[2, list("/srv/app/src/a.js", 5)]],
    );
  });

  test("a refusal of what we sent is told", async () => {
    const editor = withCopies();
    editor.request("setBreakpoints", list("/ws/src/a.js", 3));
    const [breakpoint] = breakpointsOf((await editor.until(1))[0]);
    editor.host.has("/run/src/a.js", "a");
    editor.stack("/run/src/a.js");
    await editor.until(2);
    editor.respond(editor.asked[0]?.seq ?? 0, "setBreakpoints", undefined, false);
    const told = breakpointOf(editor.got[2]);
    assert.deepEqual(told, { id: breakpoint?.id, verified: false, message: "The host did not take it." });
  });
});

test("a copy that was taken for the file that runs gives its breakpoints to that", async () => {
  const editor = withCopies();
  editor.host.has("/srv/app/src/a.js", "a", false);
  editor.request("setBreakpoints", list("/ws/src/a.js", 3));
  await editor.settle();
  editor.respond(1, "setBreakpoints", { breakpoints: [{ id: 5, verified: false }] });
  editor.host.has("/run/src/a.js", "a");
  editor.stack("/run/src/a.js");
  await editor.until(2);
  const [, clear, move] = editor.asked;
  assert.deepEqual(clear?.arguments, list("/srv/app/src/a.js"));
  assert.deepEqual(move?.arguments, list("/run/src/a.js", 3));
  editor.respond(clear?.seq ?? 0, "setBreakpoints", { breakpoints: [] });
  editor.respond(move?.seq ?? 0, "setBreakpoints", { breakpoints: [{ id: 8, verified: true }] });
  const [, , told, ...rest] = editor.got;
  assert.deepEqual(breakpointOf(told), { id: 5, verified: true });
  assert.deepEqual(rest, []);
});

test("a session that an attach asks for is the one whose files count", async () => {
  const editor = new Editor();
  editor.host.has("/srv/a.js", "a", true, "2");
  editor.disk.set("/ws/a.js", "a");
  editor.request("attach", { debugServerSession: "2" });
  editor.stack("/srv/a.js");
  assert.deepEqual(pathsOf((await editor.until(1))[0]), ["/ws/a.js"]);
});
