import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { format } from "../../../src/address/format.ts";
import { AppError } from "../../../src/common/errors.ts";
import { startAll } from "../../../src/vscode/startAll.ts";

describe("the servers of every session", () => {
  test("are started in their order, and what fails does not keep the others", async () => {
    const started: string[] = [];
    const failures = await startAll(
      ["tcp:port=1", "tcp:prot=2", "npipe:pipe=x", "tcp:port=3,password=zq7Kx", "tcp:port=4"],
      async (address) => {
        started.push(format(address));
        if (address.kind === "tcp" && [1, 3].includes(address.ports.first))
          throw new AppError("addressInUse", "The port is taken.", { hint: "Choose another." });
      },
    );
    assert.deepEqual(started, ["tcp:port=1", "npipe:pipe=x", "tcp:port=3,password=zq7Kx", "tcp:port=4"]);
    assert.deepEqual(failures, [
      "tcp:port=1: The port is taken. Choose another.",
      'Entry 2: Character 5: This is not a key of tcp. Did you mean "port"?',
      "tcp:port=3,Password=*: The port is taken. Choose another.",
    ]);
  });

  test("are none by default", async () => {
    assert.deepEqual(await startAll([], () => assert.fail()), []);
  });
});
