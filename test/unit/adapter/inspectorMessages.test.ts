import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { IdHider, InspectorMessages, hideInspectorIds } from "../../../src/adapter/inspectorMessages.ts";

const ID = "8fee40a2-357c-4d44-b151-5aa438effa6c";
const OTHER = "0123abcd-0000-4d44-b151-aaaaaaaaaaaa";
const URL = `ws://127.0.0.1:40963/${ID}`;
const HELP = "For help, see: https://nodejs.org/en/docs/inspector";
const NODE = [
  `Debugger listening on ${URL}`,
  HELP,
  "Debugger attached.",
  "Waiting for the debugger to disconnect...",
  `Debugger ending on ${URL}`,
  HELP,
];
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join("");

/** What is left of a program's stderr that comes in these pieces, and the URLs that were found. */
function read(pieces: readonly string[]): { text: string; urls: string[] } {
  const urls: string[] = [];
  const messages = new InspectorMessages((url) => urls.push(url));
  const text = pieces.map((piece) => messages.filter(piece)).join("") + messages.rest();
  return { text, urls };
}

function hide(pieces: readonly string[], ...known: string[]): string {
  const hider = new IdHider(new Set(known));
  return pieces.map((piece) => hider.write(piece)).join("") + hider.end();
}

/** The text in two pieces, in each way. */
function inTwo(text: string): string[][] {
  return Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);
}

describe("what Node's inspector prints", () => {
  test("is taken out of the program's stderr, wherever the pieces end, also with CRLF", () => {
    for (const end of ["\n", "\r\n"]) {
      const [listening = "", help = "", attached = "", waiting = "", ending = ""] = NODE.map(
        (line) => line + end,
      );
      const text = `${listening}${help}${attached}one\nDebugger\n${waiting}two\n${ending}${help}`;
      for (const pieces of inTwo(text))
        assert.deepEqual(read(pieces), { text: "one\nDebugger\ntwo\n", urls: [URL] });
      assert.deepEqual(read([...text]), { text: "one\nDebugger\ntwo\n", urls: [URL] });
    }
  });

  test("is taken as often as Node prints it: the same again is the program's", () => {
    const again = lines(...NODE.slice(0, 4), "For help, see: https://nodejs.org/api");
    assert.deepEqual(read([lines(...NODE), again]), { text: again, urls: [URL] });
  });

  test("what only looks like it is the program's", () => {
    for (const text of [
      lines("Debugger attached."),
      lines(HELP),
      "Debugger",
      "Debugger listening on ws://127.0.0.1:1",
      lines(`Debugger listening on ws://127.0.0.1:1/${ID}x`),
      lines(`Debugger listening on ws://127.0.0.1:123456/${ID}`),
      lines(`Debugger listening on ws://127.0.0.1:1@192.0.2.1:1/${ID}`),
      lines(`Debugger listening on ws://192.0.2.1:1/${ID}`),
      lines(`Debugger listening on wss://127.0.0.1:1/${ID}`),
      lines(`Debugger listening on ws://127.0.0.1:1/../${ID}`),
      lines(` Debugger listening on ${URL}`),
    ])
      for (const pieces of inTwo(text)) assert.deepEqual(read(pieces), { text, urls: [] }, text);
    const text = `at work: Debugger attached.\n${HELP}, please\n`;
    for (const pieces of inTwo(text)) assert.equal(read([lines(...NODE.slice(0, 2)), ...pieces]).text, text);
  });

  test("only the start of such a line is held back, and never much of it", () => {
    const messages = new InspectorMessages(() => {});
    for (const text of ["a", "Warning", "Debugger is", "\nDebugger listening on http", "\n", "Deb\n"])
      assert.equal(messages.filter(text), text);
    assert.equal(messages.filter("Debugger listening on ws://127.0.0.1:"), "");
    const long = "1".repeat(1000);
    assert.equal(messages.filter(long), `Debugger listening on ws://127.0.0.1:${long}`);
  });
});

describe("the id of an inspector", () => {
  const HIDDEN = "ws://127.0.0.1:40963/<hidden>";

  test("leaves in no output, wherever the pieces end", () => {
    for (const [text, expected] of [
      [`Debugger listening on ${URL}\n`, `Debugger listening on ${HIDDEN}\n`],
      [`Debugger listening on ${URL}\r\n`, `Debugger listening on ${HIDDEN}\r\n`],
      [`${URL} ${URL}`, `${HIDDEN} ${HIDDEN}`],
      [`${URL}${URL}`, `${HIDDEN}${HIDDEN}`],
      [`10 %Debugger ending on ${URL}20 %`, `10 %Debugger ending on ${HIDDEN}20 %`],
      [`WS://LOCALHOST:1/${ID.toUpperCase()}`, "WS://LOCALHOST:1/<hidden>"],
      [`'ws://[::1]:9229/${ID}'`, "'ws://[::1]:9229/<hidden>'"],
      [String.raw`"ws:\/\/127.0.0.1:9229\/${ID}"`, String.raw`"ws:\/\/127.0.0.1:9229\/<hidden>"`],
      [
        `devtools://x.html?v8only=true&ws=127.0.0.1:9229/${ID}`,
        "devtools://x.html?v8only=true&ws=127.0.0.1:9229/<hidden>",
      ],
      [encodeURIComponent(URL), encodeURIComponent("ws://127.0.0.1:40963/") + "<hidden>"],
    ] as const) {
      for (const pieces of [...inTwo(text), [...text]]) assert.equal(hide(pieces), expected);
      assert.equal(hideInspectorIds(text), expected);
    }
  });

  test("that is known, or that Node says, is hidden by itself, too", () => {
    const text = `{ href: '${URL}', pathname: '/${ID}' } ${ID.toUpperCase()}`;
    assert.equal(hide([text], ID), `{ href: '${HIDDEN}', pathname: '/<hidden>' } <hidden>`);
    assert.equal(hide([text]), `{ href: '${HIDDEN}', pathname: '/${ID}' } ${ID.toUpperCase()}`);
    assert.equal(
      hide([`Debugger listening on ${URL}\n`, `id ${ID}\n`]),
      `Debugger listening on ${HIDDEN}\nid <hidden>\n`,
    );
    // Of a known id by itself the first few letters may have been passed on.
    for (const pieces of inTwo(`id ${ID}, done`))
      assert.match(hide(pieces, ID), /^id [\da-f]{0,4}<hidden>, done$/);
  });

  test("most of it is hidden as well when the text ends there", () => {
    for (let length = 0; length < ID.length; length++) {
      const part = ID.slice(0, length);
      assert.equal(hide([`ws://127.0.0.1:1/${part}`]), `ws://127.0.0.1:1/${length > 8 ? "<hidden>" : part}`);
    }
  });

  test("nothing else is changed or held back", () => {
    for (const text of [
      `GET http://localhost:3000/${OTHER}`,
      `ws://localhost/${OTHER}`,
      `ws://localhost:80/chat/${OTHER}`,
      `ws://localhost:80/chat`,
      `ws://localhost:80/abc-`,
      `news=localhost:80/${OTHER}`,
      `request ${OTHER}`,
      "ws://127.0.0.1:9229/",
      "İ ws:// \u0000",
    ]) {
      const hider = new IdHider(new Set([ID]));
      assert.equal(hider.write(text), text);
      for (const pieces of inTwo(text)) assert.equal(hide(pieces, ID), text);
    }
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(..."ws:/=1af-\nİ \\%") })),
        (pieces) => hide(pieces, ID) === pieces.join(""),
      ),
    );
  });
});
