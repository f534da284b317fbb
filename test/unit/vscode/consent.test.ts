import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerAddress } from "../../../src/address/model.ts";
import { parseServer } from "../../../src/address/parse.ts";
import { type Ask, Consent, isOpen, opensMore } from "../../../src/vscode/consent.ts";
import { format } from "../../../src/address/format.ts";

function address(text: string): ServerAddress {
  const parsed = parseServer(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}

/** A workspace's memory, and a person who answers with one choice after the other. */
function workspace(...answers: (string | undefined)[]) {
  const stored = new Map<string, unknown>();
  const questions: string[] = [];
  const state = {
    get: <T>(key: string) => structuredClone(stored.get(key)) as T,
    update: async (key: string, value: unknown) => void stored.set(key, structuredClone(value)),
  };
  const ask: Ask = (question) => {
    questions.push(question);
    return Promise.resolve(answers.shift());
  };
  // As of a window that opens: what is remembered is all that one knows of the last.
  return { questions, stored, consent: () => new Consent(state, ask) };
}

const SERVE = "serve your debug sessions";

describe("a workspace that wants to open servers", () => {
  test("is asked about once, with what it opens, and remembered", async () => {
    const { questions, consent } = workspace("Allow");
    const wanted = [address("tcp:port=5005,insecure")];
    assert.equal(await consent().allows(SERVE, wanted), true);
    assert.equal(await consent().allows(SERVE, wanted), true);
    assert.equal(questions.length, 1);
    assert.match(
      questions[0] ?? "",
      /^This workspace wants to serve your debug sessions: tcp:port=5005,insecure \(.*can join/,
    );
  });

  test("a refusal is remembered, too", async () => {
    const { questions, consent } = workspace("Not in This Workspace");
    assert.equal(await consent().allows(SERVE, [address("tcp:port=5005,insecure")]), false);
    assert.equal(await consent().allows(SERVE, [address("tcp:port=5005,insecure")]), false);
    assert.equal(questions.length, 1);
  });

  test("a question that is dismissed is a no, and comes again", async () => {
    const { questions, consent } = workspace(undefined, "Allow");
    assert.equal(await consent().allows(SERVE, [address("tcp:port=5005,insecure")]), false);
    assert.equal(await consent().allows(SERVE, [address("tcp:port=5005,insecure")]), true);
    assert.equal(questions.length, 2);
  });

  test("another value is asked about anew: a port, a right, a password, one more, another purpose", async () => {
    const values = [
      ["tcp:port=5005"],
      ["tcp:port=5006"],
      ["tcp:port=5005,access=full"],
      ["tcp:port=5005,password=abc"],
      ["tcp:port=5005,password=abd"],
      ["tcp:port=5005", "tcp:port=5006"],
    ];
    const { questions, stored, consent } = workspace(...values.map(() => "Allow"), undefined);
    for (const value of values) assert.equal(await consent().allows(SERVE, value.map(address)), true);
    assert.equal(await consent().allows("do something else", [address("tcp:port=5005")]), false);
    assert.equal(questions.length, values.length + 1);
    assert.doesNotMatch(questions.join() + JSON.stringify([...stored]), /ab[cd]\b/);
  });

  test("sessions that start together are asked about once", async () => {
    const { questions, consent } = workspace("Allow");
    const one = consent();
    const wanted = [address("tcp:port=5005,insecure")];
    assert.deepEqual(await Promise.all([one.allows(SERVE, wanted), one.allows(SERVE, wanted)]), [true, true]);
    assert.equal(questions.length, 1);
  });

  test("that wants nothing is not asked about", async () => {
    const { questions, consent } = workspace();
    assert.equal(await consent().allows(SERVE, []), true);
    assert.deepEqual(questions, []);
  });

  test("no markup of a workspace's reaches the question", async () => {
    const { questions, consent } = workspace("Allow");
    await consent().allows(SERVE, [address("npipe:pipe=[x](command:y)")]);
    assert.equal(questions.length, 1);
    assert.doesNotMatch(questions.join(), /\]\(command:/);
  });
});

describe("what a workspace's setting opens beyond the user's own", () => {
  const more = (texts: string[], own: string[]) => opensMore(texts, own).map((each) => format(each));
  test("all, where the user's own is empty", () => {
    assert.deepEqual(more(["tcp:port=5005", "npipe:pipe=x", "wrong"], []), ["tcp:port=5005", "npipe:pipe=x"]);
  });
  test("nothing that is the same, or gives less", () => {
    const own = ["tcp:port=5005,access=full", "tcp:port=5006,maxclients=5"];
    const texts = ["TCP:port=5005,access=full", "tcp:port=5005,access=view", "tcp:port=5006,maxclients=2"];
    assert.deepEqual(more(texts, own), []);
  });
  test("what gives more, or is elsewhere", () => {
    const texts = [
      "tcp:port=5005,access=full",
      "tcp:port=5005,insecure",
      "tcp:port=5005:5010",
      "tcp:port=5005,bind=0.0.0.0",
    ];
    assert.deepEqual(more(texts, ["tcp:port=5005"]).length, texts.length);
    assert.equal(more(["tcp:port=5006,maxclients=9"], ["tcp:port=5006,maxclients=5"]).length, 1);
  });
});

test("what is open is what lets in without proof, or calls another machine", () => {
  for (const text of [
    "tcp:port=1,insecure",
    "npipe:pipe=x,insecure",
    "tcp:port=1,clicon=box",
    "tcp:port=1,insecure,bind=::1",
  ])
    assert.equal(isOpen(address(text)), true, text);
  for (const text of [
    "tcp:port=1",
    "tcp:port=1,password=abc",
    "npipe:pipe=x",
    "tcp:port=1,clicon=localhost",
    "tcp:port=1,clicon=box,password=abc",
  ])
    assert.equal(isOpen(address(text)), false, text);
});
