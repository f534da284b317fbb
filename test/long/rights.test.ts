import assert from "node:assert/strict";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, frames, join, machine, person, serve, stopAt } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";
import { openWindow } from "../e2e/support/window.ts";

e2e("two guests, one of whom may only look; a third whom the host denies reaches nothing", async (t) => {
  const runtime = machine(t);
  const [host, ada, viv] = await Promise.all([
    person(t, "Hana", HOST_FILES, { runtime }),
    person(t, "Ada", { "a.txt": "" }, { runtime }),
    person(t, "Viv", { "a.txt": "" }, { runtime }),
  ]);
  await stopAt(host, LINES.callAdd);
  const string = await serve(host);
  await join(ada, string, host);
  await ada.debug.stopped(LINES.callAdd, "app.js");
  await join(viv, string, host, "View Only");
  await viv.debug.stopped(LINES.callAdd, "app.js");

  await host.sideBar("Debug Server");
  await until(
    "both in the host's sidebar",
    () => host.view("Serving").rows(),
    (rows) => {
      const said = rows.map(({ label, description }) => `${label} ${description}`);
      return (
        said.some((row) => /^Ada .*full|^Ada .*control/.test(row)) &&
        said.some((row) => /^Viv .*view/.test(row))
      );
    },
  );
  await untilEqual("the badge", () => host.badge("Debug Server"), "2");
  await host.screenshot("rights-host");

  // She steps; nothing happens but that she is told why.
  const before = await frames(host);
  await viv.debug.press("Step Over");
  await viv.notifications.shown(/needs the right "control"; you have "view"/);
  await viv.console.enter("total = 5");
  await viv.console.line(/"evaluate" needs the right "control"; you have "view"/);
  assert.deepEqual(await frames(host), before);

  // The host lets her steer.
  await host.view("Serving").click("Viv");
  await host.command("Debug Server: Change Guest’s Access");
  await host.quickInput.opened(/access|guest|may do/i);
  const labels = (await host.quickInput.items()).map(({ label }) => label);
  if (labels.some((label) => label.startsWith("Viv")))
    await host.quickInput.pick(labels.find((label) => label.startsWith("Viv")) ?? "");
  await until(
    "the rights to choose from",
    () => host.quickInput.items(),
    (items) => items.some(({ label }) => /control/i.test(label)),
  );
  const control = (await host.quickInput.items()).find(({ label }) => /control/i.test(label));
  await host.quickInput.pick(control?.label ?? "");
  await viv.console.line("Viv may now control");
  await viv.debug.press("Step Over");
  await viv.debug.stopped(LINES.returnSum, "app.js");
  await ada.debug.stopped(LINES.returnSum, "app.js");
  await untilEqual("the host's line", () => host.editor.stoppedLine(), LINES.returnSum);
  await ada.console.line("Viv steps over.");

  // A third is denied and reaches nothing.
  await viv.close();
  const mallory = await openWindow(t, viv.code, viv.folder);
  await join(mallory, string, host, "Deny");
  await mallory.notifications.answerDialog(/The host did not let you in/, "Cancel");
  await mallory.debug.ended();
  assert.deepEqual(await mallory.debug.callStack(), []);
});
