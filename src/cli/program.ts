import { Command } from "commander";
import { PRODUCT } from "../common/product.ts";
import { addAdapter } from "./commands/adapter.ts";
import { addCert } from "./commands/cert.ts";
import { addDemo } from "./commands/demo.ts";
import { addEmbeddedAdapter } from "./commands/embeddedAdapter.ts";
import { addJoin } from "./commands/join.ts";
import { addList } from "./commands/list.ts";
import { addServe } from "./commands/serve.ts";
import type { Run } from "./failure.ts";

const EXAMPLES = `
Examples:
  debug-server demo                                       see it work
  debug-server serve -s tcp:port=5005 --node program.js   debug a Node program, with company
  debug-server serve -s tcp:port=5005 -- lldb-dap         the same with any debug adapter
  debug-server join tcp:server=devbox,port=5005           join, from an editor's configuration

"debug-server help serve" tells more of a command. Exit codes: 0 ended, 1 failed, 2 wrong usage.`;

/** The command line; parsing it throws CommanderErrors instead of ending the process. */
export function createProgram(run: Run): Command {
  const program = new Command("debug-server")
    .description("Any live debug session, joined by anyone you let in, from anywhere.")
    .version(PRODUCT.version)
    .helpCommand("help [command]", "show the help of a command")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "debug-server: ")) })
    .addHelpText("after", EXAMPLES);
  addServe(program, run);
  addAdapter(program, run);
  addJoin(program, run);
  addList(program, run);
  addCert(program, run);
  addDemo(program, run);
  addEmbeddedAdapter(program);
  return program;
}
