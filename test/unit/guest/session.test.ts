import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { GuestChain, type Heard } from "./guestChain.ts";

/** From here on numbers towards the host are our own. */
const FIRST_OWN = 2 ** 40;
const INITIALIZE = {
  adapterID: "debug-server",
  supportsRunInTerminalRequest: true,
  supportsStartDebuggingRequest: true,
};
const ATTACH = { type: "debug-server", name: "Ann's", request: "attach", remote: "tcp:server=h,port=1" };

/** What came to an end, without the numbers towards the editor, which another test is about. */
function line({ by, message }: Heard): string {
  const { seq, ...rest } = message;
  const number = by === "editor" ? "" : Number(seq) >= FIRST_OWN ? "own " : `${String(seq)} `;
  return `${by} ${number}${JSON.stringify(rest)}`;
}

function stackOf(path: string): object {
  return { stackFrames: [{ id: 1, name: "f", line: 1, source: { name: "a.js", path } }] };
}

/** An editor that has joined. What has been said by then is not in `heard`. */
function joined(): GuestChain {
  const chain = new GuestChain();
  chain.join();
  const [initialize, attach] = [chain.ask("initialize", INITIALIZE), chain.ask("attach", ATTACH)];
  chain.answer(initialize, "initialize", {});
  chain.event("initialized");
  chain.answer(attach, "attach");
  chain.heard.splice(0);
  return chain;
}

function gate(chain: GuestChain): () => void {
  let open = () => {};
  chain.files.gate = new Promise<void>((resolve) => (open = resolve));
  return open;
}

