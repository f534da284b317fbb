import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needsAdmissionPrompt } from "../../../../src/host/admissionPrompt.ts";
import { parseServer } from "../../../../src/address/parse.ts";
import { isReachable } from "../../../../src/host/joinAddresses.ts";
import { assertServable } from "../../../../src/transport/open.ts";
import { type Means, pipeName, startChoices } from "../../../../src/vscode/commands/startChoices.ts";

const MEANS: Means = {
  pipesInUse: new Set(),
  certificates: ["devbox"],
  devices: ["/dev/ttyUSB0"],
  platform: "linux",
};

describe("the ways to serve that the wizard offers", () => {
  test("can all be served; all without a password but the loud one ask the host first, and stay on this machine", () => {
    for (const name of ["Launch Program", "", "日本語", `"x", y=z`, "x".repeat(300)]) {
      for (const { server, insecure, needsPassword } of startChoices(name, {
        ...MEANS,
        certificates: ["a, b"],
      })) {
        if (server === undefined) continue;
        const parsed = parseServer(needsPassword ? `${server},password=x` : server);
        assert.ok(parsed.ok, server);
        assertServable(parsed.value);
        assert.equal(needsAdmissionPrompt(parsed.value), !insecure && !needsPassword);
        if (process.platform !== "win32") assert.equal(isReachable(parsed.value), insecure || needsPassword);
      }
    }
  });

  test("say what they do, the safest first, and what is not safe in so many words", () => {
    const choices = startChoices("Launch Program", MEANS);
    assert.deepEqual(
      choices.map(({ description }) => description),
      [
        "tcp:port=0",
        "npipe:pipe=launch-program",
        "tcp:port=0,password=…",
        "ssl:proto=tls1,certuser=devbox,port=0,password=…",
        "com:port=/dev/ttyUSB0,baud=115200,channel=0",
        "tcp:port=0,insecure",
        undefined,
      ],
    );
    assert.deepEqual(
      choices.map(({ detail, insecure }) => /not safe/i.test(detail) === insecure),
      choices.map(() => true),
    );
    assert.match(startChoices("x", { ...MEANS, platform: "win32" })[1]?.detail ?? "", /other machines/);
  });

  test("a pipe has a name that people recognise and that is free", () => {
    for (const [session, name] of [
      ["Launch Program", "launch-program"],
      ["  Python: src/main.py  ", "python-src-main-py"],
      ["Café Ünï", "cafe-uni"],
      ["日本語", "debug"],
      ["a".repeat(31) + " b c", "a".repeat(31)],
    ] as const)
      assert.equal(pipeName(session, new Set()), name);
    assert.equal(pipeName("x", new Set(["x", "x-2"])), "x-3");
    assert.equal(pipeName("x", new Set(["x-2"])), "x");
  });
});
