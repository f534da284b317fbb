import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import {
  type RequestHandlers,
  type RequestName,
  callHandler,
  checkNotification,
  checkResult,
  isNotification,
  isRequest,
  parseControl,
} from "../../../src/link/control.ts";
import { LINK_LIMITS } from "../../../src/link/limits.ts";
import { hello, open, opened, reason, wait, welcome } from "../../../src/link/messages.ts";
import { type Checked, type Guard, parseLinkJson } from "../../../src/link/validate.ts";
import { STEERING } from "../../support/steering.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import {
  HELLO,
  NOTIFICATIONS,
  PARAMS,
  REASON,
  RESULTS,
  RESUMABLE,
  RESUMING,
  WAIT,
  WELCOME,
} from "../linkSeeds.ts";

/** Each kind of message with its guard; the first byte of an input says which one it is. */
const KINDS: readonly (readonly [object, Guard<unknown>])[] = [
  [HELLO, hello],
  [RESUMING, hello],
  [WELCOME, welcome],
  [RESUMABLE, welcome],
  [WAIT, wait],
  [REASON, reason],
  [{ session: "1" }, open],
  [{}, opened],
];
const CONTROLS: readonly object[] = [
  ...Object.entries(PARAMS).map(([method, params]) => ({ id: 1, method, params })),
  ...Object.entries(NOTIFICATIONS).map(([method, params]) => ({ method, params })),
  ...Object.values(RESULTS).map((result) => ({ id: 1, result })),
  { id: 1, error: REASON },
];
/** Strings that are compared or opened, but not shown. */
const NOT_SHOWN = new Set([
  "id",
  "session",
  "parent",
  "path",
  "relativePath",
  "link",
  "features",
  "code",
  "method",
]);

/** What a guard has let through is made anew: of known members, in bounds, and of itself accepted again. */
export function checkValue(value: unknown, key = ""): void {
  if (typeof value === "string") {
    assert.ok(value.length <= Math.max(LINK_LIMITS.textLength, LINK_LIMITS.pathLength) || key === "data");
    if (!NOT_SHOWN.has(key)) assert.doesNotMatch(value, STEERING);
  } else if (Array.isArray(value)) {
    assert.ok(value.length <= 4096);
    for (const item of value) checkValue(item, key);
  } else if (typeof value === "object" && value !== null) {
    assert.ok(Object.getPrototypeOf(value) === Object.prototype);
    for (const [name, inner] of Object.entries(value)) {
      assert.ok(!["__proto__", "constructor", "prototype", "toJSON", "then", ""].includes(name), name);
      checkValue(inner, name);
    }
  }
}

function checkGuard(checked: Checked<unknown>, guard: (value: unknown) => Checked<unknown>): boolean {
  if (!checked.ok) {
    assert.ok(checked.message.length < 1000);
    return false;
  }
  checkValue(checked.value);
  const again = guard(checked.value);
  assert.ok(again.ok);
  assertSame(again.value, checked.value, "checked again");
  return true;
}

async function checkControl(payload: Buffer): Promise<boolean> {
  const parsed = parseControl(payload);
  if (!parsed.ok) return false;
  const message = parsed.value;
  switch (message.kind) {
    case "request": {
      if (!isRequest(message.method)) return false;
      let params: unknown;
      const take = (given: unknown) => {
        params = given;
        return {};
      };
      const handlers = { [message.method]: take } as unknown as RequestHandlers;
      const refusal = await callHandler(handlers, message.method, message.params).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (refusal === undefined) checkValue(params);
      else assert.ok(refusal instanceof AppError && refusal.code === "badArguments");
      return refusal === undefined;
    }
    case "notification": {
      const { method } = message;
      if (!isNotification(method)) return false;
      return checkGuard(checkNotification(method, message.params), (value) =>
        checkNotification(method, value),
      );
    }
    case "result":
      // A peer answers a request with anything: each kind of result must stand it.
      return Object.keys(RESULTS)
        .map((method) => {
          const name = method as RequestName;
          return checkGuard(checkResult(name, message.result), (value) => checkResult(name, value));
        })
        .includes(true);
    case "error":
      checkValue({ message: message.error.message, hint: message.error.hint });
      return true;
  }
}

/** The JSON of the link's messages besides DAP. */
export const linkMessages: Target = {
  name: "link-messages",
  inputs: 110_000,
  make(random) {
    const kind = random.below(KINDS.length + CONTROLS.length);
    const seed = KINDS[kind]?.[0] ?? CONTROLS[kind - KINDS.length];
    const json = Buffer.from(jsonText(random, seed, someProbability(random)));
    return [Buffer.concat([Buffer.of(kind), mutate(random, json, 0.05)])];
  },
  async run(inputs) {
    let valid = 0;
    for (const input of inputs) {
      const payload = input.subarray(1);
      const guard = KINDS[input[0] ?? 0]?.[1];
      const passed =
        guard === undefined
          ? await checkControl(payload)
          : checkGuard(parseLinkJson(payload, guard, "message"), (value) => guard(value, "message"));
      if (passed) valid++;
    }
    return valid;
  },
};
