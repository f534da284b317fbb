import { e2e } from "./support/scenario.ts";
import { HOST_FILES, LINES, frames, join, machine, person, serve, stopAt } from "./support/share.ts";
import { until, untilEqual } from "./support/wait.ts";

e2e("a session that runs already is shared with a guest who has no copy of the source", async (t) => {
  const runtime = machine(t);
  const [host, guest] = await Promise.all([
    person(t, "Hana", HOST_FILES, { runtime }),
    person(t, "Gil", { "notes.txt": "nothing of the program" }, { runtime }),
  ]);
  await stopAt(host, LINES.callAdd);

  const string = await serve(host);
  await join(guest, string, host);

  // The present: line, stack, variables, in the host's source.
  await guest.debug.stopped(LINES.callAdd, "app.js");
  await untilEqual("the guest's editor", () => guest.editor.title(), "app.js");
  await untilEqual("its language", () => guest.editor.language(), "JavaScript");
  await untilEqual("the guest's stack", () => frames(guest), await frames(host));
  await host.screenshot("share-host");
  await guest.screenshot("share-guest");

  // The guest steps, and the host's window moves, too; then the other way round.
  await guest.debug.press("Step Into");
  await guest.debug.stopped(LINES.inAdd, "app.js");
  await host.debug.stopped(LINES.inAdd, "app.js");
  await host.debug.press("Step Over");
  await guest.debug.stopped(LINES.returnTotal, "app.js");

  // The guest's breakpoint, set in the host's source, is in the host's gutter, and stops both.
  await guest.editor.toggleBreakpoint(LINES.returnSum);
  await until(
    "the guest's breakpoint in the host's gutter",
    () => host.editor.breakpoints(),
    (lines) => lines.includes(LINES.returnSum),
  );
  await guest.debug.press("Continue");
  await guest.debug.stopped(LINES.returnSum, "app.js");
  await host.debug.stopped(LINES.returnSum, "app.js");

  // The guest changes a variable: the host sees the value, and reads who did it.
  for (const window of [host, guest]) await window.debug.expand("sum");
  await host.debug.variable("value", "1");
  await guest.debug.setVariable("value", "777");
  await host.debug.variable("value", "777");
  await host.console.line("Gil sets value = 777.");
  await guest.console.enter("sum.value + 1");
  await guest.console.line("778");
  await host.console.line("Gil evaluates sum.value + 1");

  // The host removes the guest's breakpoint: it is gone for both.
  await host.editor.open("app.js");
  await host.editor.toggleBreakpoint(LINES.returnSum);
  await untilEqual("the guest's gutter", () => guest.editor.breakpoints(), [LINES.callAdd]);

  // One more of the guest's; when the guest leaves, it goes along, and the host goes on.
  await guest.editor.toggleBreakpoint(LINES.inTick);
  await until(
    "the host's gutter",
    () => host.editor.breakpoints(),
    (lines) => lines.includes(LINES.inTick),
  );
  await guest.command("Debug Server: Leave");
  await guest.debug.ended();
  await untilEqual("the host's gutter", () => host.editor.breakpoints(), [LINES.callAdd]);
  await host.debug.press("Continue");
  await host.debug.stopped(LINES.callAdd, "app.js");

  // Again; now the host stops, and the guest is told why.
  await join(guest, string, host);
  await guest.debug.stopped(LINES.callAdd, "app.js");
  await host.debug.press("Stop");
  await guest.debug.ended();
  await guest.console.line(/The host has ended the session|Hana ends the session/);
});
