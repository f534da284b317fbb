import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  COMMANDS,
  CONTEXT,
  DEBUG_TYPE,
  EXTENSION_ID,
  SCRIPT_LANGUAGE,
  SETTINGS,
  SOURCE_SCHEME,
  VIEWS,
} from "../../../src/vscode/names.ts";

// names.ts and package.json know the same names, both ways.

/** Of the sidebar; only package.json needs it. */
const VIEW_CONTAINER = "debugServer";

interface Command {
  readonly command: string;
  readonly title: string;
  readonly category?: string;
  readonly icon?: string;
}

interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Manifest {
  readonly publisher: string;
  readonly name: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly default: unknown; readonly scope: string }>>;
    };
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string }[] };
    readonly viewsWelcome: readonly {
      readonly view: string;
      readonly contents: string;
      readonly when?: string;
    }[];
    readonly debuggers: readonly { readonly type: string }[];
    readonly languages: readonly { readonly id: string }[];
  };
}

const MANIFEST = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
) as Manifest;
const { contributes } = MANIFEST;

/** Of all of package.json and the walkthrough's texts: what looks like one of our names. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bdebugServer\.\w+/g) ?? [])].sort();
}

const WHENS = [...Object.values(contributes.menus).flat(), ...contributes.viewsWelcome].flatMap(({ when }) =>
  when === undefined ? [] : [when],
);

describe("package.json and names.ts", () => {
  test("know the same commands", () => {
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).sort(),
      Object.values(COMMANDS).sort(),
    );
    for (const { command, title, category, icon } of contributes.commands) {
      assert.equal(category, "Debug Server", command);
      assert.match(title, /^[A-Z][^!.]+$/, command);
      assert.match(icon ?? "", /^\$\([a-z-]+\)$/, command);
    }
  });

  test("know the same views, in the same container", () => {
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map(({ id }) => id),
      [VIEW_CONTAINER],
    );
    assert.deepEqual(Object.keys(contributes.views), [VIEW_CONTAINER]);
    assert.deepEqual(
      contributes.views[VIEW_CONTAINER]?.map(({ id }) => id).sort(),
      Object.values(VIEWS).sort(),
    );
  });

  test("know the same settings; a workspace that is not trusted starts no server, and none has a say about the network", () => {
    const { section, ...settings } = SETTINGS;
    const names = Object.values(settings).map((name) => `${section}.${name}`);
    assert.deepEqual(Object.keys(contributes.configuration.properties).sort(), names.sort());
    const restricted = MANIFEST.capabilities.untrustedWorkspaces.restrictedConfigurations;
    assert.deepEqual(restricted, [`${section}.${SETTINGS.startWithSession}`]);
    for (const name of [SETTINGS.announce, SETTINGS.discover])
      assert.equal(contributes.configuration.properties[`${section}.${name}`]?.scope, "machine");
  });

  test("know the same debug type, scheme, language and extension", () => {
    assert.deepEqual(
      contributes.debuggers.map(({ type }) => type),
      [DEBUG_TYPE],
    );
    assert.deepEqual(
      contributes.languages.map(({ id }) => id),
      [SCRIPT_LANGUAGE],
    );
    assert.ok(MANIFEST.activationEvents.includes(`onFileSystem:${SOURCE_SCHEME}`));
    assert.ok(MANIFEST.activationEvents.includes("onUri"));
    assert.equal(`${MANIFEST.publisher}.${MANIFEST.name}`, EXTENSION_ID);
  });

  test("know the same keys of when clauses", () => {
    const views: readonly string[] = Object.values(VIEWS);
    const settings = Object.keys(contributes.configuration.properties);
    const used = namesIn(
      WHENS.join("\n").replaceAll(/\bconfig\.([\w.]+)/g, (_, setting: string) => {
        assert.ok(settings.includes(setting), setting);
        return "";
      }),
    ).filter((name) => !views.includes(name));
    assert.deepEqual(used, Object.values(CONTEXT).sort());
  });

  test("have no name that the other does not have", () => {
    const known = new Set<string>([
      ...Object.values(COMMANDS),
      ...Object.values(VIEWS),
      ...Object.values(CONTEXT),
      ...Object.keys(contributes.configuration.properties),
    ]);
    const unknown = namesIn(JSON.stringify(MANIFEST)).filter((name) => !known.has(name));
    assert.deepEqual(unknown, []);
  });
});

describe("the command palette", () => {
  const palette = contributes.menus.commandPalette ?? [];

  test("shows a command only when it applies", () => {
    const always = new Set<string>([COMMANDS.join, COMMANDS.showLog, COMMANDS.newCertificate]);
    assert.deepEqual(
      palette.map(({ command }) => command).sort(),
      Object.values(COMMANDS)
        .filter((command) => !always.has(command))
        .sort(),
    );
    for (const { command, when } of palette) assert.ok(when !== undefined && when !== "", command);
  });

  test("and all menus are about commands that there are", () => {
    const commands = new Set<string>(Object.values(COMMANDS));
    for (const [menu, items] of Object.entries(contributes.menus))
      for (const { command } of items) assert.ok(commands.has(command), `${menu}: ${command}`);
  });
});
