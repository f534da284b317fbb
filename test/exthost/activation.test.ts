import assert from "node:assert/strict";
import * as vscode from "vscode";
import { COMMANDS, DEBUG_TYPE, EXTENSION_ID, SCRIPT_LANGUAGE, VIEWS } from "../../src/vscode/names.ts";
import { test } from "./harness.ts";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly debuggers: readonly { readonly type: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  };
}

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension(EXTENSION_ID);
  assert.ok(found, `there is no extension ${EXTENSION_ID}`);
  return found;
}

test("the extension activates", async () => {
  await extension().activate();
  assert.equal(extension().isActive, true);
});

test("every command is registered, and none that package.json does not know", async () => {
  await extension().activate();
  const { contributes } = extension().packageJSON as Manifest;
  // A view brings commands of VS Code's own, such as `debugServer.serving.focus`.
  const views = Object.values(VIEWS);
  const registered = (await vscode.commands.getCommands(true))
    .filter((command) => command.startsWith("debugServer."))
    .filter((command) => !views.some((view) => command.startsWith(`${view}.`)))
    .sort();
  const declared = contributes.commands.map(({ command }) => command).sort();
  assert.deepEqual(registered, declared);
  assert.deepEqual(declared, Object.values(COMMANDS).sort());
});

test("VS Code knows our debug type, our views and our language", async () => {
  const { contributes } = extension().packageJSON as Manifest;
  assert.deepEqual(
    contributes.debuggers.map(({ type }) => type),
    [DEBUG_TYPE],
  );
  assert.deepEqual(
    Object.values(contributes.views)
      .flatMap((views) => views.map(({ id }) => id))
      .sort(),
    Object.values(VIEWS).sort(),
  );
  assert.ok((await vscode.languages.getLanguages()).includes(SCRIPT_LANGUAGE));
});
