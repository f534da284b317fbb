import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../../src/common/errors.ts";
import { checkParent, readPlan } from "../../../../src/vscode/guest/configuration.ts";

const ATTACH = { type: "debug-server", request: "attach", name: "Join" };
const LAUNCH = { type: "debug-server", request: "launch", name: "Serve", adapter: ["lldb-dap", "-v"] };

describe("what a configuration asks for", () => {
  test("to join", () => {
    const mapping = { localRoot: "/home/ana/app", remoteRoot: "/srv/app" };
    const plan = readPlan({ ...ATTACH, remote: "tcp:server=h,port=1", pathMappings: [mapping] });
    assert.equal(plan.kind, "join");
    assert.deepEqual(plan.pathMappings, [mapping]);
    assert.equal(plan.address.kind, "tcp");
  });

  test("to follow an invitation to a child session, whatever else its parent's configuration says", () => {
    const plan = readPlan({ ...LAUNCH, debugServerSession: "7" });
    assert.deepEqual(plan, { kind: "child", session: "7", pathMappings: [] });
  });

  test("to wrap an adapter: it gets its own configuration, named like ours unless it says otherwise", () => {
    const configuration = { request: "attach", pid: 7 };
    const plan = readPlan({ ...LAUNCH, configuration, server: ["tcp:port=0", "npipe:pipe=x"] });
    assert.equal(plan.kind, "wrap");
    assert.deepEqual(plan.command, ["lldb-dap", "-v"]);
    assert.equal(plan.request, "attach");
    assert.deepEqual(plan.configuration, { name: "Serve", request: "attach", pid: 7 });
    assert.deepEqual(
      plan.servers.map(({ kind }) => kind),
      ["tcp", "npipe"],
    );
  });
});

describe("a configuration that cannot be meant", () => {
  for (const [name, configuration, says] of [
    ["no remote", ATTACH, /"remote" is missing/],
    ["an empty remote", { ...ATTACH, remote: " " }, /"remote" is missing/],
    [
      "a remote with a mistake",
      { ...ATTACH, remote: "tcp:server=h,prot=1" },
      /"remote":.*Did you mean "port"/,
    ],
    ["a secret in a remote with a mistake", { ...ATTACH, remote: "tcp:password=geheim,x" }, /"remote"/],
    ["no adapter", { ...LAUNCH, adapter: [] }, /"adapter" must be the command/],
    ["an adapter as text", { ...LAUNCH, adapter: "lldb-dap" }, /"adapter" must be the command/],
    ["no inner configuration", LAUNCH, /"configuration" is missing/],
    ["a server as text", { ...LAUNCH, configuration: {}, server: "tcp:port=1" }, /"server" must be a list/],
    ["a server with a mistake", { ...LAUNCH, configuration: {}, server: ["tcp:prt=1"] }, /"server":/],
    ["mappings as object", { ...ATTACH, remote: "tcp:server=h,port=1", pathMappings: {} }, /must be a list/],
    [
      "half a mapping",
      { ...ATTACH, remote: "tcp:server=h,port=1", pathMappings: [{ localRoot: "/" }] },
      /"remoteRoot"/,
    ],
  ] as const) {
    test(name, () => {
      assert.throws(
        () => readPlan(configuration),
        (thrown: unknown) => {
          assert.ok(thrown instanceof AppError);
          assert.match(thrown.toLine(), says);
          assert.doesNotMatch(thrown.toLine(), /geheim/);
          return true;
        },
      );
    });
  }
});

describe("what a session may be that another one has started", () => {
  const plans = {
    join: readPlan({ ...ATTACH, remote: "tcp:server=h,port=1" }),
    child: readPlan({ ...ATTACH, debugServerSession: "2" }),
    wrap: readPlan({ ...LAUNCH, configuration: {} }),
  };
  for (const [kind, parent, allowed] of [
    ["join", undefined, true],
    ["join", "node", true],
    ["join", "debug-server", false],
    ["child", undefined, false],
    ["child", "node", false],
    ["child", "debug-server", true],
    ["wrap", undefined, true],
    ["wrap", "node", false],
    ["wrap", "debug-server", false],
  ] as const) {
    test(`${kind} by ${parent ?? "nobody"}: ${allowed ? "may be" : "is refused"}`, () => {
      const refusal = checkParent(plans[kind], parent);
      assert.equal(refusal?.code, allowed ? undefined : "notAllowed");
    });
  }
});