describe("a guest's session, from the editor to the link and back", () => {
  test("each message that comes to either end, in order", async () => {
    const chain = new GuestChain();
    const said: string[] = [];
    chain.onHeard = (heard) => said.push(line(heard));
    const step = (name: string) => said.push(`- ${name}`);

    step("before there is a session");
    chain.ask("initialize", INITIALIZE);
    chain.ask("attach", ATTACH);
    step("joined");
    chain.join();
    chain.answer(1, "initialize", { supportsConfigurationDoneRequest: true });
    chain.event("initialized");
    step("a file that the host does not have");
    chain.disk.set("/ws/own.js", "own").set("/ws/a.js", "a");
    chain.files.has("/srv/a.js", "a");
    const open = gate(chain);
    chain.ask("setBreakpoints", { source: { path: "/ws/own.js" }, breakpoints: [{ line: 3 }] });
    chain.ask("configurationDone");
    chain.event("output", { category: "stdout", output: "while it is looked for" });
    await chain.settle();
    step("the host has looked for it");
    open();
    await chain.settle();
    chain.answer(4, "configurationDone");
    chain.answer(2, "attach");
    step("a stop, and what the host has prefetched");
    chain.event("stopped", { reason: "step", threadId: 1, allThreadsStopped: true });
    chain.ask("threads");
    chain.ask("source", { sourceReference: 5 });
    chain.push(
      ["threads", {}, { threads: [{ id: 1, name: "main" }] }],
      ["stackTrace", { threadId: 1, startFrame: 0, levels: 20 }, stackOf("/srv/a.js")],
      ["scopes", { frameId: 1 }, { scopes: [] }],
    );
    chain.ask("stackTrace", { threadId: 1, startFrame: 0, levels: 1 });
    await chain.settle();
    chain.ask("scopes", { frameId: 2 });
    chain.ask("stackTrace", { threadId: 1, format: { hex: true } });
    chain.answer(8, "scopes", { scopes: [{ name: "Local", variablesReference: 3, expensive: false }] });
    chain.answer(9, "stackTrace", stackOf("/srv/b.js"));
    await chain.settle();
    step("the host asks");
    chain.hostAsks("runInTerminal", { cwd: "/", args: ["id"] });
    chain.hostAsks("startDebugging", {
      request: "launch",
      configuration: { type: "evil", name: "child", debugServerSession: "2", adapter: ["sh"] },
    });
    const asked = chain.heard.at(-1)?.message;
    chain.reply(asked?.seq, "startDebugging");
    chain.reply(12345, "startDebugging");
    step("what no editor gets");
    chain.event("debugpyAttach", { connect: {} });
    chain.event("output", { category: "telemetry", output: "x" });
    chain.answer(99, "threads", { threads: [] });
    step("a refusal, and a step");
    const evaluate = chain.ask("evaluate", { expression: "1", context: "repl" });
    const error = { id: 7, format: "no {x}", variables: { x: "way" }, url: "http://h", sendTelemetry: true };
    chain.answer(evaluate, "evaluate", { error }, { success: false, message: "failed" });
    const next = chain.ask("next", { threadId: 1 });
    chain.answer(next, "next");
    chain.ask("cancel", { requestId: next });
    chain.event("continued", { threadId: 1 });
    chain.event("terminated", { restart: true });
    step("a notice, and the end");
    chain.notice("Reconnecting.");
    chain.end(new AppError("refused", "Ana has removed you."));
    chain.ask("threads");
    chain.ask("disconnect");
    assert.ok(chain.editor.closed);
    assert.equal(chain.gone, 1);
    assert.deepEqual(said, TRANSCRIPT);
  });

  test("numbers to the editor rise by one, ours between the host's; its answers find back", async () => {
    const chain = joined();
    chain.disk.set("/ws/own.js", "own");
    chain.event("stopped", { threadId: 1 });
    chain.push(["threads", {}, { threads: [] }]);
    chain.ask("threads");
    chain.ask("setBreakpoints", { source: { path: "/ws/own.js" }, breakpoints: [] });
    await chain.settle();
    chain.notice("Hello.");
    const invite = (id: string) =>
      chain.hostAsks("startDebugging", { configuration: { debugServerSession: id } });
    const numbers = [invite("2"), invite("3")];
    const shown = chain.editor.sent.slice(-2).map(({ seq }) => seq);
    for (const seq of shown.reverse()) chain.reply(seq, "startDebugging");
    assert.deepEqual(
      chain.host.sent.slice(-2).map(({ request_seq: seq }) => seq),
      numbers.reverse(),
    );
    chain.end();
    chain.ask("disconnect");
    assert.deepEqual(
      chain.editor.sent.map(({ seq }) => seq),
      chain.editor.sent.map((_, index) => index + 1),
    );
  });

  test("one that has left gets nothing any more, and what it had asked goes to the host first", async () => {
    const chain = joined();
    gate(chain);
    chain.disk.set("/ws/own.js", "own");
    chain.event("stopped", { threadId: 1 });
    chain.ask("threads");
    chain.ask("setBreakpoints", { source: { path: "/ws/own.js" }, breakpoints: [] });
    chain.ask("configurationDone");
    chain.event("output", { output: "x" });
    chain.heard.splice(0);
    chain.editor.end();
    await chain.settle();
    assert.ok(chain.host.closed);
    assert.equal(chain.gone, 1);
    // The configuration is no question, so what waited for prefetched answers goes before it.
    assert.deepEqual(
      chain.heard.map(({ by, message }) => `${by} ${String(message.command)}`),
      ["host threads", "host configurationDone"],
    );
  });
});

test("a message that is dropped counts as seen when those before it do", async () => {
  const chain = joined();
  const open = gate(chain);
  const before = chain.host.passedOn;
  const drop = () => chain.event("debugpyAttach", {});
  drop();
  assert.equal(chain.host.passedOn, before + 1);
  chain.answer(chain.ask("stackTrace", { threadId: 1 }), "stackTrace", stackOf("/srv/a.js"));
  drop();
  chain.hostAsks("runInTerminal");
  await chain.settle();
  assert.equal(chain.host.passedOn, before + 1);
  open();
  await chain.settle();
  assert.equal(chain.host.passedOn, before + 4);
});

test("an answer of the editor's overtakes none of its questions", async () => {
  const chain = joined();
  const open = gate(chain);
  chain.disk.set("/ws/own.js", "own");
  chain.hostAsks("startDebugging", { configuration: { debugServerSession: "2" } });
  const invitation = chain.heard.at(-1)?.message;
  chain.ask("breakpointLocations", { source: { path: "/ws/own.js" }, line: 1 });
  chain.ask("threads");
  chain.reply(invitation?.seq, "startDebugging");
  chain.ask("configurationDone");
  const toHost = () => chain.heard.filter(({ by }) => by === "host").map(({ message }) => message.command);
  await chain.settle();
  assert.deepEqual(toHost(), []);
  open();
  await chain.settle();
  assert.deepEqual(toHost(), ["threads", "startDebugging", "configurationDone"]);
});

