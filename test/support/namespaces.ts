import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./fixtures.ts";
import { TestProcess, run } from "./process.ts";

const IP = "/usr/sbin/ip";
const NAMES = "/run/netns";
const PREFIX = "dbgsrv";

/** What cleans up when a test or a bench is over. */
export interface CleanUp {
  after(action: () => Promise<void>): void;
}

let made = 0;

/**
 * A network of its own on this machine, with nothing in it but loopback: what a test does there, nobody else's network
 * sees. Needs root. It is deleted at the end of the test; one that a crash left, by the next that is made.
 */
export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static async create(context: CleanUp): Promise<Namespace> {
    await deleteLeftovers();
    const namespace = new Namespace(`${PREFIX}-${process.pid}-${made++}`);
    await run(IP, ["netns", "add", namespace.name]);
    context.after(async () => void (await run(IP, ["netns", "delete", namespace.name])));
    await namespace.run(IP, "link", "set", "lo", "up");
    return namespace;
  }

  /** The command that runs a command in here; signals reach it, because `ip` becomes it. */
  command(command: string, ...args: readonly string[]): [string, ...string[]] {
    return [IP, "netns", "exec", this.name, command, ...args];
  }

  /** Runs a command in here; resolves with its standard output, rejects if it fails. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const [first, ...rest] = this.command(command, ...args);
    return run(first, rest);
  }

  async setAddress(device: string, address: string): Promise<void> {
    await this.run(IP, "address", "add", `${address}/24`, "dev", device);
    await this.run(IP, "link", "set", device, "up", "multicast", "on");
    // Multicast goes where a route says; a machine has its default one for that.
    await this.run(IP, "route", "add", "default", "dev", device);
  }
}

/** Two networks with a cable between them. The first is at `ADDRESSES[0]`, the second at `ADDRESSES[1]`. */
export async function connected(context: CleanUp): Promise<readonly [Namespace, Namespace]> {
  const near = await Namespace.create(context);
  const far = await Namespace.create(context);
  await near.run(IP, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", far.name);
  await near.setAddress("eth0", ADDRESSES[0]);
  await far.setAddress("eth0", ADDRESSES[1]);
  return [near, far];
}

export const ADDRESSES = ["10.77.0.1", "10.77.0.2"] as const;
/** Of those that are `connectedFar`, too. */
export const ADDRESSES_6 = ["fd77::1", "fd77::2"] as const;

/** How bad a link is: each packet comes `delayMs` later, and `loss` of them (0 to 1) not at all, in each direction. */
export interface Badness {
  readonly delayMs: number;
  readonly loss: number;
  /** Which ones are lost: the same numbers in the same order. */
  readonly seed: number;
}

/**
 * As `connected`, but far away. Many kernels (this project's test machines' among them) come without netem, so the
 * packets go through a process of ours: real IP, with the kernel's own TCP at both ends (farLink.py). `silence(true)`: from
 * now on nothing passes, and nobody is told.
 */
export async function connectedFar(
  context: CleanUp,
  { delayMs, loss, seed }: Badness,
): Promise<readonly [Namespace, Namespace, silence: (isSilent: boolean) => void]> {
  const near = await Namespace.create(context);
  const far = await Namespace.create(context);
  const script = path.join(ROOT, "test/support/farLink.py");
  // A device's name has 15 characters at most.
  const devices = [near, far].map(({ name }) => name.replace(PREFIX, "ds"));
  const numbers = [delayMs / 1000, loss, seed].map(String);
  const link = new TestProcess("/usr/bin/python3", [script, ...devices, ...numbers]);
  context.after(() => link.kill());
  await link.waitLine(/^ready$/);
  for (const [i, namespace] of [near, far].entries()) {
    const device = devices[i] ?? "";
    await run(IP, ["link", "set", device, "netns", namespace.name]);
    await namespace.setAddress(device, ADDRESSES[i] ?? "");
    await namespace.run(IP, "address", "add", `${ADDRESSES_6[i] ?? ""}/64`, "dev", device, "nodad");
  }
  return [near, far, (isSilent) => link.child.kill(isSilent ? "SIGSTOP" : "SIGCONT")];
}

/** Those of processes that have gone. */
async function deleteLeftovers(): Promise<void> {
  if (!existsSync(NAMES)) return;
  for (const name of readdirSync(NAMES)) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-\\d+$`).exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    // Another test may be doing the same.
    await run(IP, ["netns", "delete", name]).catch(() => {});
  }
}
