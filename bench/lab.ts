import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { AdapterMethods } from "./adapter.ts";
import type { Scripts } from "./build.ts";
import type { ClientMethods } from "./clients.ts";
import type { HostMethods } from "./host.ts";
import type { PipeMethods } from "./pipe.ts";
import { type Methods, Remote } from "./rpc.ts";

/** One way from the clients to the adapter. */
export interface Way {
  readonly name: string;
  readonly port: number;
  readonly clients: number;
  /** Only ours. */
  readonly host: Remote<HostMethods> | undefined;
}

const SOCAT_PATIENCE_MS = 5_000;
/** The way through the host of another work tree. */
const AGAINST = "against";

/** The processes of one measurement: the adapter, the clients, and what stands between them. */
export class Lab {
  readonly adapterPort: number;
  readonly clients: Remote<ClientMethods>;
  readonly #scripts: Scripts;
  readonly #owned: (() => Promise<unknown>)[] = [];

  private constructor(scripts: Scripts, adapter: Remote<AdapterMethods>, adapterPort: number) {
    this.#scripts = scripts;
    this.adapterPort = adapterPort;
    this.clients = new Remote<ClientMethods>("clients", scripts.clients);
    this.#owned.push(
      () => adapter.close(),
      () => this.clients.close(),
    );
  }

  static async open(scripts: Scripts): Promise<Lab> {
    const adapter = new Remote<AdapterMethods>("adapter", scripts.adapter);
    return new Lab(scripts, adapter, await adapter.call("listen"));
  }

  /** Straight to the adapter. */
  direct(): Way {
    return { name: "direct", port: this.adapterPort, clients: 1, host: undefined };
  }

  /** Through a byte proxy in C; undefined where there is none. */
  async socat(): Promise<Way | undefined> {
    const port = await freePort();
    const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay`;
    const child = spawn("socat", [listen, `TCP:127.0.0.1:${this.adapterPort},nodelay`], { stdio: "ignore" });
    const missing = await new Promise<boolean>((resolve) => {
      child.once("error", () => resolve(true));
      child.once("spawn", () => resolve(false));
    });
    if (missing) return undefined;
    this.#owned.push(() => ended(child));
    await listening(port);
    return { name: "socat", port, clients: 1, host: undefined };
  }

  /** Through a byte proxy in Node. */
  async pipe(): Promise<Way> {
    const pipe = new Remote<PipeMethods>("pipe", this.#scripts.pipe);
    this.#owned.push(() => pipe.close());
    return {
      name: "node pipe",
      port: await pipe.call("listen", { port: this.adapterPort }),
      clients: 1,
      host: undefined,
    };
  }

  /** A served session for that many clients; one process each. */
  async ours(clients: number): Promise<Way> {
    return this.#served("ours", this.#scripts.host, clients);
  }

  /** All of them, without those that this machine lacks. */
  async ways(ours: readonly number[]): Promise<Way[]> {
    const socat = await this.socat();
    const ways = [this.direct(), ...(socat === undefined ? [] : [socat]), await this.pipe()];
    for (const clients of ours) {
      ways.push(await this.ours(clients));
      const { against } = this.#scripts;
      if (against !== undefined) ways.push(await this.#served(AGAINST, against, clients));
    }
    return ways;
  }

  /** One more process, which ends with the others. */
  process<M extends Methods>(name: "flooder" | "guests"): Remote<M> {
    const process = new Remote<M>(name, this.#scripts[name]);
    this.#owned.push(() => process.close());
    return process;
  }

  async #served(name: string, script: string, clients: number): Promise<Way> {
    const execArgv = ["--expose-gc", ...(process.env.BENCH_HOST_ARGV?.split(" ") ?? [])];
    const host = new Remote<HostMethods>("host", script, execArgv);
    this.#owned.push(() => host.close());
    const port = await host.call("serve", { adapterPort: this.adapterPort });
    return { name: `${name}, ${clients} client${clients === 1 ? "" : "s"}`, port, clients, host };
  }

  /** Connects all clients of a way; its name is the group's. */
  async fill(way: Way): Promise<void> {
    await this.clients.call("connect", { group: way.name, port: way.port, count: way.clients });
  }

  async close(): Promise<void> {
    await Promise.all(this.#owned.splice(0).map((close) => close()));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  const end = Date.now() + SOCAT_PATIENCE_MS;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    if (Date.now() > end) throw new Error("socat does not listen.");
    await delay(20);
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill();
  });
}

/** The name of the way with as many clients of the other work tree, if `name` is one of ours. */
export function otherThan(name: string): string | undefined {
  return name.startsWith("ours") ? name.replace("ours", AGAINST) : undefined;
}
