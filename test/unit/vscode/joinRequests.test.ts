import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import type { JoinRequest } from "../../../src/host/admissionPrompt.ts";
import { askAbout } from "../../../src/vscode/joinQuestions.ts";
import { JoinRequests } from "../../../src/vscode/joinRequests.ts";
import { pendingRow } from "../../../src/vscode/views/pendingRow.ts";

const KIM: JoinRequest = {
  name: "Kim",
  address: "tcp 192.0.2.7:5000",
  kind: "guest",
  program: "Emacs",
  peer: "tcp:192.0.2.7",
  most: "control",
};

const withdrawn = (code: "closed" | "timeout") => new AppError(code, "Gone.");

/** The window: what is on the screen now, and all that ever was. */
class Window {
  readonly requests = new JoinRequests();
  readonly texts: string[] = [];
  readonly noted: string[] = [];
  /** The button of each question that is on the screen, by its text. */
  readonly #buttons = new Map<string, { readonly label: string; readonly run: () => void }>();
  asked = 0;
  readonly #session = { name: "App" };

  constructor() {
    askAbout(this.requests, {
      ask: (no) => {
        this.asked++;
        let shown = "";
        const remove = () => {
          const at = this.texts.indexOf(shown);
          if (at >= 0) this.texts.splice(at, 1);
          this.#buttons.delete(shown);
        };
        return {
          update: (text) => {
            const at = this.texts.indexOf(shown);
            this.texts.splice(at < 0 ? this.texts.length : at, at < 0 ? 0 : 1, text);
            this.#buttons.delete(shown);
            this.#buttons.set(text, no);
            shown = text;
          },
          dispose: remove,
        };
      },
      note: (text) => this.noted.push(text),
    });
  }

  /** Somebody wants to join. */
  join(request: Partial<JoinRequest> = {}) {
    const gone = new AbortController();
    const outcome = this.requests
      .admit(this.#session)({ ...KIM, ...request }, { signal: gone.signal, extend: () => {} })
      .catch((error: unknown) => AppError.from(error).code);
    return { outcome, leave: (code: "closed" | "timeout" = "closed") => gone.abort(withdrawn(code)) };
  }

  /** Presses the button of a question that is on the screen. */
  refuse(text: string | undefined, label: string): void {
    const button = this.#buttons.get(text ?? "");
    assert.equal(button?.label, label);
    button.run();
  }

  /** Follows a link of the text, as VS Code does. */
  press(text: string | undefined, label: string): string {
    const [, command = "", query] =
      new RegExp(`\\[${label.replace(/[()]/g, "\\$&")}\\]\\(command:([\\w.]+)(?:\\?([^)]*))?\\)`).exec(
        text ?? "",
      ) ?? [];
    if (query === undefined) return command;
    const [argument] = JSON.parse(decodeURIComponent(query)) as [{ requests: number[] }];
    const answer = { "debugServer.allowControl": "full", "debugServer.allowView": "view" } as const;
    this.requests.answer(argument.requests, answer[command as keyof typeof answer]);
    return command;
  }
}

/** The text without its links. */
const plain = (text: string | undefined) => text?.replace(/\[([^\]]+)\]\(command:[^)]*\)/g, "[$1]");

describe("a question about a join request", () => {
  test("names who asks, in quotation marks, and is answered by a link", async () => {
    const window = new Window();
    for (const [label, outcome] of [
      ["Allow Control (runs code as you)", "full"],
      ["View Only", "view"],
      ["Deny", "refused"],
    ] as const) {
      const asked = window.join();
      assert.equal(
        plain(window.texts[0]),
        "“Kim” (tcp 192.0.2.7:5000, with “Emacs”) wants to join “App”. " +
          "[Allow Control (runs code as you)] · [View Only]",
      );
      if (label === "Deny") window.refuse(window.texts[0], label);
      else window.press(window.texts[0], label);
      assert.equal(await asked.outcome, outcome);
      assert.deepEqual(window.texts, []);
    }
    window.join({ most: "view" });
    assert.ok(plain(window.texts[0])?.endsWith("“App”. [View Only]"));
  });

  test("cannot be forged by a name", () => {
    const window = new Window();
    for (const [name, shown] of [
      ["ana@laptop (tcp 192.0.2.7) wants to join", "“ana@laptop (tcp 192.0.2.7) wants to join”"],
      ["Ana” (tcp 10.0.0.1) wants to join “App", "“Ana' (tcp 10.0.0.1) wants to join 'App”"],
      ['Ana" „x‟ ＂', "“Ana' 'x' '”"],
    ] as const) {
      window.join({ name, program: undefined });
      const [text] = window.texts;
      assert.ok(text?.startsWith(`${shown} (tcp 192.0.2.7:5000) wants to join “App”.`), name);
      window.refuse(text, "Deny");
    }
    const links =
      /\]\((?!command:debugServer\.(?:joinRequests|(?:allowControl|allowView)\?%5B%7B%22requests%22%3A%5B\d+%5D%7D%5D)\))/;
    window.join({ name: "[Kim](command:workbench.action.quit)", peer: "other" });
    for (const text of window.texts) assert.doesNotMatch(text, links);
  });

  test("goes when the one who asks has gone, and says so in passing", async () => {
    const window = new Window();
    const [one, other] = [window.join(), window.join()];
    one.leave();
    assert.equal(await one.outcome, "closed");
    other.leave("timeout");
    assert.equal(await other.outcome, "timeout");
    assert.deepEqual(window.texts, []);
    assert.deepEqual(window.requests.all, []);
    assert.deepEqual(window.noted, [
      "“Kim” cancelled the request to join.",
      "“Kim” did not join: nobody answered in time.",
    ]);
  });

  test("that was withdrawn lets nobody in any more", async () => {
    const window = new Window();
    const asked = window.join();
    const [text] = window.texts;
    asked.leave();
    window.press(text, "View Only");
    assert.equal(await asked.outcome, "closed");
  });
});

