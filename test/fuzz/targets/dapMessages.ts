import assert from "node:assert/strict";
import { AppError } from "../../../src/common/errors.ts";
import { LIMITS } from "../../../src/common/limits.ts";
import { JsonValue, applyEdits } from "../../../src/dap/edits.ts";
import {
  collectNumbers,
  nesting,
  parseJson,
  readAdapterMessage,
  scanMembers,
} from "../../../src/dap/envelope.ts";
import { isObject, readClientMessage } from "../../../src/dap/messages.ts";
import { sourcesInArguments, sourcesInBody } from "../../../src/dap/sources.ts";
import { type Target, assertSame } from "../harness/fuzz.ts";
import { jsonText, someProbability } from "../harness/json.ts";
import { mutate } from "../harness/mutate.ts";
import type { Random } from "../harness/random.ts";
import { COMMANDS, EVENTS, RESPONSES, REVERSE, argumentsOf } from "../seeds.ts";

/** A message of DAP as an object: anybody's. */
export function anyMessage(random: Random): object {
  const seq = random.below(100);
  switch (random.below(4)) {
    case 0: {
      const command = random.pick(COMMANDS);
      return { seq, type: "request", command, arguments: argumentsOf(command) };
    }
    case 1: {
      const [command, body] = random.pick(Object.entries(RESPONSES));
      return {
        seq,
        type: "response",
        request_seq: random.below(100),
        success: random.chance(0.8),
        command,
        body,
      };
    }
    case 2: {
      const [event, body] = random.pick(Object.entries(EVENTS));
      return { seq, type: "event", event, body };
    }
    default: {
      const [command, args] = random.pick(Object.entries(REVERSE));
      return { seq, type: "request", command, arguments: args };
    }
  }
}

/** What a message means to whoever parses it whole: the JSON value, or undefined. Written without our own reader. */
function reference(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return undefined;
  }
}

function checkAdapterMessage(json: Buffer, meant: unknown): void {
  const read = readAdapterMessage(json);
  if (!isObject(meant)) return;
  const type = meant.type;
  const isMessage =
    (type === "response" && typeof meant.request_seq === "number") ||
    (type === "event" && typeof meant.event === "string") ||
    (type === "request" && typeof meant.command === "string");
  assert.equal(read?.type, isMessage ? type : undefined);
  if (read?.type === "event") assert.equal(read.event, meant.event);
  if (read?.type === "request") {
    assertSame([read.command, parseJson(read.arguments)], [meant.command, meant.arguments], "the request");
    assert.equal(read.seq, typeof meant.seq === "number" ? meant.seq : 0);
  }
  if (read?.type === "response")
    assertSame([read.requestSeq, read.success], [meant.request_seq, meant.success === true], "the response");
  if (read !== undefined && "body" in read) assertSame(parseJson(read.body), meant.body, "the body");
}

function checkClientMessage(json: Buffer, meant: unknown): boolean {
  const read = readClientMessage(json);
  if (read instanceof AppError) return false;
  assert.ok(isObject(meant) && nesting(json) <= LIMITS.nesting);
  assert.equal(read.type, meant.type);
  if (read.type === "request") {
    assertSame([read.seq, read.command], [meant.seq, meant.command], "the request");
    // What the adapter gets is what was looked at.
    assertSame(read.rawArgs === undefined ? {} : parseJson(read.rawArgs), read.args, "the arguments");
  } else {
    assertSame(parseJson(read.outcome.body), meant.body, "the body");
  }
  return true;
}

/** The edits that our parts make in others' messages change what they are to change, and nothing else. */
function checkEdits(json: Buffer, meant: unknown, random: Random): void {
  const value = new JsonValue(json);
  for (const name of ["body", "arguments"]) {
    const inner = value.member(name);
    if (inner === undefined) continue;
    sourcesInArguments(random.pick(["setBreakpoints", "evaluate", "launch", "own"]), inner);
    const sources = sourcesInBody(random.pick(["stackTrace", "output", "breakpoint", "disassemble"]), inner);
    for (const source of sources) if (isObject(meant)) assert.doesNotThrow(() => source.value);
  }
  const names = scanMembers(json);
  if (!isObject(meant) || names === undefined || names.size === 0) return;
  assertSame([...names.keys()].sort(), Object.keys(meant).sort(), "the members");
  const name = random.pick([...names.keys()]);
  const member = value.member(name);
  assert.ok(member);
  const edited = reference(Buffer.concat(applyEdits(json, [member.replacedBy("new")])));
  assert.ok(isObject(edited));
  for (const key of names.keys())
    assertSame(edited[key], key === name ? "new" : meant[key], "what was edited");
}

/** The JSON of DAP's messages, of clients and of adapters, as it is read before anything is done with it. */
export const dapMessages: Target = {
  name: "messages",
  inputs: 80_000,
  make: (random) => {
    const json = Buffer.from(jsonText(random, anyMessage(random), someProbability(random)));
    return [mutate(random, json, 0.1)];
  },
  run(inputs, random) {
    let valid = 0;
    for (const json of inputs) {
      const meant = reference(json);
      checkAdapterMessage(json, meant);
      const isClients = checkClientMessage(json, meant);
      checkEdits(json, meant, random);
      collectNumbers(json, "variablesReference", new Set());
      if (isClients || readAdapterMessage(json) !== undefined) valid++;
    }
    return valid;
  },
};
