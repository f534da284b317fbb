import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  fromFileUri,
  joinPath,
  moved,
  segmentsOf,
  segmentsWithin,
  withoutDots,
  toFileUri,
} from "../../../../src/guest/sources/paths.ts";
import { parseHostSourceUri, hostSourceUri } from "../../../../src/guest/sources/hostSourceUri.ts";

const name = fc
  .string({ minLength: 1 })
  .filter((text) => !/[/\\\0]/u.test(text) && text !== "." && text !== "..");
const posix = fc
  .array(fc.oneof(name, fc.constant("C:")), { minLength: 1, maxLength: 6 })
  .map((names) => `/${names.join("/")}`);
const windows = fc
  .tuple(
    fc.constantFrom("C:", "d:"),
    fc.array(name, { minLength: 1, maxLength: 6 }),
    fc.constantFrom("\\", "/"),
  )
  .map(([drive, names, separator]) => [drive, ...names].join(separator));
const unc = fc
  .array(fc.stringMatching(/^[a-z][a-z0-9 ü#?%]*$/u), { minLength: 3, maxLength: 6 })
  .map((names) => `\\\\${names.join("\\")}`);
const anyPath = fc.oneof(posix, windows, unc);

describe("paths of another machine", () => {
  test("are moved from folder to folder, each in its own way of writing", () => {
    assert.equal(moved("/srv/app/a.js", "/srv/app", "C:\\work"), "C:\\work\\a.js");
    assert.equal(moved("/srv/app/a.js", "/srv/app/", "/home/me/"), "/home/me/a.js");
    assert.equal(moved("c:\\Work\\src\\a.cs", "C:/work", "/home/me"), "/home/me/src/a.cs");
    assert.equal(moved("/srv/apple/a.js", "/srv/app", "/home/me"), undefined);
    assert.equal(moved("/Srv/app/a.js", "/srv/app", "/home/me"), undefined);
    assert.equal(moved("/srv/app", "/srv/app", "/home/me"), undefined);
    assert.equal(moved("/srv/app/a.js", "/", "/mnt/host"), "/mnt/host/srv/app/a.js");
    assert.equal(moved("C:\\srv\\a.js", "/srv", "/home"), undefined);
    assert.equal(moved("/srv/../etc/a.js", "/srv", "/home"), undefined);
    assert.equal(moved("/srv/x/../../etc/a.js", "/srv", "/home"), undefined);
    for (const name of ["..\\..\\secret", "D:", "a.js:stream"])
      assert.equal(moved(`/srv/${name}`, "/srv", "C:\\work"), undefined, name);
  });

  test("property: joined and taken apart again", () => {
    fc.assert(
      fc.property(anyPath, posix, (folder, rest) => {
        const segments = segmentsOf(rest);
        const path = joinPath(folder, segments);
        if (path !== undefined) assert.deepEqual(segmentsWithin(folder, path), withoutDots(segments));
        else assert.ok(segments.some((segment) => /[\\/:]/u.test(segment)));
      }),
    );
  });

  test("property: as a file: URI and back", () => {
    fc.assert(
      fc.property(fc.oneof(posix, unc), (path) => {
        // What looks like a drive is taken for one.
        fc.pre(!/^\/[a-z]:/iu.test(path));
        assert.equal(fromFileUri(toFileUri(path)), path);
      }),
    );
    assert.equal(toFileUri("C:\\a b\\c.cs"), "file:///C:/a%20b/c.cs");
    assert.equal(fromFileUri("file:///c%3A/a%20b/c.cs"), "c:\\a b\\c.cs");
    for (const text of ["/a", "file:/a", "http://x/a", "file:///%zz"])
      assert.equal(fromFileUri(text), undefined);
  });

  test("property: as a URI of ours and back, exactly, also if it was encoded anew", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        const uri = hostSourceUri({ joinId: "j1", path });
        assert.deepEqual(parseHostSourceUri(uri), { joinId: "j1", path });
        assert.deepEqual(parseHostSourceUri(new URL(uri).href), { joinId: "j1", path });
        // As VS Code writes URIs: more is encoded, and a drive has a small letter.
        const again = uri.replace(/[()'!*~:]/gu, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
        const coded = again
          .replace("debug-server%3a", "debug-server:")
          .replace(/^(debug-server:\/\/j1\/)C%3a/u, "$1c%3a");
        assert.deepEqual(parseHostSourceUri(coded), { joinId: "j1", path });
      }),
    );
    for (const uri of [
      "debug-server:/a",
      "debug-server://j1",
      "file:///a",
      "debug-server://j1/%zz",
      "debug-server://j1/?a",
    ])
      assert.equal(parseHostSourceUri(uri), undefined, uri);
  });
});
