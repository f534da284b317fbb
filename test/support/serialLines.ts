import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { withDeadline } from "./process.ts";
import { Noise, type WireFaults } from "./serialSimulation.ts";

/** A pair of pseudo-terminals, which stand for the serial devices at the two ends of a cable. */
export interface SerialLine {
  /** Paths of the devices. */
  readonly near: string;
  readonly far: string;
  dispose(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function socat(args: readonly string[], stdio: "ignore" | "pipe"): ChildProcess {
  const child = spawn("socat", [...args], { stdio: [stdio, stdio, "ignore"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** A pseudo-terminal. We hold it open: when its last user closes it, socat would take it for broken. */
async function hold(file: string): Promise<number> {
  const there = async () => {
    while (!existsSync(file)) await sleep(5);
  };
  await withDeadline(there(), `socat makes ${file}`);
  return openSync(file, "r+");
}

const pty = (file: string) => `pty,raw,echo=0,link=${file}`;

export interface PluggedLine extends SerialLine {
  /** Both devices go away, as USB adapters do; and come back under their names. */
  unplug(): Promise<void>;
  plugIn(): Promise<void>;
}

/** A cable that is as fast as the machine, and perfect. */
export async function serialLine(): Promise<PluggedLine> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dss-"));
  const near = path.join(directory, "near");
  const far = path.join(directory, "far");
  let child: ChildProcess | undefined;
  let held: number[] = [];
  const line = {
    near,
    far,
    async plugIn() {
      child = socat([pty(near), pty(far)], "ignore");
      held = [await hold(near), await hold(far)];
    },
    async unplug() {
      for (const fd of held.splice(0)) closeSync(fd);
      if (child !== undefined) await end(child);
      for (const file of [near, far]) rmSync(file, { force: true });
    },
    async dispose() {
      await line.unplug();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await line.plugIn();
  return line;
}

export interface NoisyLine extends SerialLine {
  readonly forth: NoisyWire;
  readonly back: NoisyWire;
  /** From now on nothing passes; or again. */
  cut(isCut: boolean): void;
}

/** A cable with a speed, which garbles, loses, doubles and delays by a seeded plan, and can be cut. */
export async function noisyLine(baud: number, forth: WireFaults, back: WireFaults): Promise<NoisyLine> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "dss-"));
  const near = path.join(directory, "near");
  const far = path.join(directory, "far");
  const ends = [near, far].map((file) => socat([pty(file), "STDIO"], "pipe"));
  const held = [await hold(near), await hold(far)];
  const [nearEnd, farEnd] = ends;
  if (!nearEnd?.stdout || !nearEnd.stdin || !farEnd?.stdout || !farEnd.stdin) throw new Error("no pipes");
  const wires = {
    forth: new NoisyWire(nearEnd.stdout, farEnd.stdin, baud, forth),
    back: new NoisyWire(farEnd.stdout, nearEnd.stdin, baud, back),
  };
  return {
    near,
    far,
    ...wires,
    cut(isCut) {
      wires.forth.isCut = wires.back.isCut = isCut;
    },
    async dispose() {
      for (const wire of Object.values(wires)) wire.dispose();
      for (const fd of held) closeSync(fd);
      await Promise.all(ends.map(end));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** So often a wire moves bytes on. */
const STEP_MS = 4;

export class NoisyWire {
  isCut = false;
  /** Bytes that have come in. */
  carried = 0;
  readonly #noise: Noise;
  readonly #from: Readable;
  readonly #to: Writable;
  readonly #bytesPerMs: number;
  readonly #timer: NodeJS.Timeout;
  #credit = 0;
  #last = performance.now();
  #heldUntil = 0;

  constructor(from: Readable, to: Writable, baud: number, faults: WireFaults) {
    this.#noise = new Noise(faults);
    this.#from = from;
    this.#to = to;
    this.#bytesPerMs = baud / 10_000;
    from.pause();
    to.on("error", () => {});
    this.#timer = setInterval(() => this.#move(), STEP_MS);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #move(): void {
    const now = performance.now();
    this.#credit = Math.min(this.#credit + (now - this.#last) * this.#bytesPerMs, 100 * this.#bytesPerMs);
    this.#last = now;
    if (now < this.#heldUntil) return;
    const length = Math.min(Math.floor(this.#credit), this.#from.readableLength);
    // The first read of an empty stream only asks for more.
    const bytes: unknown = this.#from.read(length === 0 ? undefined : length);
    if (!Buffer.isBuffer(bytes)) return;
    this.#credit -= bytes.length;
    this.carried += bytes.length;
    this.#heldUntil = now + this.#noise.jitterMs;
    if (!this.isCut) this.#to.write(this.#noise.apply(bytes));
  }
}
