import { Relay } from "../support/relay.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, join, machine, person, serve, stopAt } from "../e2e/support/share.ts";
import { until, untilEqual } from "../e2e/support/wait.ts";

e2e("a broken connection is restored: both see it, nothing is lost; to cancel is to leave", async (t) => {
  const runtime = machine(t);
  const [host, guest] = await Promise.all([
    person(t, "Hana", HOST_FILES, { runtime }),
    person(t, "Gil", { "notes.txt": "" }, { runtime }),
  ]);
  await stopAt(host, LINES.callAdd);
  const string = await serve(host);
  const relay = await Relay.start(t, Number(/port=(\d+)/.exec(string)?.[1]));
  await join(guest, string.replace(/port=\d+/, `port=${relay.port}`), host);
  await guest.debug.stopped(LINES.callAdd, "app.js");
  await host.sideBar("Debug Server");
  const gil = async () => (await host.view("Serving").rows()).find(({ label }) => label === "Gil");
  const isAway = async () => (await gil())?.description.includes("reconnecting…");

  await relay.cut();
  await guest.notifications.shown(/^Reconnecting to /);
  await untilEqual("the host's row says so", isAway, true);
  await guest.debug.press("Step Over");
  await guest.screenshot("reconnect-guest");
  await host.screenshot("reconnect-host");
  relay.mend();
  await guest.debug.stopped(LINES.returnSum, "app.js");
  await until(
    "the progress has gone",
    () => guest.notifications.list(),
    (all) => !all.some(({ text }) => text.startsWith("Reconnecting")),
  );
  await untilEqual("the host's row", isAway, false);
  await guest.console.line(/Reconnecting, for 60 s at most/);
  await guest.console.line("Debug Server: Connected again; nothing is lost.");
  await host.sideBar("Run and Debug");
  await host.debug.stopped(LINES.returnSum, "app.js");

  // Who does not want to wait leaves.
  await relay.cut();
  await guest.notifications.press(/Reconnecting to /, "Cancel");
  await guest.debug.ended();
});
