import { connectedFar } from "../support/namespaces.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { HOST_FILES, LINES, person, stopAt } from "../e2e/support/share.ts";
import type { View } from "../e2e/support/view.ts";
import { until } from "../e2e/support/wait.ts";

// Two machines with a network of their own: 100 ms there and back, and one packet in a hundred lost.

const PASSWORD = "zq7Kx-network";
const TITLE = "Debug Server";

async function shown(view: View, pattern: RegExp): Promise<void> {
  await until(
    `rows ${String(pattern)}`,
    async () => (await view.rows()).map(({ label, description }) => `${label} | ${description}`).join("\n"),
    (rows) => pattern.test(rows),
  );
}

e2e(
  "a session that is announced far away is found in the sidebar, joined, steered, left and joined again",
  async (t) => {
    const [here, there] = await connectedFar(t, { delayMs: 50, loss: 0.01, seed: 7 });
    const settings = {
      "debugServer.announce": true,
      "debugServer.startWithSession": ["tcp:port=0,password=env:SHOP"],
    };
    const [host, guest] = await Promise.all([
      person(t, "Hana", HOST_FILES, { namespace: here, env: { SHOP: PASSWORD }, settings }),
      person(t, "Gil", { "notes.txt": "" }, { namespace: there, settings: { "debugServer.discover": true } }),
    ]);
    await guest.sideBar(TITLE);
    const offers = guest.view("On This Machine");
    await until(
      "that nothing is there",
      () => offers.welcome(),
      (text) => /nobody announces one/.test(text),
    );
    await stopAt(host, LINES.callAdd);
    await host.sideBar(TITLE);
    await shown(host.view("Serving"), /TCP port \d+ \| tcp:port=/);
    await host.sideBar("Run and Debug");

    await offers.pressWelcome("Refresh");
    await shown(offers, /^App \| on \S+ · asks for a password$/);
    await guest.screenshot("network-found");
    await offers.click("App");
    await guest.quickInput.enter(PASSWORD);
    await guest.debug.stopped(LINES.callAdd, "app.js");
    await guest.debug.press("Step Over");
    await guest.debug.stopped(LINES.returnSum, "app.js");
    await host.debug.stopped(LINES.returnSum, "app.js");

    // What was hidden meanwhile knows what has become of it.
    await guest.sideBar(TITLE);
    await shown(offers, /^App \| joined · on /);
    await guest.screenshot("network-joined");
    await guest.view("Joined").action("App", "Leave");
    await guest.debug.ended();
    await guest.sideBar(TITLE);
    await shown(offers, /^App \| on /);
    await offers.click("App");
    await guest.debug.stopped(LINES.returnSum, "app.js");

    await host.debug.press("Stop");
    await guest.debug.ended();
    await guest.sideBar(TITLE);
    await offers.titleAction("Refresh");
    await until(
      "that nothing is left",
      () => offers.welcome(),
      (text) => /nobody announces one/.test(text),
    );
  },
  { parts: ["namespaces", "farLink"] },
);
