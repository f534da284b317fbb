import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { nullLogger } from "../../../src/common/logger.ts";
import { type Arrival, Door } from "../../../src/host/door.ts";
import { admission } from "../../../src/vscode/admission.ts";

const KIM: Arrival = { name: "Kim", address: "tcp 192.0.2.7:5000", kind: "guest", program: "Emacs" };

/** The person at the window: each question waits for the test to answer it. */
class Screen {
  readonly questions: string[] = [];
  readonly answers: ((choice: string | undefined) => void)[] = [];
  readonly told: string[] = [];
  readonly noted: string[] = [];
  readonly #admit = admission({
    ask: (question, choices) => {
      assert.deepEqual(choices, ["Allow", "Allow to View", "Deny"]);
      this.questions.push(question);
      return new Promise((resolve) => this.answers.push(resolve));
    },
    tell: (text) => this.told.push(text),
    note: (text) => this.noted.push(text),
  });

  door(questionMs?: number): Door {
    return new Door(this.#admit({ name: "Launch Program" }), "control", nullLogger, questionMs);
  }

  answer(index: number, choice: string | undefined): void {
    const answer = this.answers[index];
    assert.ok(answer !== undefined);
    answer(choice);
  }
}

const refused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
const stays = new AbortController().signal;

describe("the question whether somebody may join", () => {
  test("names them, and is answered by a right or a refusal", async () => {
    const screen = new Screen();
    const door = screen.door();
    const asked = [1, 2, 3, 4].map(() => door.ask(KIM, stays));
    for (const [index, choice] of ["Allow", "Allow to View", "Deny", undefined].entries())
      screen.answer(index, choice);
    assert.equal(screen.questions[0], "“Kim” (Emacs, tcp 192.0.2.7:5000) wants to join “Launch Program”.");
    assert.equal(await asked[0], "control");
    assert.equal(await asked[1], "view");
    await assert.rejects(asked[2] ?? Promise.resolve(), refused("refused"));
    await assert.rejects(asked[3] ?? Promise.resolve(), refused("refused"));
    assert.deepEqual([screen.told, screen.noted], [[], []]);
  });

  test("says of plain DAP what there is", async () => {
    const screen = new Screen();
    const door = screen.door();
    const both = [
      door.ask({ name: "Emacs", address: "tcp 127.0.0.1:5", kind: "dap" }, stays),
      door.ask({ name: "npipe x", address: "npipe x", kind: "dap" }, stays),
    ];
    assert.deepEqual(screen.questions, [
      "“Emacs” (tcp 127.0.0.1:5) wants to join “Launch Program”.",
      "“npipe x” wants to join “Launch Program”.",
    ]);
    for (const index of both.keys()) screen.answer(index, "Allow");
    await Promise.all(both);
  });

  test("differs from all others that are open, or VS Code would take one for the other", async () => {
    const screen = new Screen();
    const door = screen.door();
    const asked = [door.ask(KIM, stays), door.ask(KIM, stays), door.ask(KIM, stays)];
    assert.equal(new Set(screen.questions).size, 3);
    screen.answer(1, "Deny");
    await assert.rejects(asked[1] ?? Promise.resolve(), refused("refused"));
    asked.push(door.ask(KIM, stays));
    assert.equal(screen.questions[3], screen.questions[1]);
    for (const index of [0, 2, 3]) screen.answer(index, "Allow to View");
    assert.deepEqual(await Promise.all([asked[0], asked[2], asked[3]]), ["view", "view", "view"]);
  });

  test("that nobody answered lets nobody in any more, and says so to whoever still does", async () => {
    const screen = new Screen();
    await assert.rejects(screen.door(5).ask(KIM, stays), refused("timeout"));
    assert.deepEqual(screen.noted, ["Kim was not let in: nobody answered in time."]);
    // The same again takes the place of the one that is still on the screen.
    const again = screen.door().ask(KIM, stays);
    assert.equal(screen.questions[1], screen.questions[0]);
    screen.answer(0, undefined);
    screen.answer(1, "Allow");
    assert.equal(await again, "control");
    assert.deepEqual(screen.told, []);
  });

  test("is over when they have gone", async () => {
    const screen = new Screen();
    const gone = new AbortController();
    const asked = screen.door().ask(KIM, gone.signal);
    gone.abort();
    await assert.rejects(asked, refused("closed"));
    assert.deepEqual(screen.noted, ["Kim does not wait to be let in any more."]);
    screen.answer(0, "Allow");
    // The answer is heard in a later turn.
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(screen.told, ["Kim was not let in: your answer came too late."]);
  });

  test("shows a name that is an attack as what it is", async () => {
    const screen = new Screen();
    const asked = screen
      .door()
      .ask({ ...KIM, name: "[Kim](command:workbench.action.quit)", program: "$(verified)" }, stays);
    screen.answer(0, "Deny");
    await assert.rejects(asked, refused("refused"));
    assert.equal(
      screen.questions[0],
      "“[Kim] (command:workbench.action.quit)” ($ (verified), tcp 192.0.2.7:5000) wants to join “Launch Program”.",
    );
  });
});
