import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { AppError } from "../common/errors.ts";
import { type JsonObject, isObject } from "../dap/messages.ts";
import type { AdapterSource } from "../host/adapters.ts";
import type { SessionsOptions } from "../hub/sessions.ts";
import { UsageError } from "./failure.ts";

/** What the command line says of the adapter: a command, an address, or a Node program for our own. */
export interface AdapterArguments {
  readonly connect?: string;
  readonly node?: boolean;
  readonly launch?: string;
  readonly continue?: boolean;
  readonly name?: string;
}

export interface AdapterChoice {
  readonly source: AdapterSource;
  readonly sessions: Pick<SessionsOptions, "start" | "holdForClient" | "name">;
}

/** The debug type of our own adapter for Node programs. */
const NODE_TYPE = "debug-server-node";

/** Reads which adapter to serve and how its session starts. Throws a UsageError, or an AppError of the files named. */
export async function chooseAdapter(
  options: AdapterArguments,
  command: readonly string[],
): Promise<AdapterChoice> {
  const { connect, node = false, launch } = options;
  if (node && launch !== undefined)
    throw usage("--node has its own launch configuration.", "Leave out --launch.");
  if (options.continue === true && launch === undefined && !node) {
    throw usage("--continue needs --launch or --node.", "Without them the first client starts the program.");
  }
  if (node) return chooseNode(options, command);
  const source = chooseSource(connect, command);
  const configuration = launch === undefined ? undefined : await readConfiguration(launch);
  const title = source.kind === "tcp" ? `${source.host}:${source.port}` : commandTitle(source);
  return {
    source,
    sessions: {
      name: options.name ?? textOf(configuration?.name) ?? title,
      ...(configuration === undefined
        ? {}
        : startWith(configuration, path.basename(command[0] ?? ""), options)),
    },
  };
}

/** Only one way to reach an adapter can be meant. */
function chooseSource(connect: string | undefined, command: readonly string[]): AdapterSource {
  const [program, ...args] = command;
  if (connect === undefined) {
    if (program === undefined)
      throw usage("Which debug adapter?", "Write -- COMMAND, --connect HOST:PORT or --node PROGRAM.");
    return { kind: "process", command: program, args };
  }
  if (program !== undefined)
    throw usage("--connect and an adapter's command exclude each other.", "Leave out one of them.");
  return parseHostPort(connect);
}

/** `HOST:PORT`, an IPv6 address in brackets, or the port alone for this machine. */
export function parseHostPort(text: string): Extract<AdapterSource, { kind: "tcp" }> {
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    throw usage(
      `--connect ${text} is no address.`,
      "Write HOST:PORT, for example localhost:4711 or [::1]:4711.",
    );
  }
  return { kind: "tcp", host: match[1] ?? (match[2] || "localhost"), port };
}

async function chooseNode(
  options: AdapterArguments,
  [program, ...args]: readonly string[],
): Promise<AdapterChoice> {
  if (options.connect !== undefined)
    throw usage("--connect and --node exclude each other.", "Leave out one of them.");
  if (program === undefined) throw usage("--node needs a program.", "Write for example --node program.js.");
  const file = path.resolve(program);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new AppError("badArguments", `There is no program ${file}.`);
  const name = [path.basename(file), ...args].join(" ");
  const configuration = {
    type: NODE_TYPE,
    request: "launch",
    name,
    program: file,
    args,
    cwd: process.cwd(),
    stopOnEntry: false,
  };
  return {
    source: embeddedAdapter(),
    sessions: { name: options.name ?? name, ...startWith(configuration, NODE_TYPE, options) },
  };
}

/** Our own adapter, as a process of its own: a program that upsets it does not upset those who look on. */
export function embeddedAdapter(): AdapterSource {
  return { kind: "process", command: process.execPath, args: [process.argv[1] ?? "", "embedded-adapter"] };
}

function startWith(
  configuration: JsonObject,
  defaultType: string,
  options: AdapterArguments,
): Pick<SessionsOptions, "start" | "holdForClient"> {
  return {
    start: {
      request: configuration.request === "attach" ? "attach" : "launch",
      configuration,
      adapterID: textOf(configuration.type) ?? defaultType,
    },
    holdForClient: options.continue !== true,
  };
}

async function readConfiguration(file: string): Promise<JsonObject> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new AppError(
      "badArguments",
      `The launch configuration ${file} cannot be read: ${AppError.from(cause).message}.`,
      { cause },
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("badArguments", `${file} is not JSON: ${AppError.from(cause).message}.`, {
      hint: "Comments and trailing commas, as VS Code allows them, must be removed.",
      cause,
    });
  }
  const example = 'Write one configuration: { "type": …, "request": "launch", "program": … }.';
  if (!isObject(value))
    throw new AppError("badArguments", `${file} holds no launch configuration.`, { hint: example });
  if (value.request !== "launch" && value.request !== "attach") {
    const hint = Array.isArray(value.configurations)
      ? "Write one of its configurations into a file of its own."
      : example;
    throw new AppError("badArguments", `${file} has no "request" that is "launch" or "attach".`, { hint });
  }
  return value;
}

function commandTitle({ command, args }: Extract<AdapterSource, { kind: "process" }>): string {
  return [path.basename(command), ...args].join(" ");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function usage(message: string, hint: string): UsageError {
  return new UsageError(`debug-server: ${message}\n  ${hint}`);
}
