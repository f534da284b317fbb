import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cannotOpen, listSerialPorts, systemName } from "../../../../src/transport/serial/port.ts";

describe("why a serial port cannot be opened", () => {
  // The words of the package's native part, version 13, on Linux, macOS and Windows. /dev/null stands for a device.
  for (const [said, code, message] of [
    [
      "Error: No such file or directory, cannot open /dev/ttyUSB7",
      "notAvailable",
      /^There is no serial port/,
    ],
    ["Opening COM7: File not found", "notAvailable", /^There is no serial port/],
    ["Error Resource temporarily unavailable Cannot lock port", "addressInUse", /in use by another program/],
    ["Error: Resource busy, cannot open /dev/cu.usbserial", "addressInUse", /in use by another program/],
    ["Opening COM7: Access denied", "addressInUse", /in use by another program/],
    ["Error: Permission denied, cannot open /dev/ttyUSB7", "notAllowed", /This user may not use/],
    [
      "Error: Inappropriate ioctl for device setting custom baud rate of 9600",
      "notAvailable",
      /is no serial port/,
    ],
    ["Error: Invalid argument setting custom baud rate of 9600", "notAvailable", /does not do 9600 baud/],
    ["Something else", "notAvailable", /is no serial port that can be opened: Something else/],
  ] as const) {
    test(said, async () => {
      const error = await cannotOpen("/dev/null", "/dev/null", 9600, new Error(said));
      assert.deepEqual([error.code, message.test(error.message)], [code, true], error.toLine());
      assert.notEqual(error.hint, undefined);
    });
  }

  test("who may not is told the group to join", async () => {
    const error = await cannotOpen("/dev/tty", "/dev/tty", 9600, new Error("Error: Permission denied"));
    assert.match(error.hint ?? "", /^Join the group \w+: |^Only root may/);
  });
});

test("the ports that are listed are devices that could be opened, none twice", async () => {
  const paths = (await listSerialPorts()).map(({ path }) => path);
  assert.equal(new Set(paths).size, paths.length);
  for (const path of paths) assert.equal(systemName(path), path);
});
