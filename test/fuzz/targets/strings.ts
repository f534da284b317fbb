import assert from "node:assert/strict";
import { findClearPassword } from "../../../src/address/clearPassword.ts";
import { completionsAt } from "../../../src/address/complete.ts";
import { format } from "../../../src/address/format.ts";
import { hoverAt } from "../../../src/address/hover.ts";
import { KEYS } from "../../../src/address/keys.ts";
import { parseClient, parseServer } from "../../../src/address/parse.ts";
import type { ParseResult, Span } from "../../../src/address/result.ts";
import { parseScript } from "../../../src/address/script.ts";
import { scriptCompletionsAt, scriptHoverAt } from "../../../src/address/scriptHelp.ts";
import { AppError } from "../../../src/common/errors.ts";
import { readAdvert } from "../../../src/host/discovery/advert.ts";
import { joinLink, pastedLink, readJoinLink } from "../../../src/vscode/joinLink.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { mutateText } from "../harness/mutate.ts";
import { split } from "../harness/random.ts";

const THUMBPRINT = "0123456789abcdef0123456789abcdef01234567";
const VALID: readonly string[] = [
  "tcp:port=5005",
  "tcp:port=5005:5100,server=fe80::1%eth0,ipversion=6",
  'tcp:server=build-7.example,port=5005,name="A, B",password=env:PW',
  "tcp:port=5005,hidden,IcfEnable,bind=127.0.0.1,access=view,maxclients=3,password=file:C:\\pw.txt",
  "tcp:clicon=localhost,port=5005,insecure",
  "npipe:pipe=dbg_%d",
  "npipe:server=\\\\BUILD,pipe=dbg",
  "com:port=COM3,baud=115200,channel=7",
  "com:port=/dev/ttyUSB0,baud=9600",
  `ssl:proto=tls1.3,certuser=My Cert,port=5005,clientcert=${THUMBPRINT},password=x`,
  `ssl:proto=tls1.2,thumbprint=${THUMBPRINT},server=192.0.2.7,port=1`,
  `spipe:proto=tls1.2,machuser=${THUMBPRINT},pipe=secure`,
  `spipe:proto=tls1.2,thumbprint=${THUMBPRINT},server=h,pipe=secure`,
];
const SCRIPTS: readonly string[] = [
  ".server tcp:port=5005",
  ".servers",
  ".clients",
  ".endsrv 1",
  ".echo hi",
  "* comment",
  "$$ x",
  "# y",
  "$$<file",
];
const WORDS = [
  ...Object.keys(KEYS).map((key) => `${key}=`),
  ...'tcp: npipe: com: ssl: spipe: , = : " "" % %d \\ * env: file: 0 65536 4294967297 -1 ::1 [::1] localhost __proto__ constructor require tls1'.split(
    " ",
  ),
  " ",
  "\t",
  "\n",
  "\r\n",
  "\u0000",
  "\u202e",
  "\ud800",
  "é😀",
  "x".repeat(300),
];

function checkSpan({ start, end }: Span, text: string): void {
  assert.ok(0 <= start && start <= end && end <= text.length, `${start} to ${end} of ${text.length}`);
}

function checkParsed(
  text: string,
  parse: (text: string) => ParseResult<Parameters<typeof format>[0]>,
): boolean {
  const result = parse(text);
  if (!result.ok) {
    checkSpan(result, text);
    assert.match(result.message, /^\S[^]*\.$/u);
    return false;
  }
  const canonical = format(result.value);
  assertSame(parse(canonical), result, "parsed again");
  assert.equal(format(result.value), canonical);
  const { password } = result.value;
  if (password?.kind === "literal") {
    // Masked, no two passwords differ. (A password may well be a word that the string has elsewhere.)
    const other = { ...result.value, password: { ...password, value: `${password.value}1` } };
    assert.equal(format(result.value, { secrets: "mask" }), format(other, { secrets: "mask" }));
  }
  if (result.value.role === "client") {
    const link = joinLink(result.value, "vscode");
    const pasted = pastedLink(link);
    if (link.length < 1000) assert.equal(pasted, format({ ...result.value, password: undefined }));
  }
  return true;
}

function checkAdvert(text: string): void {
  const parts = text.split(/[,=]/u);
  const txt = Object.fromEntries(parts.slice(2).map((part, i) => [part, parts[i] ?? ""]));
  const [host, at] = parts;
  const kind = text.startsWith("ssl") ? "ssl" : "tcp";
  const found = readAdvert({
    host,
    port: text.length,
    addresses: [at, "192.0.2.7"],
    referer: { address: "192.0.2.7" },
    txt: { kind, session: text, at, ...txt },
  });
  if (found !== undefined)
    assertSame(parseClient(found.join), { ok: true, value: found.address }, "the advert");
}

/** Connection strings, scripts, links and adverts, as strangers write them, and the editor's help with them. */
export const strings: Target = {
  name: "strings",
  inputs: 20_000,
  make(random) {
    const seed = random.chance(0.8)
      ? random.pick(VALID)
      : random.list(1, 4, () => random.pick(SCRIPTS)).join("\n");
    const text = random.chance(0.4) ? seed : mutateText(random, seed, WORDS);
    return [Buffer.from(text)];
  },
  run(inputs, random) {
    let valid = 0;
    for (const input of inputs) {
      const text = input.toString("utf8");
      const parsed = [checkParsed(text, parseServer), checkParsed(text, parseClient)];
      const script = parseScript(text);
      const lines = text.split(/\r\n|\r|\n/u);
      if (!script.ok) for (const problem of script.problems) checkSpan(problem, lines[problem.line] ?? "");
      for (const piece of split(random, input).slice(0, 1)) {
        const offset = piece.length;
        for (const role of ["server", "client"] as const) {
          for (const completion of completionsAt(text, offset, role)) checkSpan(completion, text);
          const hover = hoverAt(text, offset, role);
          if (hover !== undefined) checkSpan(hover, text);
          findClearPassword(text, role);
        }
        for (const completion of scriptCompletionsAt(text, offset)) checkSpan(completion, text);
        scriptHoverAt(text, offset);
      }
      const pasted = pastedLink(`vscode://x.y/join?remote=${text}`);
      assert.equal(pasted, undefined);
      const read = readJoinLink("/join", `remote=${text}`);
      assert.ok(read instanceof AppError || read === text);
      checkAdvert(text);
      if (parsed.includes(true) || script.ok) valid++;
    }
    return valid;
  },
};
