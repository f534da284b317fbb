import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../../src/common/errors.ts";
import { errorToReason } from "../../../src/common/reason.ts";
import { checkNotification, checkResult } from "../../../src/link/control.ts";
import { hello, reason, wait, welcome } from "../../../src/link/messages.ts";
import { sanitizeText } from "../../../src/common/sanitize.ts";

const HOSTILE = "A\u0000\u001b[2K\u009b1G\u202eb\u2066c\u2028d\rAna has left.\b [x](command:quit) $(trash)";

/** All strings in a value, of any depth. */
function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** What people are shown of what the link brings, in every message of it that has texts. */
const client = { id: 1, name: HOSTILE, kind: "guest", access: "view", from: HOSTILE };
const session = { id: "1", name: HOSTILE, type: HOSTILE };
const product = { name: HOSTILE, version: HOSTILE };
const TEXTS = {
  hello: hello({ protocol: { min: 1, max: 1 }, features: [], name: HOSTILE, client: product }, "HELLO"),
  welcome: welcome(
    { protocol: 1, features: [], guest: { id: 1 }, host: product, access: "view", sessions: [session] },
    "WELCOME",
  ),
  wait: wait({ ms: 1, message: HOSTILE }, "WAIT"),
  reason: reason({ code: "refused", message: HOSTILE, hint: HOSTILE }, "CLOSE"),
  clients: checkNotification("clients", { clients: [client] }),
  sessions: checkNotification("sessions", { sessions: [session] }),
  said: checkNotification("said", { client: 1, name: HOSTILE, text: HOSTILE }),
  ended: checkNotification("ended", { session: "1", message: HOSTILE }),
  listClients: checkResult("listClients", { clients: [client] }),
  listSessions: checkResult("listSessions", { sessions: [session] }),
  listServers: checkResult("listServers", { servers: [{ id: 1, address: HOSTILE }] }),
};

for (const [name, checked] of Object.entries(TEXTS))
  test(`the texts of "${name}" steer no terminal, and in VS Code make neither links nor icons`, () => {
    assert.ok(checked.ok);
    const texts = strings(checked.value).filter((text) => text.includes("command:"));
    assert.ok(texts.length > 0);
    for (const text of texts) {
      assert.doesNotMatch(text, /(?![\n\t])[\p{Cc}\p{Zl}\u202a-\u202e\u2066-\u2069]/u);
      assert.doesNotMatch(sanitizeText(text), /\]\(|\$\(/);
    }
  });

test("names of people have nothing in them that cannot be seen, and are one line", () => {
  const said = checkNotification("said", { name: "A\u3164n\u200ba\nBen", text: "" });
  assert.deepEqual(said, { ok: true, value: { name: "Ana Ben", text: "" } });
  const clients = checkResult("listClients", { clients: [{ ...client, name: "\u2800\u200b" }] });
  assert.ok(clients.ok);
  assert.equal(clients.value.clients[0]?.name, "guest");
});

test("a reason that goes out is bounded", () => {
  const { message = "", hint = "" } = errorToReason(
    new AppError("refused", "x".repeat(9_999), { hint: "y".repeat(9_999) }),
  );
  assert.ok(message.length <= 4096 && hint.length <= 4096);
});
