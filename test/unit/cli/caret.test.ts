import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseServer } from "../../../src/address/parse.ts";
import { renderFailure } from "../../../src/cli/caret.ts";

function rendered(text: string): string[] {
  const result = parseServer(text);
  assert.ok(!result.ok);
  return renderFailure(text, result).split("\n");
}

describe("a connection string that does not parse", () => {
  test("the line beneath points at the offending characters", () => {
    assert.deepEqual(rendered("tcp:prot=5005"), [
      "debug-server: This is not a key of tcp.",
      "  tcp:prot=5005",
      "      ^^^^",
      '  Did you mean "port"?',
    ]);
  });

  test("what is missing is pointed at where it belongs", () => {
    const [, text, caret] = rendered("tcp:hidden");
    assert.equal(text, "  tcp:hidden");
    assert.equal(caret, "            ^");
  });

  test("behind a password, the place is that in the masked text", () => {
    const [, text, caret] = rendered("tcp:password=geheim,prot=5");
    assert.equal(text, "  tcp:password=*,*");
    assert.equal(caret, "                 ^");
    const [, second, under] = rendered("tcp:password=geheim,port=70000");
    assert.equal(second, "  tcp:password=*,port=70000");
    assert.equal(under?.trimEnd().length, second?.length);
    assert.equal(under?.indexOf("^"), second?.indexOf("70000"));
  });

  test("within a password, the mask is pointed at", () => {
    const [, text, caret] = rendered('tcp:port=5,password="a"b');
    assert.equal(text, "  tcp:port=5,password=*");
    assert.equal(caret?.length, text?.length);
    assert.ok(caret?.endsWith("^"));
  });

  test("what cannot be printed is not; wide letters take two columns", () => {
    const [, text, caret] = rendered("tcp:port=5,\u001b[2Jx");
    assert.ok(!text?.includes("\u001b"));
    assert.equal(caret?.indexOf("^"), text?.indexOf("\ufffd"));
    assert.equal(rendered("tcp:name=漢字,prot=5")[2]?.indexOf("^"), "  tcp:".length);
    assert.equal(rendered("tcp:bind=漢字,port=x")[2]?.indexOf("^"), "  tcp:bind=____,port=".length);
  });
});
