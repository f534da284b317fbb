import type { Command } from "commander";
import { runEmbeddedAdapterOnStdio } from "../../adapter/embedded.ts";

/** What `serve --node` starts. Not in the help: it is an adapter like others, for programs. */
export function addEmbeddedAdapter(program: Command): void {
  program
    .command("embedded-adapter", { hidden: true })
    .description("The built-in debug adapter for Node programs, on standard input and output.")
    // It ends its process by itself.
    .action(() => {
      runEmbeddedAdapterOnStdio();
      return new Promise(() => {});
    });
}
