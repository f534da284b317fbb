import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import ts from "typescript";
import { type JsonObject, objects } from "../../../../src/dap/messages.ts";
import { FIELDS, type Rule } from "../../../../src/vscode/guest/fields.ts";
import { hostTexts } from "../../../../src/vscode/guest/hostTexts.ts";
import { assertHarmless, fieldsOf, isLeaf, walkFields } from "../../../support/hostTexts.ts";

/** The types of the specification whose values come from a host, with the names of their fields. */
function specification(): Map<string, string[]> {
  const file = new URL(
    "../../../../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts",
    import.meta.url,
  );
  const source = ts.createSourceFile(
    "dap.d.ts",
    readFileSync(file, "utf8"),
    ts.ScriptTarget.ESNext,
    /* setParentNodes */ true,
  );
  const interfaces = new Map<string, ts.InterfaceDeclaration>();
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const types = new Map<string, string[]>();
  const wanted = new Set<string>();
  const want = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node) && interfaces.has(node.typeName.getText()))
      wanted.add(node.typeName.getText());
    ts.forEachChild(node, want);
  };
  const names = (members: ts.NodeArray<ts.TypeElement>) =>
    members.map((member) => member.name?.getText() ?? "");
  for (const [name, { members }] of interfaces) {
    // An editor's own answers go the other way.
    if (!/.(Event|Response)$/.test(name) || /^(RunInTerminal|StartDebugging)/.test(name)) continue;
    const body = members.find((member) => member.name?.getText() === "body");
    const type = body !== undefined && ts.isPropertySignature(body) ? body.type : undefined;
    types.set(name, type !== undefined && ts.isTypeLiteralNode(type) ? names(type.members) : []);
    if (type !== undefined) want(type);
  }
  // While it is gone through, the set grows by what its types name in turn.
  for (const name of wanted) {
    const found = interfaces.get(name);
    assert.ok(found);
    types.set(name, names(found.members));
    found.members.forEach(want);
  }
  return types;
}

const HOSTILE = [
  "[Retry](command:workbench.action.quit)",
  "[Retry]$(x)(command:workbench.action.quit)",
  "[Retry]\u0000(command:workbench.action.quit)",
  "[Retry]\u202e(command:workbench.action.quit)",
  "<command:workbench.action.quit>",
  "[x]\n\n[x]: command:workbench.action.quit",
  "$(trash) $(sync~spin)",
  "a\u001b[2Kb\u0007c\u009bd\u2066e",
  "command:workbench.action.quit",
  "x".repeat(100_000),
];

/** A value for a rule in which each string is `text`, down to some depth. */
function valueFor(rule: Rule, text: string, depth = 0): unknown {
  if (Array.isArray(rule)) return depth > 5 ? [] : [valueFor((rule as readonly [Rule])[0], text, depth + 1)];
  const fields = fieldsOf(rule);
  if (fields === undefined) return rule === "number" ? 7 : rule === "flag" ? true : text;
  return Object.fromEntries(
    Object.entries(fields).map(([name, each]) => [name, valueFor(each, text, depth + 1)]),
  );
}

const MESSAGES = Object.keys(FIELDS).filter((name) => /.(Event|Response)$/.test(name));

/** A message of that type of the specification, and its body as VS Code gets it. */
function send(type: string, body: unknown): unknown {
  const name = type.charAt(0).toLowerCase() + type.slice(1).replace(/(Event|Response)$/, "");
  const message: JsonObject = type.endsWith("Event")
    ? { seq: 1, type: "event", event: name, body }
    : { seq: 1, type: "response", request_seq: 1, command: name, success: type !== "ErrorResponse", body };
  return hostTexts(message)?.body;
}

const ruleOf = (type: string): Rule => ({ type: type === "InitializeResponse" ? "Capabilities" : type });

