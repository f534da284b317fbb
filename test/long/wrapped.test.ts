import { PYTHON } from "../support/adapters.ts";
import { DapClient } from "../support/dapClient.ts";
import { begin } from "../support/scenario.ts";
import { e2e } from "../e2e/support/scenario.ts";
import { join, machine, person, serve } from "../e2e/support/share.ts";
import { until } from "../e2e/support/wait.ts";

const PROGRAM = `def square(n):
    result = n * n
    return result

total = 0
for i in range(1, 100):
    total += square(i)
print("total", total)
`;

const LAUNCH = {
  version: "0.2.0",
  configurations: [
    {
      type: "debug-server",
      request: "launch",
      name: "Python",
      adapter: [PYTHON, "-m", "debugpy.adapter"],
      configuration: {
        type: "python",
        request: "launch",
        program: "${workspaceFolder}/square.py",
        python: [PYTHON],
        console: "internalConsole",
      },
      server: ["npipe:pipe=wrapped_%d"],
    },
  ],
};

e2e(
  "a Python program by way of a wrapped adapter: served from the start, host and guest steer it together",
  async (t) => {
    const runtime = machine(t);
    const [host, guest] = await Promise.all([
      person(t, "Hana", { "square.py": PROGRAM, ".vscode/launch.json": LAUNCH }, { runtime }),
      person(t, "Gil", { "a.txt": "" }, { runtime }),
    ]);
    await host.editor.open("square.py");
    await host.editor.toggleBreakpoint(2);
    await host.debug.start("Python");
    await host.debug.stopped(2, "square.py");

    // Its own server is there; one more by the palette.
    await host.sideBar("Debug Server");
    await until(
      "its server",
      () => host.view("Serving").rows(),
      (rows) => rows.some(({ label, description }) => /wrapped_\d+/.test(label + description)),
    );
    const string = await serve(host);
    await join(guest, string, host);
    await guest.debug.stopped(2, "square.py");
    await guest.debug.variable("n", "1");

    await guest.debug.setVariable("n", "5");
    await host.sideBar("Run and Debug");
    await host.debug.variable("n", "5");
    await guest.debug.press("Step Over");
    await host.debug.stopped(3, "square.py");
    await host.debug.variable("result", "25");
    await guest.editor.toggleBreakpoint(3);
    await until(
      "the guest's breakpoint in the host's gutter",
      () => host.editor.breakpoints(),
      (lines) => lines.includes(3),
    );

    // A plain DAP client, too.
    const client = await DapClient.connect({ port: Number(/port=(\d+)/.exec(string)?.[1]) });
    const joined = begin(client, "any", "attach", {});
    await host.notifications.press(/wants to join/, "Allow Control");
    await joined;
    await client.request("configurationDone");
    await client.waitEvent("stopped");
    await client.kill();

    await host.debug.press("Stop");
    await guest.debug.ended();
    await guest.console.line("Hana ends the program.");
  },
  { parts: ["debugpy"] },
);
