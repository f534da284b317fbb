import path from "node:path";
import type { HostedServer } from "../../host/sessionHost.ts";
import { print } from "../output.ts";
import { paint } from "./screen.ts";

/** How to join from one's own editor, by the server that speaks TCP and by the one that has a pipe. */
export function invite(file: string, tcp: HostedServer, pipe: HostedServer, stays: boolean): void {
  const port = tcp.server.address.kind === "tcp" ? tcp.server.address.ports.first : 0;
  const self = invocation();
  const lines: [title: string, ...lines: string[]][] = [
    ["the program", file],
    [
      "VS Code, in launch.json",
      `{ "type": "node", "request": "attach", "name": "Join", "debugServer": ${port} }`,
    ],
    [
      "Neovim, with nvim-dap",
      `:lua require("dap").adapters.join = { type = "server", host = "127.0.0.1", port = ${port} }`,
      ':lua require("dap").run({ type = "join", request = "attach", name = "Join" })',
    ],
    ["any client of DAP", `host 127.0.0.1, port ${port}, request "attach"`],
    ["an editor that starts adapters", `${self} join "${pipe.join}"`],
    ["what runs on this machine", `${self} list`],
  ];
  print("");
  print(
    paint(
      "bold",
      stays ? "Now join from your own editor:" : "At a terminal, you could now join from your own editor:",
    ),
  );
  for (const [title, ...rest] of lines) {
    print(`   ${title}`);
    for (const line of rest) print(`      ${paint("green", line)}`);
  }
  if (stays) print(`\n${paint("bold", "What Ana and Ben see goes on below.")} Ctrl+C ends it.\n`);
}

/** The program by the name under which it was called. */
function invocation(): string {
  const script = process.argv[1] ?? "";
  return script.endsWith(".cjs") ? `node ${path.relative(process.cwd(), script)}` : "debug-server";
}