describe("what a host sends, as VS Code gets it", () => {
  test("the table names each field of the specification, and no other", () => {
    const types = specification();
    assert.ok(types.size > 60);
    assert.deepEqual(Object.keys(FIELDS).sort(), [...types.keys()].sort());
    for (const [name, fields] of types)
      assert.deepEqual(Object.keys(FIELDS[name] ?? {}).sort(), [...fields].sort(), name);
  });

  test("hostile text in every field: raw, sanitized or not there, as the table says", () => {
    for (const type of MESSAGES) {
      for (const text of HOSTILE) {
        const seen = send(type, valueFor(ruleOf(type), text));
        walkFields(seen, ruleOf(type), type, (value, rule, where) => {
          if (rule === "dropped") assert.equal(value, undefined, where);
          else if (rule === "number") assert.equal(value, 7, where);
          else if (rule === "flag") assert.equal(value, true, where);
          else if (rule === "name" || rule === "text") assertHarmless(String(value), where);
          else assert.equal(value, text, where);
        });
      }
    }
  });

  test("an object where a string belongs never arrives: VS Code would trust Markdown in it", () => {
    const trusted = { value: HOSTILE[0], markdown: { value: HOSTILE[0], isTrusted: true }, isTrusted: true };
    const asObjects = (rule: Rule, depth = 0): unknown => {
      if (Array.isArray(rule)) {
        const [each] = rule as readonly [Rule];
        return depth > 5 ? [] : [asObjects(each, depth + 1), isLeaf(each) ? trusted : HOSTILE[0]];
      }
      const fields = fieldsOf(rule);
      if (fields === undefined) return rule === "opaque" ? "kept" : trusted;
      return {
        unknown: HOSTILE[0],
        ...Object.fromEntries(
          Object.entries(fields).map(([name, each]) => [name, asObjects(each, depth + 1)]),
        ),
      };
    };
    for (const type of MESSAGES) {
      const seen = send(type, asObjects(ruleOf(type)));
      assert.doesNotMatch(JSON.stringify(seen ?? {}), /command:|isTrusted|unknown/, type);
    }
  });

  test("an error opens, runs and sends nothing; it says why", () => {
    const error = {
      id: 3,
      format: "No file [Retry](command:workbench.action.quit) $(trash)\nin the project",
      url: "command:workbench.action.quit",
      urlLabel: "Retry",
      sendTelemetry: true,
      variables: { a: "(command:workbench.action.quit)" },
    };
    const seen = hostTexts({
      seq: 1,
      type: "response",
      request_seq: 1,
      command: "attach",
      success: false,
      message: "[Retry](command:workbench.action.quit)",
      body: { error, more: error },
    });
    assert.deepEqual(seen, {
      seq: 1,
      type: "response",
      request_seq: 1,
      command: "attach",
      success: false,
      message: "[Retry] (command:workbench.action.quit)",
      body: {
        error: {
          id: 3,
          format: "No file [Retry] (command:workbench.action.quit) $ (trash)\nin the project",
        },
      },
    });
  });

  test("output is as it is, but where it becomes a notification; telemetry never comes", () => {
    const output = "[Retry](command:workbench.action.quit) \u001b[31mred\u001b[0m\n";
    for (const category of ["stdout", "stderr", "console", "other", undefined])
      assert.equal((send("OutputEvent", { category, output }) as JsonObject).output, output);
    const { output: important } = send("OutputEvent", { category: "important", output }) as JsonObject;
    assertHarmless(String(important), "important");
    assert.equal(
      hostTexts({ seq: 1, type: "event", event: "output", body: { category: "telemetry", output } }),
      undefined,
    );
  });

  test("a completion inserts what it did, whatever its label looks like", () => {
    const label = "a[$(x)](b)";
    const seen = send("CompletionsResponse", { targets: [{ label }, { label, text: "t" }] }) as JsonObject;
    assert.deepEqual(
      objects(seen.targets).map(({ text }) => text),
      [label, "t"],
    );
    for (const target of objects(seen.targets)) assertHarmless(String(target.label), "label");
  });

  test("unknown events and members are left out; the answer to an extension's own request is not looked into", () => {
    for (const event of ["debugpyAttach", "__proto__", "constructor", 7])
      assert.equal(hostTexts({ seq: 1, type: "event", event, body: {} }), undefined);
    assert.equal(hostTexts({ seq: 1, type: "other" }), undefined);
    const body = { any: ["thing"] };
    const own = { seq: 1, type: "response", request_seq: 1, command: "read-memory", success: true, body };
    assert.deepEqual(hostTexts({ ...own, more: 1 }), own);
  });

  test("the name of a child session is harmless", () => {
    const seen = hostTexts({
      seq: 1,
      type: "request",
      command: "startDebugging",
      arguments: { request: "attach", configuration: { name: HOSTILE[0], debugServerSession: "2" } },
    });
    const { configuration } = seen?.arguments as { configuration: JsonObject };
    assertHarmless(String(configuration.name), "name");
    assert.equal(configuration.debugServerSession, "2");
  });
});
