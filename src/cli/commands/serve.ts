import type { Command } from "commander";
import { readServers } from "../addresses.ts";
import { type AdapterArguments, chooseAdapter } from "../adapterChoice.ts";
import { EXIT, type Run } from "../failure.ts";
import { PASSPHRASE_OPTION, passphraseSource } from "../passphrase.ts";
import { jsonReport, textReport, warnIfInsecure } from "../report.ts";
import { deserted, startServing } from "../serving.ts";
import { takePasswords } from "../secrets.ts";
import { askedToEnd } from "../signals.ts";

interface ServeOptions extends AdapterArguments {
  readonly server?: readonly string[];
  readonly passphrase?: string;
  readonly announce?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const EXAMPLES = `
Examples:
  debug-server serve -s tcp:port=5005 --node program.js argument
  debug-server serve -s tcp:port=5005 -s npipe:pipe=debug -- python3 -m debugpy.adapter
  debug-server serve -s tcp:port=5005 --launch crash.json -- lldb-dap
  debug-server serve -s tcp:port=5005 --connect localhost:4711
  debug-server serve -s tcp:port=5005,clicon=desk,password=env:PW --node program.js

The first client starts the program with its own launch configuration, unless --launch or --node says how to start
it; then it waits for the first client's breakpoints before it runs.`;

export function addServe(program: Command, run: Run): void {
  program
    .command("serve")
    .summary("debug something and let others join")
    .description(
      "Serves a debug session: runs a debug adapter (or connects to one) and lets any number of people join.",
    )
    .usage("-s <string> [options] -- <adapter command …>")
    .argument("[command...]", "the debug adapter's command, or with --node a program and its arguments")
    .option(
      "-s, --server <string>",
      "where to be joined, for example tcp:port=5005; may be repeated",
      collect,
    )
    .option("--connect <host:port>", "connect to an adapter that listens, instead of starting one")
    .option("--node", "debug a Node program with the built-in adapter")
    .option("--launch <file>", "start the session with the launch configuration in this JSON file")
    .option("--continue", "let the program run at once, instead of waiting for the first client")
    .option("--name <name>", "what lists call the session")
    .option("--announce", "announce it on the local network, unless it is hidden or for this machine only")
    .option(...PASSPHRASE_OPTION)
    .option("--json", "report on standard output as JSON, one object a line")
    .option("-v, --verbose", "log what happens, the adapter's standard error included")
    .addHelpText("after", EXAMPLES)
    .passThroughOptions()
    .action((command: string[], options: ServeOptions) => run(() => serve(command, options)));
}

/** For an option that may be repeated. */
export function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

async function serve(command: readonly string[], options: ServeOptions): Promise<number> {
  const addresses = await takePasswords(readServers(options.server));
  const choice = await chooseAdapter(options, command);
  const report = options.json === true ? jsonReport : textReport;
  const interrupted = askedToEnd();
  const serving = await startServing(choice, addresses, {
    verbose: options.verbose === true,
    certificates: { passphrase: passphraseSource(options.passphrase) },
    report,
    announce: options.announce === true,
    interrupted,
  });
  for (const hosted of serving.servers) {
    warnIfInsecure(hosted);
    report.listening(hosted);
  }
  const ending = await serving.finish(Promise.race([interrupted, deserted(serving.host)]));
  report.ended(ending);
  return ending.expected ? EXIT.ended : EXIT.failed;
}
