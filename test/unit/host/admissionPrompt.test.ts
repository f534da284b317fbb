import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { lineLogger, nullLogger } from "../../../src/common/logger.ts";
import { AdmissionPrompt, needsAdmissionPrompt } from "../../../src/host/admissionPrompt.ts";
import { VirtualClock } from "../../support/virtualClock.ts";
import { Questions } from "../../support/questions.ts";

const ANA = { name: "Ana", address: "tcp 10.0.0.2:5000", kind: "dap", peer: "tcp:10.0.0.2" } as const;

type From = Parameters<AdmissionPrompt["ask"]>[0];

function prompt(access: "view" | "control" | "full" = "full", questionMs?: number) {
  const host = new Questions();
  const gone = new AbortController();
  const made = new AdmissionPrompt(host.admit, access, nullLogger, questionMs);
  return { host, gone, prompt: made, ask: (from: From = ANA) => made.ask(from, gone.signal) };
}

const code = (wanted: string) => (error: unknown) => error instanceof AppError && error.code === wanted;

describe("the admission prompt", () => {
  test("asks about those servers that anybody could enter unasked", () => {
    for (const [text, unlocked] of [
      ["tcp:port=1", true],
      ["tcp:port=1,access=view", true],
      ["npipe:pipe=x", true],
      ["tcp:port=1,insecure", false],
      ["tcp:port=1,password=geheim", false],
      ["ssl:proto=tls1,certuser=K,port=1", true],
      ["ssl:proto=tls1,certuser=K,port=1,clientcert=require", false],
    ] as const) {
      const parsed = parseServer(text);
      assert.ok(parsed.ok, text);
      assert.equal(needsAdmissionPrompt(parsed.value), unlocked, text);
    }
  });

  test("gives what the host says, but never more than the server has", async () => {
    for (const [server, said, gets] of [
      ["full", "full", "full"],
      ["full", "view", "view"],
      ["control", "full", "control"],
      ["view", "control", "view"],
    ] as const) {
      const { host, ask } = prompt(server);
      const asked = ask();
      (await host.next()).allow(said);
      assert.equal(await asked, gets);
    }
  });

  test("a refusal passes as it is; a failure without its words, which are in the log", async () => {
    const { host, ask } = prompt();
    const denied = ask();
    const reason = new AppError("refused", "Not now.");
    (await host.next()).deny(reason);
    await assert.rejects(denied, (error) => error === reason);

    const lines: string[] = [];
    const logger = lineLogger((line) => lines.push(line));
    const broken = new AdmissionPrompt(
      () => {
        throw new TypeError("secret");
      },
      "full",
      logger,
    );
    const failed = broken.ask(ANA, new AbortController().signal);
    await assert.rejects(failed, (error) => code("refused")(error) && !String(error).includes("secret"));
    assert.match(lines.join(), /secret/);
  });

  test("the host sees names that steer no screen and hide nothing", async () => {
    const { host, prompt: made, gone } = prompt();
    const name = `A\u202ena\u0000\u001b[2J\n\u200bB${"x".repeat(100)}`;
    void made.ask({ ...ANA, name, kind: "guest", program: "Emacs\u0007" }, gone.signal).catch(() => {});
    const { from } = await host.next();
    assert.equal(from.name, `Ana[2J B${"x".repeat(56)}`);
    assert.equal(from.program, "Emacs");
    gone.abort();
  });

  test("nobody answers: the time is over, and the question with it; an answer is too late then", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { host, ask } = prompt();
    const asked = ask();
    const question = await host.next();
    t.mock.timers.tick(LIMITS.questionMs - 1);
    assert.equal(question.wait.signal.aborted, false);
    t.mock.timers.tick(1);
    await assert.rejects(asked, code("timeout"));
    assert.equal((await question.withdrawn).code, "timeout");
    question.allow("full");
  });

  test("the host may take longer, and says so; but not for ever", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { host, prompt: made, gone } = prompt();
    const told: unknown[] = [];
    const asked = made.ask(ANA, gone.signal, (ms, message) => told.push([ms, message]));
    const question = await host.next();
    question.wait.extend(100_000, "A moment.");
    t.mock.timers.tick(99_999);
    assert.equal(question.wait.signal.aborted, false);
    question.wait.extend(Infinity);
    t.mock.timers.tick(10 * 60_000);
    await assert.rejects(asked, code("timeout"));
    question.wait.extend(5);
    assert.deepEqual(told, [
      [LIMITS.questionMs + 2_000, "The host is being asked."],
      [102_000, "A moment."],
      [600_000, undefined],
    ]);
  });

  test("who goes withdraws the question, also one who has gone before", async () => {
    const { host, gone, ask } = prompt();
    const asked = ask();
    const question = await host.next();
    gone.abort();
    await assert.rejects(asked, code("closed"));
    assert.equal((await question.withdrawn).code, "closed");
    await assert.rejects(ask(), code("closed"));
    assert.equal(host.asked, 1);
  });

  test("a whole class is asked about at a time, in any order of answers", async () => {
    const { host, ask } = prompt();
    const asked = Array.from({ length: 30 }, () => ask());
    const questions = await Promise.all(asked.map(() => host.next()));
    for (const question of questions.reverse()) question.allow("control");
    assert.deepEqual(await Promise.all(asked), Array(30).fill("control"));
  });

  test("where too many wait, the peer with the most of them gives way to others", async () => {
    const { host, prompt: made, ask } = prompt();
    const mallory = (n: number) => ({ ...ANA, name: `Mallory ${n}`, peer: "tcp:192.0.2.7" });
    const asked = Array.from({ length: LIMITS.questions }, (_, n) => ask(mallory(n)));
    for (const each of asked) each.catch(() => {});
    for (let n = 0; n < asked.length; n++) await host.next();
    await assert.rejects(ask(mallory(-1)), code("busy"));
    const ana = ask();
    await assert.rejects(asked.at(-1) ?? ana, code("busy"));
    (await host.next()).allow("view");
    assert.equal(await ana, "view");
    made.close();
  });

  test("a peer that comes and goes is asked about less and less often, and others as ever", async () => {
    const clock = new VirtualClock();
    const host = new Questions();
    const made = new AdmissionPrompt(host.admit, "full", nullLogger, LIMITS.questionMs, clock);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    // It leaves as soon as the host is asked, or after a millisecond; five seconds long.
    while (clock.now() < 5_000) {
      const gone = new AbortController();
      const before = host.asked;
      const asked = made.ask(ANA, gone.signal);
      while (host.asked === before && clock.now() < 5_000) {
        await turn();
        if (host.asked === before) clock.advance(100);
      }
      gone.abort();
      await assert.rejects(asked, code("closed"));
      clock.advance(1);
    }
    assert.ok(host.asked <= 6, `${host.asked} questions`);
    assert.equal(clock.waiting, 0);
    const before = host.asked;
    void made.ask({ ...ANA, peer: "tcp:10.0.0.3" }, new AbortController().signal).catch(() => {});
    await turn();
    assert.equal(host.asked, before + 1);
    made.close();
  });

  test("who leaves before the host is asked makes the pause no longer; an answer ends it", async () => {
    const clock = new VirtualClock();
    const host = new Questions();
    const made = new AdmissionPrompt(host.admit, "full", nullLogger, LIMITS.questionMs, clock);
    const stays = new AbortController().signal;
    for (let n = 0; n < 4; n++) {
      const asked = made.ask(ANA, stays);
      if (n === 3) clock.advance(1_000);
      (await host.next()).deny(new AppError("refused", "No."));
      await assert.rejects(asked, code("refused"));
    }
    for (let n = 0; n < 50; n++) {
      const gone = new AbortController();
      const asked = made.ask(ANA, gone.signal);
      gone.abort();
      await assert.rejects(asked, code("closed"));
    }
    const asked = made.ask(ANA, stays);
    clock.advance(2_000);
    (await host.next()).allow("view");
    assert.equal(await asked, "view");
    void made.ask(ANA, stays).catch(() => {});
    await host.next();
    made.close();
  });

  test("an end of the server answers all questions", async () => {
    const { host, prompt: made, ask } = prompt();
    const asked = ask();
    const question = await host.next();
    const reason = new AppError("closed", "Over.");
    made.close(reason);
    await assert.rejects(asked, (error) => error === reason);
    assert.equal(await question.withdrawn, reason);
    await assert.rejects(ask(), (error) => error === reason);
  });
});
