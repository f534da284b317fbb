import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { COMMANDS, VIEWS } from "../../../../src/vscode/names.ts";
import type { RowPresentation } from "../../../../src/vscode/views/row.ts";

/** Of the sidebar; only package.json needs it. */
const VIEW_CONTAINER = "debugServer";

interface MenuItem {
  readonly command: string;
  readonly when: string;
  readonly group: string;
}

interface Step {
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly icon: string;
  readonly contributes: {
    readonly viewsContainers: { readonly activitybar: readonly { id: string; icon: string }[] };
    readonly views: Readonly<Record<string, readonly { id: string; icon: string }[]>>;
    readonly viewsWelcome: readonly { view: string; contents: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly walkthroughs: readonly { id: string; icon: string; steps: readonly Step[] }[];
  };
}

const ROOT = new URL("../../../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT));
const manifest = JSON.parse(read("package.json").toString()) as Manifest;
const { viewsContainers, views, viewsWelcome, menus, walkthroughs } = manifest.contributes;
const steps = walkthroughs.flatMap((walkthrough) => walkthrough.steps);

const CONTEXTS: Readonly<Record<RowPresentation["context"], true>> = {
  session: true,
  server: true,
  serverWithPassword: true,
  guest: true,
  pending: true,
  pendingView: true,
  entry: true,
  entryJoined: true,
  join: true,
  client: true,
  held: true,
  nobody: true,
};

describe("what package.json says of the views", () => {
  test("the views are those of the code, in its container", () => {
    assert.deepEqual(
      viewsContainers.activitybar.map(({ id }) => id),
      [VIEW_CONTAINER],
    );
    assert.deepEqual(
      views[VIEW_CONTAINER]?.map(({ id }) => id),
      Object.values(VIEWS),
    );
    assert.deepEqual(new Set(viewsWelcome.map(({ view }) => view)), new Set<string>(Object.values(VIEWS)));
  });

  test("menus are about rows that there are", () => {
    const items = menus["view/item/context"] ?? [];
    const named = items.map(({ when }) => /viewItem (?:== |=~ \/\^)(\w+)/.exec(when)?.[1]);
    assert.ok(named.length > 10);
    for (const name of named) assert.ok(name !== undefined && Object.hasOwn(CONTEXTS, name), name);
  });

  test("what is in line is also in the menu, which the keyboard reaches", () => {
    const items = menus["view/item/context"] ?? [];
    for (const { command, when } of items.filter(({ group }) => group.startsWith("inline")))
      assert.ok(
        items.some((other) => other.command === command && !other.group.startsWith("inline")),
        `${command} for ${when}`,
      );
  });

  test("buttons and events name commands that there are", () => {
    const known = new Set<string>([
      ...Object.values(COMMANDS),
      ...Object.values(VIEWS).map((view) => `${view}.focus`),
      "workbench.view.debug",
      "workbench.action.openSettings",
      "workbench.action.openWalkthrough",
    ]);
    const texts = [...viewsWelcome.map(({ contents }) => contents), ...steps.map((step) => step.description)];
    const named = texts.flatMap((text) => [...text.matchAll(/\(command:([\w.]+)/g)].map(([, name]) => name));
    const heard = steps
      .flatMap((step) => step.completionEvents)
      .filter((event) => event.startsWith("onCommand:"));
    const placed = ["view/title", "view/item/context", "debug/callstack/context"].flatMap((menu) =>
      (menus[menu] ?? []).map(({ command }) => command),
    );
    assert.ok(named.length >= 10 && placed.length >= 20);
    for (const name of [...named, ...placed, ...heard.map((event) => event.slice("onCommand:".length))])
      assert.ok(name !== undefined && known.has(name), name);
  });

  test("the walkthrough that is linked to is ours", () => {
    const links = viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/openWalkthrough\?([^)]+)/g)].map(([, argument = ""]) =>
        decodeURIComponent(argument),
      ),
    );
    assert.ok(links.length > 0);
    for (const link of links)
      assert.equal(link, JSON.stringify(`${manifest.publisher}.${manifest.name}#${walkthroughs[0]?.id}`));
  });

  test("pictures are there, in the format that they need", () => {
    const monochrome = [...viewsContainers.activitybar, ...Object.values(views).flat()];
    for (const { icon } of monochrome)
      assert.match(read(icon).toString(), /^<svg [^>]*width="24" height="24"/);
    for (const { media } of steps) {
      assert.match(read(media.svg).toString(), /^<svg /);
      assert.notEqual(media.altText, "");
    }
    const icon = read(manifest.icon);
    assert.equal(icon.subarray(1, 4).toString(), "PNG");
    assert.ok(icon.readUInt32BE(16) >= 128 && icon.readUInt32BE(16) === icon.readUInt32BE(20));
  });
});
