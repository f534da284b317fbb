import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import { AppError } from "../../../src/common/errors.ts";
import { startAll } from "../../../src/vscode/startWithSession.ts";

describe("the servers of every session", () => {
  test("are started in their order, and what fails does not keep the others", async () => {
    const started: string[] = [];
    const failures = await startAll(
      ["tcp:port=1", "tcp:prot=2", "npipe:pipe=x", "tcp:port=3,password=zq7Kx", "tcp:port=4"],
      async (address) => {
        started.push(format(address));
        if (address.kind === "tcp" && address.ports.first === 1)
          throw new AppError("addressInUse", "Port 1 is taken.", { hint: "Choose another." });
      },
    );
    assert.deepEqual(started, ["tcp:port=1", "npipe:pipe=x", "tcp:port=4"]);
    assert.deepEqual(failures.slice(0, 2), [
      "tcp:port=1: Port 1 is taken. Choose another.",
      'Entry 2: Character 5: This is not a key of tcp. Did you mean "port"?',
    ]);
    assert.equal(failures.length, 3);
    assert.doesNotMatch(failures.join(), /zq7Kx/);
  });

  test("are none by default", async () => {
    assert.deepEqual(await startAll([], () => assert.fail()), []);
  });
});
