import { PYTHON } from "../../support/adapters.ts";
import { freePort } from "../../support/process.ts";
import { behindFront, launching, withFrontAdapter } from "./frontAdapter.ts";
import { e2e } from "./scenario.ts";
import { join, machine, person } from "./share.ts";

const PROGRAM = `import subprocess, sys
if len(sys.argv) > 1:
    n = int(sys.argv[1])
    answer = n * 3
    print("child", answer, flush=True)
else:
    command = [sys.executable, __file__, "7"]
    subprocess.run(command, check=True)
    print("parent done", flush=True)
`;

/** debugpy in an extension; its child comes by a connection, or by the extension's command once more (`again`). */
export function frontPython(again: boolean): void {
  e2e(
    `an extension's own debugpy behind debug-server adapter: restart, a child by ${again ? "its command once more" : "a connection"}, and a guest in both`,
    async (t) => {
      const runtime = machine(t);
      const port = await freePort();
      const launch = launching({
        type: "front",
        request: "launch",
        name: "Python",
        command: behindFront(port, [PYTHON, "-m", "debugpy.adapter"]),
        again,
        program: "${workspaceFolder}/main.py",
        python: [PYTHON],
        console: "internalConsole",
        subProcess: true,
      });
      const host = await person(
        t,
        "Hana",
        { "main.py": PROGRAM, ".vscode/launch.json": launch },
        { runtime, ...(await withFrontAdapter(t)) },
      );
      await host.editor.open("main.py");
      await host.editor.toggleBreakpoint(4);
      await host.editor.toggleBreakpoint(7);
      await host.debug.start("Python");
      await host.debug.stopped(7, "main.py");
      // Elsewhere than where it stops again.
      await host.debug.press("Step Over");
      await host.debug.stopped(8, "main.py");
      // debugpy cannot restart: VS Code ends the session and starts the same command, which serves at the same port.
      await host.debug.press("Restart");
      await host.debug.stopped(7, "main.py");
      await host.debug.press("Continue");
      await host.debug.stopped(4, "main.py");
      await host.debug.variable("n", "7");
      await host.debug.press("Step Over");
      await host.debug.stopped(5, "main.py");
      await host.console.enter("answer + 1");
      await host.console.line("22");

      const guest = await person(t, "Gil", { "a.txt": "" }, { runtime });
      await join(guest, `tcp:server=localhost,port=${port}`);
      await guest.debug.stopped(5, "main.py");
      await guest.debug.variable("answer", "21");
      await guest.debug.press("Continue");
      await host.debug.ended();
      await guest.debug.ended();
    },
    { parts: ["debugpy"] },
  );
}
