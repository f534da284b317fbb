import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { withDirectoryLock } from "../../../src/transport/directoryLock.ts";
import { DapClient, type DapClientOptions } from "../../support/dapClient.ts";
import { ROOT } from "../../support/fixtures.ts";
import type { CleanUp, Namespace } from "../../support/namespaces.ts";
import { TestProcess, run, withDeadline } from "../../support/process.ts";

const PROGRAM = path.join(ROOT, "dist/cli.cjs");

/** What a command said before its end. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `serve --json` that can be joined. */
export interface Serve {
  readonly process: TestProcess;
  /** The strings that join its servers, in the order of the command line. */
  readonly joins: readonly string[];
  /** Of its first tcp server. */
  readonly port: number;
  /** All that it has reported so far. */
  events(): readonly { readonly event: string; readonly [key: string]: unknown }[];
  /** The first report of that kind, past or to come. */
  reported(event: string, text?: string): Promise<string>;
}

/** The real command line, in a world of its own: its servers are not listed beside other tests'. */
export class Cli {
  readonly directory: string;
  readonly #namespace: Pick<Namespace, "command"> | undefined;
  readonly #processes: TestProcess[] = [];
  readonly #clients: DapClient[] = [];

  /** `namespace`: the network that its processes see, instead of the machine's own. */
  constructor(context: CleanUp, namespace?: Pick<Namespace, "command">) {
    this.#namespace = namespace;
    // Short: a socket's path has about a hundred bytes.
    this.directory = mkdtempSync(path.join(os.tmpdir(), "dsc-"));
    context.after(() => this.#dispose());
  }

  start(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): TestProcess {
    const [command, ...rest] = this.#command(args);
    const child = new TestProcess(command, rest, {
      cwd: options.cwd ?? ROOT,
      env: this.#env(options.env),
    });
    this.#processes.push(child);
    return child;
  }

  /** Runs a command to its end, whatever its exit code. Its input is at its end from the start. */
  async finish(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Finished> {
    const child = this.start(args, options);
    const closed = once(child.child, "close");
    child.child.stdin?.end();
    await withDeadline(closed, `the end of ${child.name}`);
    return { code: child.exit?.code ?? null, stdout: child.stdout, stderr: child.stderr };
  }

  /** Serves, and resolves when all of `strings` can be joined. */
  async serve(
    strings: readonly string[],
    rest: readonly string[],
    cwd = ROOT,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Serve> {
    const servers = strings.flatMap((string) => ["-s", string]);
    const child = this.start(["serve", "--json", ...servers, ...rest], { cwd, env });
    const events = () =>
      child.stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { event: string });
    const reported = async (event: string, text = "") =>
      (await child.waitLine(new RegExp(`^\\{"event":"${event}".*${text}.*$`)))[0];
    const lines = await Promise.all(strings.map((_, id) => reported("listening", `"id":${id},`)));
    const joins = lines.map((line) => (JSON.parse(line) as { join: string }).join);
    const tcp = joins.find((join) => join.startsWith("tcp:")) ?? "";
    return { process: child, joins, port: Number(/port=(\d+)/.exec(tcp)?.[1]), events, reported };
  }

  /** A plain DAP client of a served port. */
  async connect(port: number, options?: DapClientOptions): Promise<DapClient> {
    const client = await DapClient.connect({ port }, { checkSeq: true, ...options });
    this.#clients.push(client);
    return client;
  }

  /** An editor that has started the command as its debug adapter: `join …` or `adapter …`. */
  editor(
    args: readonly string[],
    options?: DapClientOptions,
    cwd = ROOT,
    env: NodeJS.ProcessEnv = {},
  ): DapClient {
    const [command, ...rest] = this.#command(args);
    const client = DapClient.spawn(command, rest, {
      checkSeq: true,
      ...options,
      spawn: { cwd, env: this.#env(env) },
    });
    this.#clients.push(client);
    return client;
  }

  /** The files that are left in the user's directory, without empty folders. */
  leftovers(): string[] {
    const root = path.join(this.directory, "debug-server");
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (name) => !statSync(path.join(root, name)).isDirectory(),
    );
  }

  #command(args: readonly string[]): [string, ...string[]] {
    const command = [process.execPath, PROGRAM, ...args] as const;
    return this.#namespace?.command(...command) ?? [...command];
  }

  #env(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { ...process.env, XDG_RUNTIME_DIR: this.directory, TMPDIR: this.directory, ...env };
  }

  async #dispose(): Promise<void> {
    await Promise.all(this.#clients.map((client) => end(client.process)));
    await Promise.all(this.#clients.map((client) => client.kill()));
    await Promise.all(this.#processes.map(end));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** In order first: killed at the wrong moment, an adapter leaves the program behind that it is just starting. */
async function end(child: TestProcess | undefined): Promise<void> {
  if (child === undefined) return;
  child.child.kill("SIGTERM");
  await child.waitExit(10_000).catch(() => {});
  await child.kill();
}

/** The command of an adapter that answers its first request and then nothing any more; nor does it heed its input's end. */
export function muteAdapter(directory: string): string[] {
  const file = path.join(directory, "mute.cjs");
  const answer =
    '{"seq":1,"type":"response","request_seq":1,"command":"initialize","success":true,"body":{}}';
  const lines = [
    `process.stdin.once("data", () => process.stdout.write("Content-Length: ${answer.length}\\r\\n\\r\\n" + ${JSON.stringify(answer)}));`,
    `process.stdin.resume();`,
    // Should nobody end it, it ends.
    `setTimeout(() => {}, 60_000);`,
  ];
  writeFileSync(file, lines.join("\n"));
  return [process.execPath, file];
}

/** Builds the bundles if a source is newer. Test files run at the same time: one builds, the others wait. */
export async function buildCli(): Promise<void> {
  const lock = path.join(ROOT, "node_modules/.cli-build");
  mkdirSync(path.dirname(lock), { recursive: true });
  await withDirectoryLock(lock, AbortSignal.timeout(60_000), async () => {
    const sources = readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" });
    const newest = Math.max(...sources.map((name) => statSync(path.join(ROOT, "src", name)).mtimeMs));
    const built = statSync(PROGRAM, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (built < newest) await run(process.execPath, ["esbuild.mjs"], { cwd: ROOT });
  });
}