describe("the end of a guest's session", () => {
  const says = (chain: GuestChain) =>
    chain.heard
      .filter(({ by }) => by === "editor")
      .map(({ message: { event, command, success } }) =>
        event === undefined ? `${String(command)} ${String(success)}` : event,
      );

  test("by the host while files are looked for: what came before is shown first", () => {
    const chain = joined();
    gate(chain);
    const seq = chain.ask("stackTrace", { threadId: 1 });
    chain.answer(seq, "stackTrace", stackOf("/srv/a.js"));
    chain.event("thread", { reason: "started", threadId: 2 });
    assert.deepEqual(says(chain), []);
    chain.end();
    assert.deepEqual(says(chain), ["stackTrace true", "thread", "terminated"]);
    chain.ask("threads");
    chain.ask("disconnect");
    assert.deepEqual(says(chain).slice(3), ["threads false", "disconnect true"]);
    assert.deepEqual([chain.gone, chain.editor.closed, chain.endpoint.failure], [1, true, undefined]);
  });

  test("by the host while prefetched answers are waited for", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const chain = joined();
    chain.event("stopped", { threadId: 1 });
    chain.ask("threads");
    chain.end();
    const { length } = chain.heard;
    t.mock.timers.tick(10_000);
    assert.equal(chain.heard.length, length);
    assert.deepEqual(says(chain), ["stopped", "terminated"]);
  });

  test("by a message that is none", () => {
    for (const text of [
      "{",
      '{"seq":1}',
      `{"seq":1,"type":"event","event":"output","body":${"[".repeat(600)}`,
    ]) {
      const chain = joined();
      chain.host.comeText(text);
      chain.event("stopped", { threadId: 1 });
      assert.deepEqual(says(chain), ["output", "terminated"]);
      assert.ok(chain.host.closed);
      assert.equal(chain.endpoint.failure?.code, "protocol");
    }
  });

  test("by the editor's disconnect", () => {
    const chain = joined();
    const seq = chain.ask("disconnect");
    chain.answer(seq, "disconnect");
    chain.end();
    assert.deepEqual(says(chain), ["disconnect true"]);
    assert.deepEqual([chain.gone, chain.editor.closed, chain.endpoint.failure], [1, true, undefined]);
  });

  test("by the editor's disconnect while the host is away", () => {
    const chain = joined();
    chain.isAway = true;
    const seq = chain.ask("threads");
    chain.ask("disconnect");
    assert.deepEqual(
      chain.heard.map(({ by, message }) => [by, message.command]),
      [
        ["host", "threads"],
        ["editor", "disconnect"],
      ],
    );
    assert.deepEqual([seq, chain.gone, chain.host.closed], [3, 1, true]);
  });

  test("before it was there: the reason answers what the editor has asked", () => {
    const chain = new GuestChain();
    chain.ask("initialize", INITIALIZE);
    chain.endpoint.refuse(new AppError("connectFailed", "No server is there."));
    chain.join();
    assert.deepEqual(says(chain), ["initialize false"]);
    assert.deepEqual([chain.gone, chain.host.closed, chain.host.started], [1, true, false]);
  });

  test("before it was there, by the editor", () => {
    const chain = new GuestChain();
    chain.ask("initialize", INITIALIZE);
    chain.editor.end();
    chain.join();
    assert.deepEqual([chain.heard, chain.host.closed, chain.host.started], [[], true, false]);
  });
});

