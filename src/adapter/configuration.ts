import { existsSync, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { AppError } from "../common/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Coordinates } from "./coordinates.ts";
import type { LaunchOptions } from "./debuggee.ts";

export interface LaunchConfiguration extends LaunchOptions {
  readonly request: "launch";
  readonly noDebug: boolean;
  readonly stopOnEntry: boolean;
}

export interface AttachConfiguration {
  readonly request: "attach";
  readonly host: string;
  readonly port: number;
  /** How long to wait for the inspector to appear, milliseconds. */
  readonly timeout: number;
  /**
   * What to do with a program that was started with --inspect-brk and still waits. Undefined: report its entry.
   * True: stop a program that is running, too.
   */
  readonly stopOnEntry: boolean | undefined;
}

export function readLaunch(args: Arguments, coordinates: Coordinates): LaunchConfiguration {
  const cwdArgument = args.optionalString("cwd");
  const cwd = cwdArgument === undefined ? undefined : resolve(coordinates.pathFromClient(cwdArgument));
  if (cwd !== undefined && !(existsSync(cwd) && statSync(cwd).isDirectory())) {
    throw new AppError("badArguments", `launch: "cwd" is not a directory: ${cwd}.`);
  }
  const given = coordinates.pathFromClient(args.string("program"));
  const program = isAbsolute(given) ? given : resolve(cwd ?? process.cwd(), given);
  if (!existsSync(program)) {
    throw new AppError("badArguments", `launch: "program" does not exist: ${program}.`);
  }
  return {
    request: "launch",
    program,
    args: args.optionalStrings("args") ?? [],
    cwd: cwd ?? process.cwd(),
    env: args.optionalEnvironment("env") ?? {},
    runtimeExecutable: args.optionalString("runtimeExecutable") ?? defaultRuntime(),
    runtimeArgs: args.optionalStrings("runtimeArgs") ?? [],
    noDebug: args.optionalBoolean("noDebug") ?? false,
    stopOnEntry: args.optionalBoolean("stopOnEntry") ?? false,
  };
}

export function readAttach(args: Arguments): AttachConfiguration {
  const port = args.integer("port");
  if (port < 1 || port > 65535) throw new AppError("badArguments", 'attach: "port" must be from 1 to 65535.');
  return {
    request: "attach",
    host: args.optionalString("host") ?? "127.0.0.1",
    port,
    timeout: args.optionalInteger("timeout") ?? 10_000,
    stopOnEntry: args.optionalBoolean("stopOnEntry"),
  };
}

/** The Node that runs us; in an editor that is no Node, so the one on the PATH. */
function defaultRuntime(): string {
  return process.versions.electron === undefined ? process.execPath : "node";
}
