import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fixtures } from "./fixtures.ts";
import { TOOLS, kernelImage } from "./parts.ts";
import { TestProcess, freePort, run } from "./process.ts";

/** Something to attach to. `attach` are the arguments of lldb-dap's attach request. */
export interface Target {
  readonly attach: Readonly<Record<string, unknown>>;
  dispose(): Promise<void>;
}

/** A C program that runs on and on; `process` has printed "ready". Breakpoints: fixtures.cLoop. */
export async function liveProcess(): Promise<Target & { readonly process: TestProcess }> {
  const child = new TestProcess(fixtures.cLoop.program, []);
  await child.waitLine(/^ready$/);
  return {
    process: child,
    attach: {
      name: "live process",
      type: "lldb-dap",
      request: "attach",
      program: fixtures.cLoop.program,
      pid: child.pid,
      stopOnEntry: true,
    },
    dispose: () => child.kill(),
  };
}

/**
 * The core dump of a C program that died of SIGSEGV (fixtures.cCrash). gdb writes it, because where the kernel puts
 * cores, if anywhere, is the machine's choice (core_pattern).
 */
export async function coreDump(): Promise<Target & { readonly path: string }> {
  const directory = mkdtempSync(`${tmpdir()}/dbgsrv-core-`);
  const path = `${directory}/core`;
  const dispose = async () => rmSync(directory, { recursive: true, force: true });
  try {
    const commands = ["set debuginfod enabled off", "run", `generate-core-file ${path}`, "kill"];
    const args = commands.flatMap((command) => ["-ex", command]);
    await run("/usr/bin/gdb", ["-nx", "-batch", ...args, fixtures.cCrash.program]);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    path,
    attach: {
      name: "core dump",
      type: "lldb-dap",
      request: "attach",
      program: fixtures.cCrash.program,
      coreFile: path,
    },
    dispose,
  };
}

/** The address that the kernel itself gives a symbol, as lldb-dap spells addresses. */
export function kernelAddress(symbol: string): string {
  const map = readFileSync(`${TOOLS}/kernel/System.map`, "latin1");
  const address = new RegExp(`^(\\w+) . ${symbol}$`, "m").exec(map)?.[1];
  if (address === undefined) throw new Error(`no ${symbol} in the kernel`);
  return `0x${address.toUpperCase()}`;
}

/**
 * A Linux kernel in QEMU, before its first instruction, with QEMU's gdb stub. It is loaded where it was linked
 * (nokaslr); the debugger has no symbols. The first stop is SIGTRAP at the entry, the next one, after continue,
 * start_kernel. That breakpoint is a hardware one set by a command: the memory is not mapped yet, and
 * setInstructionBreakpoints on such an address kills lldb-dap.
 */
export async function kernel(): Promise<Target> {
  const port = await freePort();
  const qemu = new TestProcess("/usr/bin/qemu-system-x86_64", [
    ...["-machine", "pc", "-accel", "tcg", "-cpu", "qemu64", "-m", "256"],
    ...["-kernel", kernelImage(), "-append", "nokaslr panic=-1"],
    ...["-display", "none", "-serial", "none", "-qmp", "stdio", "-no-reboot"],
    ...["-gdb", `tcp:127.0.0.1:${port}`, "-S"],
  ]);
  try {
    // The greeting comes from the main loop, when the gdb stub listens already.
    await qemu.waitLine(/"QMP"/);
  } catch (error) {
    await qemu.kill();
    throw error;
  }
  return {
    attach: {
      name: "kernel",
      type: "lldb-dap",
      request: "attach",
      "gdb-remote-hostname": "127.0.0.1",
      "gdb-remote-port": port,
      postRunCommands: [`breakpoint set --hardware --address ${kernelAddress("start_kernel")}`],
      stopOnEntry: true,
      timeout: 60,
    },
    dispose: () => qemu.kill(),
  };
}