// What comes to an end in which order, of whatever is said at either end in whatever order. With SEED=… the same again.
describe("model: what is said at one end comes to the other", () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const PREFETCHED = ["threads", "stackTrace", "scopes", "variables"];
  const DROPPED = ["debugpyAttach", "telemetry", "unasked"];

  test(`100 sessions, SEED=${seed}`, async () => {
    for (let session = 0; session < 100; session++) await runSession(seed + session);
  });

  async function runSession(from: number): Promise<void> {
    const random = randomFrom(from);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const chain = joined();
    let open = () => {};
    /** Questions of the editor's: what was shown by then, and who has answered. */
    const asked = new Map<number, { command: string; shown: number; atHost: boolean; answers: number }>();
    /** What the host has said that an editor gets, by a mark of ours, and what has been shown of it. */
    const said: unknown[] = [];
    const shown: unknown[] = [];
    const invitations: { host: number; editor: unknown; isAnswered: boolean }[] = [];
    let hostMessages = 0;
    let mark = 0;
    let lastSeq = 0;
    const mayOvertake = (name: string, other: string) =>
      PREFETCHED.includes(other) && [...PREFETCHED, "setBreakpoints", "evaluate"].includes(name);
    const fail = (why: string) => assert.fail(`SEED=${from}: ${why}`);

    chain.onHeard = ({ by, message, seen }) => {
      const { type, command, request_seq: requestSeq, seq } = message;
      if (by === "host") {
        if (type === "response" || Number(seq) >= FIRST_OWN) return;
        const question = asked.get(Number(seq));
        if (question === undefined) return fail(`the host was asked ${String(seq)} by no editor`);
        if (question.atHost) fail(`${String(command)} ${String(seq)} came twice`);
        if (question.answers > 0) fail(`${String(command)} ${String(seq)} was answered before`);
        question.atHost = true;
        // Only questions that waited for prefetched answers are overtaken, and by nothing that changes something.
        for (const [other, { atHost, command: name }] of asked)
          if (other > Number(seq) && atHost && !mayOvertake(name, question.command))
            fail(`${name} ${other} has overtaken ${question.command} ${String(seq)}`);
        if (!PREFETCHED.includes(question.command) && question.shown !== shown.length)
          fail(`${question.command} has seen more than its editor had`);
        return;
      }
      if (!(Number(seq) > lastSeq)) fail(`number ${String(seq)} after ${lastSeq}`);
      lastSeq = Number(seq);
      if (seen > hostMessages) fail("more is seen than was said");
      if (type === "request") {
        const invitation = invitations.find(({ editor }) => editor === undefined);
        if (invitation === undefined) return fail("the host has not invited");
        invitation.editor = seq;
      } else if (type === "response") {
        const question = asked.get(Number(requestSeq));
        if (question === undefined || question.command !== command)
          return fail(`an answer to ${String(command)} that was not asked`);
        if (++question.answers > 1) fail(`${String(command)} ${String(requestSeq)} was answered twice`);
      }
      const marked = JSON.stringify(message).match(/mark-(\d+)/)?.[1];
      if (marked !== undefined) shown.push(Number(marked));
    };

    const hostSays = (say: (mark: string) => void, isShown: boolean): void => {
      mark++;
      hostMessages++;
      if (isShown) said.push(mark);
      say(`mark-${mark}`);
    };
    const askAs = (command: string, args?: object): void => {
      // Before it is sent: what is asked may come to the host within the call.
      const next = 3 + asked.size + answered;
      asked.set(next, { command, shown: shown.length, atHost: false, answers: 0 });
      assert.equal(chain.ask(command, args), next);
    };
    let answered = 0;
    const waiting = () =>
      [...asked].filter(([, each]) => each.atHost && each.answers === 0 && !sent.has(each));
    const sent = new Set<object>();
    const answerOne = (): void => {
      const list = waiting();
      if (list.length === 0) return;
      const [seq, question] = pick(list);
      sent.add(question);
      const { command } = question;
      const file = pick(["/srv/a.js", "/srv/b.js", "/srv/c.js", "name"]);
      hostSays((text) => {
        if (random(5) === 0)
          chain.answer(seq, command, { error: { id: 1, format: text } }, { success: false });
        else chain.answer(seq, command, { ...stackOf(file), text });
      }, true);
    };

    chain.disk.set("/ws/a.js", "a").set("/ws/own.js", "own").set("/ws/d.js", "d");
    chain.files.roots.push("/srv");
    chain.files.has("/srv/a.js", "a", random(2) === 0);
    chain.files.has("/srv/d.js", "d", false);
    hostMessages = 3;
    for (let turn = 0; turn < 60; turn++) {
      switch (random(12)) {
        case 0:
          askAs("setBreakpoints", {
            source: { path: pick(["/ws/a.js", "/ws/own.js", "/ws/d.js", "/srv/x.js"]) },
            breakpoints: [{ line: 1 }],
          });
          break;
        case 1:
          askAs(pick(["next", "evaluate", "configurationDone", "cancel", "custom"]), { expression: "x" });
          break;
        case 2:
        case 3:
          askAs(...pick(QUESTIONS));
          break;
        case 4:
        case 5:
          answerOne();
          break;
        case 6:
          hostSays((text) => chain.event("output", { category: "stdout", output: text }), true);
          break;
        case 7:
          hostSays((text) => chain.event("stopped", { threadId: 1, reason: "step", text }), true);
          if (random(3) > 0) chain.push(...PUSH);
          break;
        case 8: {
          const source = { path: pick(["/srv/a.js", "/srv/b.js", "/srv/d.js"]) };
          hostSays(
            (text) => chain.event("loadedSource", { reason: "new", source: { ...source, name: text } }),
            true,
          );
          break;
        }
        case 9: {
          const kind = pick(DROPPED);
          hostSays((text) => {
            if (kind === "unasked") chain.answer(999_999, "threads", { text });
            else if (kind === "telemetry") chain.event("output", { category: kind, output: text });
            else chain.event(kind, { text });
          }, false);
          break;
        }
        case 10:
          if (random(2) === 0) {
            // Only so many are under way: the answer to one makes room for the next.
            const open = invitations.find(({ editor, isAnswered }) => editor !== undefined && !isAnswered);
            if (open !== undefined) {
              open.isAnswered = true;
              answered++;
              chain.reply(open.editor, "startDebugging");
            }
          } else if (invitations.every(({ isAnswered }) => isAnswered)) {
            hostMessages++;
            const invitation: (typeof invitations)[number] = {
              host: 0,
              editor: undefined,
              isAnswered: false,
            };
            invitations.push(invitation);
            invitation.host = chain.hostAsks("startDebugging", {
              configuration: { debugServerSession: `s${invitations.length}` },
            });
          }
          break;
        case 11:
          if (random(2) === 0) {
            open();
            open = gate(chain);
          } else await chain.settle();
      }
    }
    open();
    chain.files.gate = undefined;
    // A PUSH that never came is not waited for any longer than until something is changed.
    askAs("next", { threadId: 1 });
    await chain.settle();
    while (waiting().length > 0) answerOne();
    await chain.settle();

    assert.deepEqual(shown, said, `SEED=${from}: what the host says is shown, once and in order`);
    for (const [seq, { command, answers }] of asked)
      assert.equal(answers, 1, `SEED=${from}: ${command} ${seq} is answered`);
    for (const { host, isAnswered } of invitations)
      assert.equal(
        chain.host.sent.filter(({ type, request_seq: seq }) => type === "response" && seq === host).length,
        isAnswered ? 1 : 0,
        `SEED=${from}: the answer to startDebugging ${host}`,
      );
    const own = chain.host.sent.filter(({ seq, type }) => type === "request" && Number(seq) >= FIRST_OWN);
    for (const { command } of own) assert.equal(command, "setBreakpoints");
    assert.equal(chain.host.passedOn, hostMessages, `SEED=${from}: all counts as seen at last`);
  }

  const QUESTIONS: readonly (readonly [string, object])[] = [
    ["threads", {}],
    ["stackTrace", { threadId: 1, startFrame: 0, levels: 1 }],
    ["stackTrace", { threadId: 1, startFrame: 1, levels: 19 }],
    ["scopes", { frameId: 1 }],
    ["scopes", { frameId: 2 }],
    ["variables", { variablesReference: 9 }],
  ];
  const PUSH = [
    ["threads", {}, { threads: [] }],
    ["stackTrace", { threadId: 1, startFrame: 0, levels: 20 }, stackOf("/srv/a.js")],
    ["scopes", { frameId: 1 }, { scopes: [] }],
    ["variables", { variablesReference: 9 }, { variables: [] }],
  ] as const;
});

