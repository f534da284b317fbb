import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { type MaliciousHost, maliciousHost } from "../support/maliciousHost.ts";
import { read } from "./support/dom.ts";
import { e2e } from "./support/scenario.ts";
import { join, machine, person } from "./support/share.ts";
import { until, untilEqual } from "./support/wait.ts";
import type { Window } from "./support/window.ts";

const COMMAND = "command:workbench.action.showAboutDialog";
/** As VS Code reads it in messages; the second only where it takes out icons before, as in progress. */
const LINKS = `[Retry](${COMMAND}) [Again]$(x)(${COMMAND})`;
const SHOWN = /\[Retry\] \(command:\S+\) \[Again\]\$ \(x\)\(command:\S+\)/;

/** All that would run a command when it is pressed: links in messages, in Markdown, in prompts. */
async function commandLinks(window: Window): Promise<string[]> {
  const links = window.page.locator('a[href^="command:"], [data-href^="command:"]');
  const all = await read(links, { text: "", href: "@href", data: "@data-href" });
  return all.filter(({ href, data }) => (href || data).includes("showAboutDialog")).map(({ text }) => text);
}

const joinString = ({ port }: MaliciousHost) => `tcp:server=127.0.0.1,port=${port}`;

e2e(
  "a host's error has no button of the host's, and its texts make no link that runs a command on its guest",
  async (t) => {
    const guest = await person(t, "Gina", { "a.txt": "x" }, { runtime: machine(t) });
    await showsError(t, guest);
    await showsTexts(t, guest);
  },
);

async function showsError(t: TestContext, guest: Window): Promise<void> {
  const error = {
    id: 1,
    format: `No such program {a} ${LINKS}`,
    variables: { a: LINKS },
    url: COMMAND,
    urlLabel: "Retry now",
    showUser: true,
  };
  const host = await maliciousHost(t, { refusals: { attach: { error } } });
  await join(guest, joinString(host));
  await until(
    "the error",
    () => guest.page.locator(".monaco-dialog-box").allInnerTexts(),
    (texts) => texts.join("").includes("No such program"),
  );
  await guest.screenshot("host-texts-error");
  assert.deepEqual(await commandLinks(guest), []);
  const dialog = await guest.notifications.answerDialog(/No such program/, "Cancel");
  assert.doesNotMatch(dialog, /Retry now/);
  assert.match(dialog, SHOWN);
}

async function showsTexts(t: TestContext, guest: Window): Promise<void> {
  const host = await maliciousHost(t, {
    name: `App ${LINKS} $(trash)`,
    answers: { threads: { threads: [{ id: 1, name: `main ${LINKS}` }] } },
  });
  await join(guest, joinString(host));
  const session = await host.session();

  session.event("output", { category: "important", output: `Important ${LINKS}\n` });
  const message = await guest.notifications.shown(/^Important/);
  assert.match(message.text, SHOWN);
  assert.deepEqual(await commandLinks(guest), []);

  await guest.settled();
  session.event("progressStart", {
    progressId: "1",
    title: `Loading ${LINKS}`,
    message: LINKS,
    cancellable: true,
  });
  const progress = await guest.notifications.shown(/^Loading/);
  assert.match(progress.text, SHOWN);
  session.event("progressUpdate", { progressId: "1", message: `Half ${LINKS}` });
  assert.match((await guest.notifications.shown(/Half/)).text, SHOWN);
  assert.deepEqual(await commandLinks(guest), []);
  await guest.screenshot("host-texts-notifications");
  session.event("progressEnd", { progressId: "1" });

  session.event("stopped", {
    reason: "exception",
    threadId: 1,
    description: `Paused ${LINKS}`,
    text: { markdown: { value: LINKS, isTrusted: true } },
  });
  await guest.sideBar("Run and Debug");
  await untilEqual("no command link anywhere", () => commandLinks(guest), []);
  await guest.sideBar("Debug Server");
  const [row] = await until(
    "the joined session",
    () => guest.view("Joined").rows(),
    (rows) => rows.length > 0,
  );
  assert.match(row?.label ?? "", SHOWN);
  assert.match(row?.label ?? "", /\$ \(trash\)/);
  assert.deepEqual(await commandLinks(guest), []);
  await guest.screenshot("host-texts-rows");
}