describe("questions about many join requests", () => {
  test("are two, and one that sums up the others: a class of 30 is in by three answers", async () => {
    const window = new Window();
    const asked = Array.from({ length: 30 }, (_, n) => window.join({ name: `Pupil ${n}` }));
    assert.equal(window.texts.length, 3);
    assert.equal(
      plain(window.texts[2]),
      "28 more ask to join. [Show…] · [Allow All Control (runs code as you)] · [All View Only]",
    );
    assert.equal(window.press(window.texts[2], "Show…"), "debugServer.joinRequests");
    window.press(window.texts[2], "Allow All Control (runs code as you)");
    assert.equal(window.texts.length, 2);
    for (const text of [...window.texts]) window.press(text, "View Only");
    assert.deepEqual(window.texts, []);
    const outcomes = await Promise.all(asked.map(({ outcome }) => outcome));
    assert.deepEqual(outcomes, [...Array<string>(2).fill("view"), ...Array<string>(28).fill("full")]);
  });

  test("hold for those who are counted, not for who comes while the host reads", async () => {
    const window = new Window();
    const asked = Array.from({ length: 5 }, () => window.join());
    const read = window.texts[2];
    const late = window.join();
    window.press(read, "Allow All Control (runs code as you)");
    assert.equal(await asked[3]?.outcome, "full");
    assert.equal(plain(window.texts[2])?.startsWith("1 more asks to join."), true);
    window.refuse(window.texts[2], "Deny All");
    assert.equal(window.texts.length, 2);
    assert.equal(await late.outcome, "refused");
  });

  test("stay as they are until they are answered, and peers take turns", () => {
    const window = new Window();
    const asked = Array.from({ length: 4 }, (_, n) => window.join({ name: `Mallory ${n}` }));
    const before = window.texts.slice(0, 2);
    const ana = window.join({ name: "Ana", peer: "tcp:192.0.2.8" });
    window.join({ name: "Ben", peer: "tcp:192.0.2.9" });
    assert.deepEqual(window.texts.slice(0, 2), before);
    const shown = () => window.texts.flatMap((text) => /^“([^”]+)”/.exec(text)?.[1] ?? []).sort();
    asked[0]?.leave();
    assert.deepEqual(shown(), ["Ana", "Mallory 1"]);
    ana.leave();
    assert.deepEqual(shown(), ["Ben", "Mallory 1"]);
    assert.equal(window.texts.length, 3);
  });

  test("do not pile up in a flood", () => {
    const window = new Window();
    for (let n = 0; n < 1000; n++) {
      const asked = window.join({ name: `Mallory ${n}` });
      assert.ok(window.texts.length <= 3);
      if (n % 3 !== 0) asked.leave();
    }
    assert.equal(window.texts.length, 3);
  });
});

test("a pending client's row says what its question says, and offers what the server gives", () => {
  const window = new Window();
  window.join();
  window.join({ most: "view", program: undefined });
  const [one, other] = window.requests.all.map(pendingRow);
  assert.equal(one?.presentation.label, "“Kim”");
  assert.equal(one.presentation.description, "wants to join · tcp 192.0.2.7:5000, with “Emacs”");
  assert.equal(one.presentation.context, "pending");
  assert.equal(other?.presentation.context, "pendingView");
  assert.ok(other !== undefined && "pending" in other && other.pending === window.requests.all[1]);
});