/** Numbers below a bound, always the same from the same seed (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const TRANSCRIPT: readonly string[] = [
  "- before there is a session",
  "- joined",
  'host 1 {"type":"request","command":"initialize","arguments":{"adapterID":"debug-server","supportsRunInTerminalRequest":false,"supportsStartDebuggingRequest":true}}',
  `host 2 {"type":"request","command":"attach","arguments":{"type":"debug-server","name":"Ann's","request":"attach","remote":"tcp:server=h,port=1"}}`,
  'editor {"type":"response","request_seq":1,"success":true,"command":"initialize","body":{"supportsConfigurationDoneRequest":true}}',
  'editor {"type":"event","event":"initialized"}',
  "- a file that the host does not have",
  "- the host has looked for it",
  'editor {"type":"response","request_seq":3,"success":true,"command":"setBreakpoints","body":{"breakpoints":[{"id":2000000000,"verified":false,"message":"The host has no file like this.","source":{"path":"/ws/own.js"},"line":3}]}}',
  'host 4 {"type":"request","command":"configurationDone"}',
  'editor {"type":"event","event":"output","body":{"category":"stdout","output":"while it is looked for"}}',
  'editor {"type":"response","request_seq":4,"success":true,"command":"configurationDone"}',
  'editor {"type":"response","request_seq":2,"success":true,"command":"attach"}',
  "- a stop, and what the host has prefetched",
  'editor {"type":"event","event":"stopped","body":{"reason":"step","threadId":1,"allThreadsStopped":true}}',
  'host 6 {"type":"request","command":"source","arguments":{"sourceReference":5}}',
  'editor {"type":"response","request_seq":5,"success":true,"command":"threads","body":{"threads":[{"id":1,"name":"main"}]}}',
  'editor {"type":"response","request_seq":7,"success":true,"command":"stackTrace","body":{"stackFrames":[{"id":1,"name":"f","line":1,"source":{"name":"a.js","path":"/ws/a.js"}}]}}',
  'host 8 {"type":"request","command":"scopes","arguments":{"frameId":2}}',
  'host 9 {"type":"request","command":"stackTrace","arguments":{"threadId":1,"format":{"hex":true}}}',
  'editor {"type":"response","request_seq":8,"success":true,"command":"scopes","body":{"scopes":[{"name":"Local","variablesReference":3,"expensive":false}]}}',
  'editor {"type":"response","request_seq":9,"success":true,"command":"stackTrace","body":{"stackFrames":[{"id":1,"name":"f","line":1,"source":{"name":"a.js","path":"debug-server://j1/srv/b.js"}}]}}',
  "- the host asks",
  'host own {"type":"response","request_seq":9,"success":false,"command":"runInTerminal","message":"notSupported","body":{"error":{"id":9002,"format":"A guest does nothing that its host asks for.","showUser":false}}}',
  'editor {"type":"request","command":"startDebugging","arguments":{"request":"attach","configuration":{"type":"debug-server","remote":"tcp:server=h,port=1","name":"child","request":"attach","debugServerSession":"2","debugServerDepth":1}}}',
  'host 10 {"type":"response","request_seq":10,"success":true,"command":"startDebugging"}',
  "- what no editor gets",
  "- a refusal, and a step",
  'host 12 {"type":"request","command":"evaluate","arguments":{"expression":"1","context":"repl"}}',
  'editor {"type":"response","request_seq":12,"success":false,"command":"evaluate","message":"failed","body":{"error":{"id":7,"format":"no way"}}}',
  'host 13 {"type":"request","command":"next","arguments":{"threadId":1}}',
  'editor {"type":"response","request_seq":13,"success":true,"command":"next"}',
  'host 14 {"type":"request","command":"cancel","arguments":{"requestId":13}}',
  'editor {"type":"event","event":"continued","body":{"threadId":1}}',
  'editor {"type":"event","event":"terminated"}',
  "- a notice, and the end",
  'editor {"type":"event","event":"output","body":{"category":"console","output":"Debug Server: Reconnecting.\\n"}}',
  'editor {"type":"event","event":"output","body":{"category":"important","output":"Debug Server: Ana has removed you.\\n"}}',
  'editor {"type":"response","request_seq":15,"success":false,"command":"threads","message":"refused","body":{"error":{"id":9012,"format":"Ana has removed you.","showUser":false}}}',
  'editor {"type":"response","request_seq":16,"success":true,"command":"disconnect"}',
];
