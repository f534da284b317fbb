import assert from "node:assert/strict";
import { test } from "node:test";
import { isOnDisk } from "../../../src/common/onDisk.ts";

const check = (platform: NodeJS.Platform, expected: boolean, files: readonly string[]) => {
  for (const file of files) assert.equal(isOnDisk(file, platform), expected, `${platform}: ${file}`);
};

test("on Windows what leads to another machine or to a device is not looked at", () => {
  check("win32", true, [
    "C:\\work\\a.js",
    "c:/work/a.js",
    "C:\\console\\com.js",
    "C:\\lpt10.c",
    "C:\\nullable.cs",
  ]);
  check("win32", false, [
    "\\\\192.0.2.1\\share\\a.js",
    "//192.0.2.1/share/a.js",
    "\\/192.0.2.1/share/a.js",
    "\\\\?\\UNC\\host\\share\\a.js",
    "\\\\?\\C:\\a.js",
    "\\\\.\\pipe\\x",
    "\\\\.\\PhysicalDrive0",
    "\\??\\C:\\a.js",
    "\\work\\a.js",
    "/work/a.js",
    "C:a.js",
    "a.js",
    "",
    "file://host/share/a.js",
    "C:\\NUL",
    "C:\\work\\con.js",
    "C:\\work\\COM1",
    "C:\\work\\com1:x",
    "C:\\work\\lpt². js",
    "C:\\aux \\a.js",
    "C:\\work\\CONIN$",
  ]);
});

test("elsewhere there is one root", () => {
  check("linux", true, ["/p/a.js", "//p/a.js", "/p/\\\\host\\a.js", "/p/con"]);
  check("linux", false, ["\\\\192.0.2.1\\share\\a.js", "C:\\a.js", "a.js", "./a.js", "", "smb://host/a.js"]);
});
