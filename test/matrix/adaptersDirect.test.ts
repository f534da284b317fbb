import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AdapterEntry,
  LLDB_DAP,
  type RunningAdapter,
  adapters,
  startAdapter,
} from "../support/adapters.ts";
import { DapClient } from "../support/dapClient.ts";
import { fixtures } from "../support/fixtures.ts";
import { fromFirstStop, goldenCompare } from "../support/golden.ts";
import { skipWithout } from "../support/parts.ts";
import {
  type ChildSession,
  begin,
  inspect,
  leave,
  runSession,
  setLines,
  whereNext,
} from "../support/scenario.ts";
import { emacsJoin, emacsRun } from "../support/emacs.ts";
import { type Target, coreDump, kernel, kernelAddress, liveProcess } from "../support/targets.ts";

/**
 * The standard session directly with each real adapter. It proves the fixtures, the client and the adapters; what
 * it records (UPDATE_GOLDEN=1) is what the same session through the hub is compared with.
 */
const ENTRIES: readonly AdapterEntry[] = Object.values(adapters);

/** Ten times in a row with REPEAT=10: a golden transcript that only mostly fits is worth nothing. */
const REPEAT = Number(process.env["REPEAT"] ?? 1);

for (const entry of ENTRIES) {
  test(
    `${entry.name}: the direct session equals its golden transcript`,
    { skip: skipWithout(...entry.parts) },
    async () => {
      for (let i = 0; i < REPEAT; i++) {
        const running = await startAdapter(entry);
        try {
          const session = await runSession(entry, (options) => running.connect(options));
          const options = { record: true, ports: running.port === undefined ? [] : [running.port] };
          goldenCompare(entry.golden, session.client.transcript, options);
          if (session.root) {
            goldenCompare(`${entry.golden}-root`, session.root.transcript, options);
            goldenCompare(`${entry.golden}-stopped`, fromFirstStop(session.client.transcript), options);
          }
        } finally {
          await running.dispose();
        }
      }
    },
  );
}

/** Starts the next child session that `parent` asks for, with breakpoints in both of the forking scripts. */
async function startChild(parent: DapClient, running: RunningAdapter): Promise<DapClient> {
  const { request, configuration } = (await parent.waitRequest("startDebugging")).arguments as ChildSession;
  const child = await running.connect({ onReverse: () => ({}) });
  const { started } = await begin(child, "pwa-node", request, configuration);
  for (const [{ source, line }, marker] of [
    [fixtures.javascriptParent, "parent"],
    [fixtures.javascriptChild, "child"],
  ] as const) {
    await setLines(child, source, [line(marker)]);
  }
  await child.request("configurationDone");
  assert.equal((await started).success, true);
  return child;
}

test(
  "js-debug: a forked process is a child session of its parent's",
  { skip: skipWithout("jsDebug") },
  async () => {
    const entry = adapters["js-debug"];
    const running = await startAdapter(entry);
    try {
      const root = await running.connect({ onReverse: () => ({}), checkSeq: true });
      const args = { ...entry.session.arguments, program: fixtures.javascriptParent.program };
      const { started } = await begin(root, entry.adapterID, "launch", args);
      await root.request("configurationDone");
      assert.equal((await started).success, true);
      const parent = await startChild(root, running);
      const child = await startChild(parent, running);
      for (const [client, { line }, marker] of [
        [child, fixtures.javascriptChild, "child"],
        [parent, fixtures.javascriptParent, "parent"],
      ] as const) {
        const { threadId, frames } = await inspect(client);
        assert.equal(frames[0]?.line, line(marker));
        await client.request("continue", { threadId });
      }
      for (const client of [child, parent, root]) await client.waitEvent("terminated");
      for (const client of [child, parent, root]) client.assertNoFaults();
    } finally {
      await running.dispose();
    }
  },
);

/** Attaches lldb-dap to a target, up to and including the response. */
async function attached(target: Target, during: (client: DapClient) => Promise<void>): Promise<void> {
  const client = DapClient.spawn(LLDB_DAP, [], { name: "lldb" });
  try {
    const { started } = await begin(client, "lldb-dap", "attach", target.attach);
    await client.request("configurationDone");
    assert.equal((await started).success, true);
    await during(client);
  } finally {
    await client.kill();
    await target.dispose();
  }
}

test(
  "a live process: attach by pid, breakpoint, leave it running",
  { skip: skipWithout("lldb") },
  async () => {
    const target = await liveProcess();
    await attached(target, async (client) => {
      const { threadId, frames } = await inspect(client);
      assert.ok(frames.some((frame) => frame.name === "main"));
      await setLines(client, fixtures.cLoop.source, [fixtures.cLoop.line("tick")]);
      await client.request("continue", { threadId });
      assert.equal((await whereNext(client, threadId)).line, fixtures.cLoop.line("tick"));
      await leave(client, false);
      assert.equal(target.process.exit, undefined, "the process lives on");
    });
  },
);

test("a core dump: the place of the crash", { skip: skipWithout("lldb", "gdb") }, async () => {
  await attached(await coreDump(), async (client) => {
    const { frames } = await inspect(client);
    assert.equal(frames[0]?.line, fixtures.cCrash.line("crash"));
    assert.equal(frames[1]?.line, fixtures.cCrash.line("call"));
  });
});

test(
  "a kernel in QEMU: to start_kernel and one instruction on",
  { skip: skipWithout("kernel") },
  async () => {
    await attached(await kernel(), async (client) => {
      const { threadId } = await inspect(client);
      await client.request("continue", { threadId });
      const top = await whereNext(client, threadId);
      assert.equal(top.instructionPointerReference, kernelAddress("start_kernel"));
      await client.request("next", { threadId, granularity: "instruction" });
      const after = await whereNext(client, threadId);
      assert.notEqual(after.instructionPointerReference, top.instructionPointerReference);
    });
  },
);

test("Emacs' dap-mode runs a whole session", { skip: skipWithout("emacs", "debugpy") }, async () => {
  const entry = adapters["debugpy-tcp"];
  const { arguments: configuration, fixture } = entry.session;
  const running = await startAdapter(entry);
  try {
    const port = running.port ?? 0;
    const line = fixture.line("square");
    assert.deepEqual(await emacsRun({ server: port, configuration, file: fixture.source, line }), [
      `stop square:${line}`,
      `frame square:${line}`,
      `frame main:${fixture.line("call")}`,
      "frame <module>:20",
      "variable n = 2",
      `step square:${line + 1}`,
      "terminated",
    ]);
  } finally {
    await running.dispose();
  }
});

test(
  "Emacs' dap-mode joins what is stopped, and leaves",
  { skip: skipWithout("emacs", "lldb") },
  async () => {
    const target = await liveProcess();
    const running = await startAdapter(adapters["lldb-tcp"]);
    try {
      const lines = await emacsJoin({ server: running.port ?? 0, configuration: target.attach });
      assert.ok(lines.some((line) => line.startsWith("frame main:")));
      assert.equal(lines.at(-1), "left");
      assert.equal(target.process.exit, undefined, "the process lives on");
    } finally {
      await running.dispose();
      await target.dispose();
    }
  },
);
