import { parseServer } from "../../src/address/parse.ts";
import type { Logger } from "../../src/common/logger.ts";
import { type AdapterSource, openAdapter } from "../../src/host/adapters.ts";
import { DebugServer, type DebugServerOptions } from "../../src/host/server.ts";
import { Sessions, type SessionsOptions } from "../../src/hub/sessions.ts";
import type { Upstream } from "../../src/hub/upstream.ts";
import { type AdapterEntry } from "./adapters.ts";
import { DapClient, type DapClientOptions } from "./dapClient.ts";
import { TestProcess, freePort, withDeadline } from "./process.ts";

/** A session that is served on a free TCP port, within the test's own process. */
export interface Served {
  readonly sessions: Sessions;
  readonly server: DebugServer;
  readonly port: number;
  connect(options?: DapClientOptions): Promise<DapClient>;
  /** Ends everything; resolves when the adapter has gone. */
  close(): Promise<void>;
}

export type ServeOptions = SessionsOptions & {
  readonly access?: "view" | "control" | "full";
  readonly string?: string;
} & Pick<DebugServerOptions, "admit" | "admissionMs" | "questionMs" | "sources">;

export async function serveUpstream(upstream: Upstream, options: ServeOptions = {}): Promise<Served> {
  const address = parseServer(options.string ?? `tcp:port=0,access=${options.access ?? "full"}`);
  if (!address.ok) throw new Error(address.message);
  const sessions = new Sessions(upstream, options);
  const ended = new Promise<void>((resolve) => sessions.onEnd(() => resolve()));
  const logger: Logger | undefined = options.logger;
  const { admit, admissionMs, questionMs, sources } = options;
  const server = await DebugServer.start(address.value, sessions, {
    logger,
    admit,
    admissionMs,
    questionMs,
    sources,
  });
  const port = "ports" in server.address ? server.address.ports.first : 0;
  return {
    sessions,
    server,
    port,
    connect: (clientOptions) => DapClient.connect({ port }, { checkSeq: true, ...clientOptions }),
    async close() {
      sessions.end("The test is over.");
      await withDeadline(ended, "end of the served session", 10_000);
      await server.close();
    },
  };
}

/** Serves a real adapter, started as its users start it. */
export async function serveAdapter(entry: AdapterEntry, options: ServeOptions = {}): Promise<Served> {
  const started = await adapterSource(entry);
  const served = await serveUpstream(await openAdapter(started.source), options);
  return {
    ...served,
    async close() {
      await served.close();
      await started.process?.kill();
    },
  };
}

async function adapterSource(entry: AdapterEntry): Promise<{ source: AdapterSource; process?: TestProcess }> {
  const { start } = entry;
  if (start.kind === "stdio") {
    const [command, ...args] = start.command;
    return { source: { kind: "process", command, args } };
  }
  const wanted = await freePort();
  const [command, ...args] = start.command(wanted);
  const process = new TestProcess(command, args);
  const match = start.listening === undefined ? undefined : await process.waitLine(start.listening);
  return { source: { kind: "tcp", host: "127.0.0.1", port: Number(match?.[1] ?? wanted) }, process };
}
