import type { Command } from "commander";
import { PRODUCT } from "../../common/product.ts";
import { EditorEndpoint } from "../../guest/editor.ts";
import { joinServer } from "../../guest/join.ts";
import { readClient } from "../addresses.ts";
import { EXIT } from "../failure.ts";
import { defaultName } from "../../guest/identity.ts";
import { complain, note, stderrLogger } from "../output.ts";
import type { Run } from "../program.ts";
import { isEditor, openStdio, refuseEditor } from "../stdio.ts";

interface JoinCommandOptions {
  readonly name?: string;
  readonly session?: string;
  readonly verbose?: boolean;
}

const EXAMPLES = `
Examples, as an editor's configuration would call it:
  debug-server join tcp:server=devbox,port=5005
  debug-server join npipe:server=localhost,pipe=debug --name Kim

An editor that can connect to a port needs no "join": a tcp server without a password speaks plain DAP as well.`;

export function addJoin(program: Command, run: Run): void {
  program
    .command("join")
    .summary("join a served session from any editor")
    .description(
      "Is a debug adapter on standard input and output that joins a session which somebody serves.",
    )
    .usage('"<string>" [options]')
    .argument("<string>", "the server's address, for example tcp:server=devbox,port=5005")
    .option("--name <name>", "how others see you; name= in the address goes before it", defaultName())
    .option("--session <id>", "the session to join, if it is not the server's main one")
    .option("-v, --verbose", "log what happens to standard error")
    .addHelpText("after", EXAMPLES)
    .action((text: string, options: JoinCommandOptions) => run(() => join(text, options)));
}

async function join(text: string, options: JoinCommandOptions): Promise<number> {
  const stdio = openStdio();
  const editor = new EditorEndpoint(stdio.port);
  const gone = new Promise<void>((resolve) => editor.onGone(resolve));
  const givenUp = new AbortController();
  editor.onGone(() => givenUp.abort());
  if (!isEditor()) note("debug-server join speaks the Debug Adapter Protocol: let an editor start it.");
  try {
    const joined = await joinServer(
      readClient(text),
      { name: options.name ?? defaultName(), client: PRODUCT },
      {
        signal: givenUp.signal,
        logger: stderrLogger(options.verbose === true),
        onWait: ({ message }) => note(message ?? "Waiting to be let in."),
      },
    );
    editor.join(await joined.openSession(options.session, { signal: givenUp.signal }));
    await gone;
    joined.link.close();
  } catch (thrown) {
    if (editor.gone) return EXIT.ended;
    await refuseEditor(editor, thrown);
    await stdio.flushed();
    throw thrown;
  }
  await stdio.flushed();
  if (editor.failure === undefined) return EXIT.ended;
  complain(editor.failure);
  return EXIT.failed;
}
