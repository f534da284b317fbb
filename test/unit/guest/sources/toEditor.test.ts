import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { AppError } from "../../../../src/common/errors.ts";
import { eventParts, responseParts } from "../../../../src/dap/messages.ts";
import { Editor, pathsOf, sourcesOf } from "./fakes.ts";

const URI = "debug-server://j1";

describe("where the host's files are for the editor", () => {
  test("the guest's own file with equal content, at the longest end of the path", async () => {
    const editor = new Editor();
    editor.host.has("/srv/app/src/main.js", "main");
    editor.disk.set("/ws/src/main.js", "main").set("/ws/main.js", "main");
    editor.stack("/srv/app/src/main.js");
    assert.deepEqual(pathsOf((await editor.until(1))[0]), ["/ws/src/main.js"]);
    assert.deepEqual(editor.differs, []);
    // It is not asked again.
    const asked = editor.host.asked.length;
    editor.stack("/srv/app/src/main.js", "/srv/app/src/main.js");
    assert.deepEqual(pathsOf(editor.got[1]), ["/ws/src/main.js", "/ws/src/main.js"]);
    assert.equal(editor.host.asked.length, asked);
  });

  test("in the guest's folder before the very same place, which may be the host's own file", async () => {
    const editor = new Editor();
    editor.host.has("/srv/app/main.js", "main");
    editor.disk.set("/ws/main.js", "main").set("/srv/app/main.js", "main");
    editor.stack("/srv/app/main.js");
    assert.deepEqual(pathsOf((await editor.until(1))[0]), ["/ws/main.js"]);
  });

  for (const acceptSamePath of [true, false]) {
    test(`the very same place counts if it may: ${acceptSamePath}`, async () => {
      const editor = new Editor({ acceptSamePath });
      editor.host.has("/srv/app/main.js", "main");
      editor.disk.set("/srv/app/main.js", "main");
      editor.stack("/srv/app/main.js");
      const path = acceptSamePath ? "/srv/app/main.js" : `${URI}/srv/app/main.js`;
      assert.deepEqual(pathsOf((await editor.until(1))[0]), [path]);
    });
  }

  test("served, without a question for each, if the guest has none", async () => {
    const editor = new Editor();
    const files = ["/srv/a.js", "/srv/b c#?%.js", "C:\\app\\ü.js", "\\\\box\\share\\d.js"];
    editor.stack(...files);
    const paths = pathsOf((await editor.until(1))[0]);
    assert.deepEqual(paths, [
      `${URI}/srv/a.js`,
      `${URI}/srv/b%20c%23%3F%25.js`,
      `${URI}/C:/app/%C3%BC.js?C%3A%5Capp%5C%C3%BC.js`,
      `${URI}/box/share/d.js?%5C%5Cbox%5Cshare%5Cd.js`,
    ]);
    const asked = editor.host.asked.length;
    editor.stack("/srv/e.js");
    assert.deepEqual(pathsOf((await editor.until(2))[1]), [`${URI}/srv/e.js`]);
    assert.equal(editor.host.asked.length, asked);
    // And back.
    for (const [i, path] of paths.entries()) {
      editor.request("setBreakpoints", { source: { name: "n", path }, breakpoints: [] });
      assert.deepEqual(editor.asked[i]?.arguments?.["source"], { name: "n", path: files[i] });
    }
  });

  test("a file that differs is said once and not shown", async () => {
    const editor = new Editor();
    editor.host.roots.push("/srv/app");
    editor.host.has("/srv/app/main.js", "theirs");
    editor.disk.set("/ws/main.js", "ours");
    editor.stack("/srv/app/main.js");
    const [said, stack] = await editor.until(2);
    assert.deepEqual(said?.body, {
      category: "important",
      output:
        "Debug Server: /ws/main.js is not the same as the host's /srv/app/main.js, so the host's is shown.\n",
    });
    assert.deepEqual(pathsOf(stack), [`${URI}/srv/app/main.js`]);
    editor.stack("/srv/app/main.js");
    assert.deepEqual(editor.differs, ["/srv/app/main.js /ws/main.js"]);
    assert.deepEqual(
      editor.got.map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  test("a file that only ends alike is nobody's business", async () => {
    const editor = new Editor();
    editor.host.roots.push("/srv/app");
    editor.host.has("/usr/lib/json/index.js", "library");
    editor.disk.set("/ws/index.js", "ours");
    editor.stack("/usr/lib/json/index.js");
    assert.deepEqual(pathsOf((await editor.until(1))[0]), [`${URI}/usr/lib/json/index.js`]);
    assert.deepEqual(editor.differs, []);
  });

  describe("by the user's word", () => {
    const mappings = [{ remoteRoot: "C:\\build", localRoot: "/home/me/app" }];

    test("if the contents are equal", async () => {
      const editor = new Editor({ mappings });
      editor.host.has("C:\\build\\src\\a.c", "a");
      editor.disk.set("/home/me/app/src/a.c", "a").set("/ws/src/a.c", "a");
      // A host on this machine cannot read such a path: it does not say what is there.
      editor.stack("c:\\build\\src\\a.c");
      assert.deepEqual(pathsOf((await editor.until(1))[0]), ["/home/me/app/src/a.c"]);
    });

    test("if the host has not named it, too", async () => {
      const editor = new Editor({ mappings: [{ remoteRoot: "/srv", localRoot: "/home/me/app" }] });
      editor.disk.set("/home/me/app/a.c", "a");
      editor.event("breakpoint", { reason: "new", breakpoint: { id: 1, source: { path: "/srv/a.c" } } });
      const [event] = await editor.until(1);
      assert.deepEqual(event?.body?.["breakpoint"], { id: 1, source: { path: "/home/me/app/a.c" } });
    });

    test("and then the very same place is not where to look", async () => {
      const editor = new Editor({ mappings: [{ remoteRoot: "/srv", localRoot: "/home/me/app" }] });
      editor.host.has("/srv/a.c", "a");
      editor.disk.set("/srv/a.c", "a");
      editor.stack("/srv/a.c");
      assert.deepEqual(pathsOf((await editor.until(1))[0]), [`${URI}/srv/a.c`]);
      assert.deepEqual(editor.differs, []);
    });

    test("but not if the host has other content", async () => {
      const editor = new Editor({ mappings: [{ remoteRoot: "/srv", localRoot: "/home/me/app" }] });
      editor.host.has("/srv/a.c", "theirs");
      editor.disk.set("/home/me/app/a.c", "ours");
      editor.stack("/srv/a.c");
      assert.deepEqual(pathsOf((await editor.until(2))[1]), [`${URI}/srv/a.c`]);
      assert.deepEqual(editor.differs, ["/srv/a.c /home/me/app/a.c"]);
    });
  });

  test("a file that is not named yet may be the guest's all the same", async () => {
    const editor = new Editor();
    editor.host.roots.push("/srv");
    editor.host.has("/srv/lib/a.js", "a", false);
    editor.host.has("/srv/lib/b.js", "b", false);
    editor.disk.set("/ws/lib/a.js", "a").set("/ws/lib/b.js", "other");
    const announce = (path: string) =>
      editor.event("breakpoint", { reason: "new", breakpoint: { source: { path } } });
    announce("/srv/lib/a.js");
    announce("/srv/lib/b.js");
    const paths = (await editor.until(2)).map(
      ({ body }) => (body?.["breakpoint"] as { source: { path: string } }).source.path,
    );
    assert.deepEqual(paths, ["/ws/lib/a.js", `${URI}/srv/lib/b.js`]);
  });

  test("what is no absolute path, what the host cannot read and what an old host says stays", async () => {
    const editor = new Editor();
    editor.disk.set("/srv/gone.js", "here");
    editor.host.named.add("1 /srv/gone.js");
    editor.stack("<node_internals>/x.js", "./nptl/a.c");
    editor.stack("/srv/gone.js");
    const [first, second] = await editor.until(2);
    assert.deepEqual(pathsOf(first), ["<node_internals>/x.js", "./nptl/a.c"]);
    assert.deepEqual(pathsOf(second), ["/srv/gone.js"]);

    const old = new Editor();
    old.host.knowsSources = false;
    old.disk.set("/ws/a.js", "a");
    old.stack("/srv/a.js", "/srv/b.js");
    old.stack("/srv/c.js");
    const stacks = await old.until(2);
    assert.deepEqual(stacks.flatMap(pathsOf), ["/srv/a.js", "/srv/b.js", "/srv/c.js"]);
  });

  test("what a source was made from is somewhere, too, and goes back with it", async () => {
    const editor = new Editor();
    editor.host.has("/srv/src/a.ts", "a");
    editor.disk.set("/ws/src/a.ts", "a");
    const source = { path: "/srv/out/a.js", sources: [{ path: "/srv/src/a.ts" }, { path: "/srv/src/b.ts" }] };
    editor.event("loadedSource", { reason: "new", source });
    const mapped = {
      path: `${URI}/srv/out/a.js`,
      sources: [{ path: "/ws/src/a.ts" }, { path: `${URI}/srv/src/b.ts` }],
    };
    assert.deepEqual((await editor.until(1))[0]?.body?.["source"], mapped);
    editor.request("setBreakpoints", { source: mapped, breakpoints: [] });
    assert.deepEqual(editor.asked[0]?.arguments?.["source"], source);
  });

  test("an editor that writes URIs reads them, too", async () => {
    const editor = new Editor();
    editor.request("initialize", { adapterID: "x", pathFormat: "uri" });
    editor.host.has("/srv/a b.js", "a");
    editor.disk.set("/ws/a b.js", "a");
    editor.stack("file:///srv/a%20b.js", "file:///C:/x.js");
    const [stack] = await editor.until(1);
    assert.deepEqual(pathsOf(stack), ["file:///ws/a%20b.js", `${URI}/C:/x.js?C%3A%5Cx.js`]);
    editor.request("setBreakpoints", { source: { path: "file:///ws/a%20b.js" }, breakpoints: [] });
    editor.request("setBreakpoints", { source: { path: `${URI}/C:/x.js?C%3A%5Cx.js` }, breakpoints: [] });
    assert.deepEqual(
      editor.asked.slice(1).map(({ arguments: args }) => args?.["source"]),
      [{ path: "file:///srv/a%20b.js" }, { path: "file:///C:/x.js" }],
    );
  });
});

/** What makes an editor load something, connect somewhere or open a device, if it opens it as a path. */
const ELSEWHERE = [
  "scp://box/x",
  "http://box/x.js",
  "vscode-vfs://github/x/y",
  "term://touch x",
  "command:workbench.action.terminal.new",
  "webpack:///a.js",
  "file://box/share/x.c",
  "\\\\box\\share\\x.c",
  "//box/share/x.c",
  "/\\box/share/x.c",
  "\\\\.\\COM1",
  "C:\\aux",
  "/ssh:box:/x.c",
  "/sudo::/etc/x",
];

describe("what leads an editor elsewhere", () => {
  for (const path of ELSEWHERE) {
    test(`is the host's to show, and the host's again on its way back: ${path}`, async () => {
      for (const knowsSources of [true, false]) {
        const editor = new Editor();
        editor.host.knowsSources = knowsSources;
        editor.stack(path);
        const [shown] = pathsOf((await editor.until(1))[0]) as string[];
        assert.match(shown ?? "", /^debug-server:\/\/j1\//);
        editor.request("setBreakpoints", { source: { path: shown }, breakpoints: [] });
        const fileUri = path.startsWith("file:") ? "\\\\box\\share\\x.c" : path;
        assert.deepEqual(editor.asked[0]?.arguments?.["source"], { path: fileUri });
      }
    });

    test(`is no name that an editor takes for a path: ${path}`, async () => {
      const editor = new Editor();
      editor.respond(1, "stackTrace", {
        stackFrames: [{ id: 1, name: "f", line: 1, source: { name: path } }],
      });
      const [source] = sourcesOf((await editor.until(1))[0]);
      assert.equal(source?.name, path);
      assert.match(source?.path ?? "", /^debug-server:/);
    });

    test(`is given by a reference: ${path}`, async () => {
      const editor = new Editor({ hostSources: { kind: "reference" } });
      editor.respond(1, "stackTrace", {
        stackFrames: [{ id: 1, name: "f", line: 1, source: { name: path } }],
      });
      const [source] = sourcesOf((await editor.until(1))[0]);
      assert.match(source?.path ?? "", /^debug-server:/);
      assert.ok((source?.sourceReference ?? 0) > 0);
    });
  }
});

describe("what a host learns of the guest's files", () => {
  test("is nothing of those outside of the guest's folders, whatever path it names", async () => {
    const out = [
      "/home/me/secret",
      "/ws/../home/me/secret",
      "/x/../../home/me/secret",
      "/ws/src/../../home/me/secret",
    ];
    const editor = new Editor({ mappings: [{ remoteRoot: "/srv", localRoot: "/ws" }] });
    editor.disk.set("/home/me/secret", "secret");
    for (const path of out) editor.disk.set(path, "secret");
    for (const path of [...out, "/srv/../home/me/secret"])
      editor.event("breakpoint", { reason: "new", breakpoint: { id: 1, source: { path } } });
    await editor.until(out.length + 1);
    await editor.settle();
    assert.deepEqual(
      editor.host.asked.filter((asked) => asked.includes("find")),
      [],
    );
  });

  test("dots in a path lead to no file outside of a folder that it was mapped to", async () => {
    const editor = new Editor({ mappings: [{ remoteRoot: "/srv", localRoot: "/home/me/app" }] });
    editor.disk.set("/home/me/app/../secret", "s").set("/home/me/secret", "s").set("/home/me/app/b/a.c", "a");
    editor.host.has("/srv/x/../b/a.c", "a");
    editor.host.has("/srv/../secret", "s");
    editor.stack("/srv/x/../b/a.c", "/srv/../secret");
    assert.deepEqual(pathsOf((await editor.until(1))[0]), ["/home/me/app/b/a.c", `${URI}/srv/../secret`]);
  });
});

describe("by references", () => {
  const referring = () => new Editor({ hostSources: { kind: "reference" } });

  test("the editor asks for the content and gets it from the host", async () => {
    const editor = referring();
    editor.host.has("/srv/a.js", "let a = 'ä';\n");
    editor.stack("/srv/a.js", "/srv/a.js");
    const [one, same] = sourcesOf((await editor.until(1))[0]);
    assert.equal(one?.path, "/srv/a.js");
    assert.equal(one?.sourceReference, same?.sourceReference);
    const { sourceReference } = one ?? {};
    const seq = editor.request("source", { source: { path: "/srv/a.js", sourceReference }, sourceReference });
    const [, answer] = await editor.until(2);
    assert.deepEqual(answer, {
      seq: 2,
      type: "response",
      request_seq: seq,
      success: true,
      command: "source",
      body: { content: "let a = 'ä';\n" },
    });
    editor.event("continued", { threadId: 1 });
    assert.equal(editor.got[2]?.seq, 3);
    assert.equal(editor.asked.length, 0);
    editor.request("setBreakpoints", { source: { sourceReference }, breakpoints: [{ line: 1 }] });
    assert.deepEqual(editor.asked[0]?.arguments?.["source"], { path: "/srv/a.js", sourceReference: 0 });
  });

  test("what cannot be read is refused with the host's words", async () => {
    const editor = referring();
    editor.event("breakpoint", { reason: "new", breakpoint: { source: { path: "/srv/a.js" } } });
    const [event] = await editor.until(1);
    const { source } = event?.body?.["breakpoint"] as { source: { sourceReference: number } };
    editor.request("source", { sourceReference: source.sourceReference });
    const [, answer] = await editor.until(2);
    assert.equal(answer?.success, false);
    assert.match(JSON.stringify(answer?.body), /has not come up in the debug session/);
  });

  test("a path at which the guest has another file is not given", async () => {
    const editor = referring();
    editor.host.has("/srv/a.js", "theirs");
    editor.disk.set("/srv/a.js", "ours");
    editor.stack("/srv/a.js");
    const [source] = sourcesOf((await editor.until(2))[1]);
    assert.equal(source?.path, "debug-server://host/srv/a.js");
    assert.ok((source?.sourceReference ?? 0) > 0);
    editor.request("setBreakpoints", { source: { path: source?.path }, breakpoints: [] });
    assert.deepEqual(editor.asked[0]?.arguments?.["source"], { path: "/srv/a.js" });
  });

  test("never collide with the adapter's", async () => {
    const editor = referring();
    const adapters = [7, 1_999_999_999, 2_000_000_000, 2_000_000_001, 2_147_483_647];
    editor.stack("/srv/a.js", "/srv/b.js");
    const ours = sourcesOf((await editor.until(1))[0]).map(({ sourceReference }) => sourceReference);
    const stackFrames = adapters.map((sourceReference) => ({
      source: { path: "/srv/a.js", sourceReference },
    }));
    editor.respond(1, "stackTrace", { stackFrames });
    const theirs = sourcesOf(editor.got[1]).map(({ sourceReference }) => sourceReference);
    assert.deepEqual(theirs.slice(0, 2), adapters.slice(0, 2));
    assert.equal(new Set([...ours, ...theirs]).size, ours.length + theirs.length);
    for (const [i, sourceReference] of theirs.entries()) {
      editor.request("source", { source: { sourceReference }, sourceReference });
      assert.deepEqual(editor.asked[i]?.arguments, {
        source: { sourceReference: adapters[i] },
        sourceReference: adapters[i],
      });
    }
  });
});

describe("order", () => {
  test("nothing overtakes a message that waits, in either direction", async () => {
    const editor = new Editor();
    let open = () => {};
    editor.host.gate = new Promise<void>((resolve) => (open = resolve));
    editor.event("stopped", { threadId: 1 });
    editor.stack("/srv/a.js");
    editor.event("output", { output: "after" });
    editor.disk.set("/ws/own.js", "own");
    editor.request("setBreakpoints", { source: { path: "/ws/own.js" }, breakpoints: [] });
    editor.request("configurationDone");
    await editor.settle();
    assert.deepEqual(
      editor.got.map(({ event }) => event),
      ["stopped"],
    );
    assert.deepEqual(editor.asked, []);
    assert.equal(editor.session.passedOn, 1);
    open();
    const got = await editor.until(4);
    assert.deepEqual(
      got.map(({ event, command }) => event ?? command),
      ["stopped", "setBreakpoints", "stackTrace", "output"],
    );
    assert.equal(editor.session.passedOn, 3);
    assert.deepEqual(
      editor.asked.map(({ command }) => command),
      ["configurationDone"],
    );
    assert.deepEqual(
      got.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
  });

  test("what the editor asks has seen no more than the editor had, however long it waits", async () => {
    const editor = new Editor();
    let open = () => {};
    editor.host.gate = new Promise<void>((resolve) => (open = resolve));
    editor.disk.set("/ws/own.js", "own");
    editor.request("setBreakpoints", { source: { path: "/ws/own.js" }, breakpoints: [] });
    editor.request("next", { threadId: 1 });
    editor.event("stopped", { threadId: 1 });
    await editor.settle();
    assert.equal(editor.session.passedOn, 0);
    open();
    await editor.until(2);
    assert.deepEqual(
      editor.asked.map(({ command }) => command),
      ["next"],
    );
    assert.equal(editor.session.passedOn, 1);
  });

  test("a host that does not answer in time holds nothing up; its answer counts when it comes", async () => {
    const editor = new Editor({ deadlineMs: 1 });
    let open = () => {};
    editor.host.gate = new Promise<void>((resolve) => (open = resolve));
    editor.host.has("/srv/a.js", "a");
    editor.disk.set("/ws/a.js", "a");
    editor.stack("/srv/a.js");
    assert.deepEqual(pathsOf((await editor.until(1))[0]), [`${URI}/srv/a.js`]);
    open();
    await editor.settle();
    editor.stack("/srv/a.js");
    assert.deepEqual(pathsOf(editor.got[1]), ["/ws/a.js"]);
  });

  test("too much to hold is not held", async () => {
    const editor = new Editor();
    editor.host.gate = new Promise<void>(() => {});
    editor.stack("/srv/a.js");
    editor.event("output", { output: "x".repeat(9 * 1024 * 1024) });
    assert.equal(editor.raw.length, 2);
  });

  test("the end comes last, and holds nobody up", () => {
    const editor = new Editor();
    editor.host.gate = new Promise<void>(() => {});
    editor.stack("/srv/a.js");
    assert.deepEqual(editor.raw, []);
    const reason = new AppError("refused", "Enough.");
    editor.session.closed.fire(reason);
    assert.equal(editor.raw.length, 1);
    assert.deepEqual(editor.closed, [reason]);
  });

  test("who has left gets nothing any more", async () => {
    const editor = new Editor();
    editor.stack("/srv/a.js");
    editor.port.close();
    assert.ok(editor.session.isClosed);
    await editor.settle();
    assert.deepEqual(editor.raw, []);
  });
});

describe("bytes", () => {
  const text = (message: object, spaced: boolean) =>
    Buffer.from(JSON.stringify(message, null, spaced ? 1 : 0));
  const anything = fc.dictionary(fc.string(), fc.jsonValue());

  test("property: what names no files passes unchanged, both ways", () => {
    const editor = new Editor();
    const message = fc.record({
      seq: fc.nat(),
      type: fc.constantFrom("request", "x"),
      command: fc.constantFrom("variables", "evaluate", "threads", "custom"),
      request_seq: fc.nat(),
      arguments: fc.dictionary(
        fc.string().filter((key) => key !== "source" && key !== "sourceReference"),
        fc.jsonValue(),
      ),
    });
    fc.assert(
      fc.property(
        message,
        fc.constantFrom("process", "stopped"),
        anything,
        fc.boolean(),
        (value, event, content, spaced) => {
          if ("source" in content) return;
          const body = text(content, spaced);
          editor.session.message.fire({ body: Buffer.concat(eventParts(1, event, body)) });
          assert.deepEqual(editor.raw.at(-1), Buffer.concat(eventParts(editor.raw.length, event, body)));
          const request = text(value, spaced);
          editor.port.send([request]);
          assert.deepEqual(editor.session.sent.at(-1), request);
        },
      ),
    );
  });

  test("property: whatever the editor sends, even what is no message; of the host nothing that is none", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const editor = new Editor();
        editor.port.send([bytes]);
        assert.deepEqual(editor.session.sent.at(-1), Buffer.from(bytes));
        editor.session.message.fire({ body: Buffer.from(bytes) });
        assert.deepEqual(editor.raw, []);
        assert.deepEqual(
          editor.closed.map((reason) => reason?.code),
          ["protocol"],
        );
      }),
    );
  });

  test("property: where a path is rewritten, everything else stays as it was written", async () => {
    const editor = new Editor();
    editor.host.has("/srv/a.js", "a");
    editor.stack("/srv/a.js");
    await editor.until(1);
    fc.assert(
      fc.property(anything, anything, fc.boolean(), (frame, source, spaced) => {
        const own = ["path", "sources", "sourceReference"];
        const rest = Object.fromEntries(Object.entries(source).filter(([key]) => !own.includes(key)));
        const body = (seq: number, path: string) =>
          Buffer.concat(
            responseParts(seq, 1, "stackTrace", {
              success: true,
              body: text({ stackFrames: [{ ...frame, source: { ...rest, path } }] }, spaced),
            }),
          );
        editor.ask(1, "stackTrace");
        editor.session.message.fire({ body: body(9, "/srv/a.js") });
        assert.deepEqual(editor.raw.at(-1), body(editor.raw.length, `${URI}/srv/a.js`));
      }),
    );
  });
});
