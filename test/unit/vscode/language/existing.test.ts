import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { completionsAt } from "../../../../src/address/complete.ts";
import { existingValues, ofServers } from "../../../../src/vscode/language/existing.ts";

const session = { name: "shop.js", type: "node" };

describe("what this machine has", () => {
  test("ports and pipes of its servers, as guests write them", () => {
    const existing = ofServers([
      { join: "tcp:server=localhost,port=5007", session },
      { join: "npipe:server=localhost,pipe=shop", session },
      { join: "of a later version", session },
    ]);
    const first = (text: string) => completionsAt(text, text.length, "client", existing)[0]?.label;
    assert.equal(first("tcp:server=localhost,port="), "5007");
    assert.equal(first("npipe:server=localhost,pipe="), "shop");
  });

  test("what cannot be listed is left out", async () => {
    const list = () => Promise.reject(new Error("no directory"));
    assert.equal(typeof (await existingValues({ list })), "object");
  });
});
