import type { Command } from "commander";
import type { Logger } from "../../common/logger.ts";
import { encodeJson } from "../../dap/messages.ts";
import type { DapPort } from "../../dap/port.ts";
import { EditorEndpoint } from "../../guest/editor.ts";
import type { AdapterSource } from "../../host/adapters.ts";
import { ChildSessions } from "../../host/childSessions.ts";
import type { HostedServer } from "../../host/sessionHost.ts";
import { readServers } from "../addresses.ts";
import { chooseAdapter } from "../adapterChoice.ts";
import { EXIT, type Run } from "../failure.ts";
import { defaultName } from "../../guest/identity.ts";
import { printNote, stderrLogger } from "../output.ts";
import { takeUpChild } from "../parentSession.ts";
import { PASSPHRASE_OPTION, passphraseSource } from "../passphrase.ts";
import { warnIfInsecure } from "../report.ts";
import { takePasswords } from "../secrets.ts";
import { type ServedSession, startServing } from "../serving.ts";
import { askedToEnd } from "../signals.ts";
import { openStdio, refuseEditor } from "../stdio.ts";
import { collect } from "./serve.ts";

interface AdapterCommandOptions {
  readonly server?: readonly string[];
  readonly connect?: string;
  readonly name?: string;
  readonly passphrase?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const EXAMPLES = `
Examples, as an editor's configuration would call it:
  debug-server adapter -s tcp:port=5005 -- python3 -m debugpy.adapter
  debug-server adapter -s npipe:pipe=debug -- lldb-dap

It passes the editor's session on to the real adapter, unchanged, and tells in the editor's console how to join it
(with --quiet on standard error only, and in the list of servers).
When the editor ends the session, it ends for all.`;

export function addAdapter(program: Command, run: Run): void {
  program
    .command("adapter")
    .summary("stand in front of an editor's debug adapter, so that others can join")
    .description("Is itself a debug adapter on standard input and output: put it in front of the real one.")
    .usage("-s <string> [options] -- <adapter command …>")
    .argument("[command...]", "the real debug adapter's command")
    .option(
      "-s, --server <string>",
      "where to be joined, for example tcp:port=5005; may be repeated",
      collect,
    )
    .option("--connect <host:port>", "connect to an adapter that listens, instead of starting one")
    .option(...PASSPHRASE_OPTION)
    .option("--name <name>", "how others see you", defaultName())
    .option("-q, --quiet", "do not tell in the editor's console how to join; standard error tells it")
    .option("-v, --verbose", "log what happens to standard error")
    .addHelpText("after", EXAMPLES)
    .passThroughOptions()
    .action((command: string[], options: AdapterCommandOptions) => run(() => adapter(command, options)));
}

async function adapter(command: readonly string[], options: AdapterCommandOptions): Promise<number> {
  const stdio = openStdio();
  const interrupted = askedToEnd();
  let serving: ServedSession;
  let editor: DapPort = stdio.port;
  const logger = stderrLogger(options.verbose === true);
  let children: AdapterSource;
  try {
    const addresses = await takePasswords(readServers(options.server));
    const choice = await chooseAdapter({ connect: options.connect }, command);
    children = choice.source;
    // The editor may have started this for a child session of one that runs.
    const taken = await takeUpChild(editor, choice.source, { logger, interrupted });
    if (taken === "over") {
      await stdio.flushed();
      return EXIT.ended;
    }
    editor = taken;
    serving = await startServing(choice, addresses, {
      verbose: options.verbose === true,
      certificates: { passphrase: passphraseSource(options.passphrase) },
      interrupted,
    });
  } catch (thrown) {
    await refuseEditor(new EditorEndpoint(editor), thrown);
    await stdio.flushed();
    throw thrown;
  }
  const childSessions = letEditorIn(editor, serving, children, logger, options);
  for (const hosted of serving.servers) {
    warnIfInsecure(hosted);
    printNote(invitation(hosted));
  }
  const ending = await serving.finish(interrupted);
  childSessions.dispose();
  if (!ending.expected) printNote(ending.reason);
  stdio.port.close();
  await stdio.flushed();
  return ending.expected ? EXIT.ended : EXIT.failed;
}

/**
 * The editor is the host's own client: it drives the adapter and its child sessions, and when it leaves, the session ends.
 */
function letEditorIn(
  port: DapPort,
  { host, servers }: ServedSession,
  source: AdapterSource,
  logger: Logger,
  options: AdapterCommandOptions,
): ChildSessions {
  const { sessions } = host;
  const { name = defaultName(), quiet = false } = options;
  const participant = sessions.admit({ name, address: "stdio", access: "full", isHost: true });
  const children = new ChildSessions(sessions, participant, source, logger);
  sessions.editorChildren = children;
  const client = sessions.joinRoot(port, participant);
  client.onGone(() => {
    port.close();
    sessions.leave(participant);
  });
  if (quiet) return children;
  // Not before its first answer: an editor need not listen to events until then.
  const answered = client.onAnswered(() => {
    answered.dispose();
    const output = servers.map((hosted) => `${invitation(hosted)}\n`).join("");
    client.event("output", encodeJson({ category: "console", output }));
  });
  return children;
}

function invitation({ server, join }: HostedServer): string {
  return `Debugger Server - ${server.connectionString} (join it with: debug-server join "${join}")`;
}
