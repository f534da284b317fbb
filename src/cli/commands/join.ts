import type { Command } from "commander";
import { format } from "../../address/format.ts";
import type { ClientAddress } from "../../address/model.ts";
import { AppError } from "../../common/errors.ts";
import { PRODUCT } from "../../common/product.ts";
import { connectionNotices } from "../../guest/connectionNotices.ts";
import { EditorEndpoint } from "../../guest/editor.ts";
import { joinServer } from "../../guest/join.ts";
import { HostFiles } from "../../guest/sources/hostFiles.ts";
import { DiskFiles } from "../../guest/sources/localFiles.ts";
import { readClient } from "../addresses.ts";
import { EXIT, type Run } from "../failure.ts";
import { readMapping } from "../mapping.ts";
import { defaultName } from "../../guest/identity.ts";
import { complain, printNote, stderrLogger } from "../output.ts";
import { PASSPHRASE_OPTION, passphraseSource } from "../passphrase.ts";
import { takePasswords } from "../secrets.ts";
import { askSecret } from "../terminal.ts";
import { askedToEnd } from "../signals.ts";
import { collect } from "./serve.ts";
import { isEditor, openStdio, refuseEditor } from "../stdio.ts";

interface JoinCommandOptions {
  readonly name?: string;
  readonly session?: string;
  readonly passphrase?: string;
  readonly map?: readonly string[];
  readonly verbose?: boolean;
}

const EXAMPLES = `
Examples, as an editor's configuration would call it:
  debug-server join tcp:server=devbox,port=5005
  debug-server join npipe:server=localhost,pipe=debug --name Kim
  debug-server join tcp:server=devbox,port=5005 --map /srv/app=/home/kim/app
  debug-server join tcp:clicon=devbox,port=5005:5010,password=env:PW

With clicon= it waits until the server there calls, on the first free port; either may be started first.

Where a file below the current directory, or at the same path, is the same as the host's, your editor gets that; where
none is, it can ask for the host's. --map says where to look besides.

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
    .option(...PASSPHRASE_OPTION)
    .option("--session <id>", "the session to join, if it is not the server's main one")
    .option("--map <folders>", "HOSTFOLDER=FOLDER: where you have the host's files; may be repeated", collect)
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
  // Without a goodbye, the host would wait for us to come back.
  void askedToEnd().then(() => editor.close());
  if (!isEditor()) printNote("debug-server join speaks the Debug Adapter Protocol: let an editor start it.");
  try {
    const mappings = (options.map ?? []).map(readMapping);
    const [address = readClient(text)] = await takePasswords([readClient(text)]);
    const joined = await joinServer(
      address,
      { name: options.name ?? defaultName(), client: PRODUCT },
      {
        signal: givenUp.signal,
        logger: stderrLogger(options.verbose === true),
        certificates: { passphrase: passphraseSource(options.passphrase) },
        askPassword: (again) => askPassword(address, again, givenUp.signal),
        onWait: ({ message }) => printNote(message ?? "Waiting to be let in."),
      },
    );
    const { id } = await joined.findSession(options.session, { signal: givenUp.signal });
    editor.join(
      await joined.openSession(id, {
        signal: givenUp.signal,
        notices: connectionNotices(joined),
        sources: {
          host: new HostFiles(joined.link),
          session: id,
          local: new DiskFiles(),
          mappings,
          hostSources: { kind: "reference" },
        },
      }),
      () => joined.link.connection.isAway,
    );
    await gone;
    joined.link.close();
    await joined.link.connection.gone;
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

/** Undefined where there is no terminal: then the server's own words say what is missing. */
async function askPassword(
  address: ClientAddress,
  again: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const where = format(address, { secrets: "mask" });
  try {
    return await askSecret(`${again ? "That password is wrong. " : ""}Password of ${where}:`, {
      instead: "",
      signal,
    });
  } catch (thrown) {
    if (AppError.from(thrown).code === "notAvailable") return undefined;
    throw thrown;
  }
}
