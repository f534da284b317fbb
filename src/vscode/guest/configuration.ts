import type { ClientAddress, ServerAddress } from "../../address/model.ts";
import { parseClient, parseServer } from "../../address/parse.ts";
import type { ParseFailure } from "../../address/result.ts";
import { AppError } from "../../common/errors.ts";
import { type JsonObject, isObject, objectOf } from "../../dap/messages.ts";
import { DEBUG_TYPE } from "../names.ts";

/** `localRoot` here is where the host has `remoteRoot`, as VS Code's own configurations call it. */
export interface MappingSetting {
  readonly localRoot: string;
  readonly remoteRoot: string;
}

/** What a configuration of type `debug-server` asks for. */
export type Plan =
  | {
      readonly kind: "join";
      readonly address: ClientAddress;
      readonly pathMappings: readonly MappingSetting[];
    }
  | {
      /** Another session of the server by which the parent session came: an invitation to a child session. */
      readonly kind: "child";
      readonly session: string;
      readonly pathMappings: readonly MappingSetting[];
    }
  | {
      readonly kind: "wrap";
      /** The adapter's command and its arguments. */
      readonly command: readonly [string, ...string[]];
      readonly cwd: string | undefined;
      readonly request: "launch" | "attach";
      /** What the adapter is told. */
      readonly configuration: JsonObject;
      readonly servers: readonly ServerAddress[];
    };

/** Reads a configuration. Throws an AppError that names the property and says what to write. */
export function readPlan(configuration: Readonly<JsonObject>): Plan {
  const { debugServerSession, request, remote, adapter } = configuration;
  const pathMappings = readMappings(configuration.pathMappings);
  if (typeof debugServerSession === "string")
    return { kind: "child", session: debugServerSession, pathMappings };
  if (request === "launch") return readWrap(configuration, adapter);
  if (typeof remote !== "string" || remote.trim() === "") {
    throw wrong(
      '"remote" is missing.',
      'Write the connection string that the host has given you, for example "tcp:server=HOST,port=5005".',
    );
  }
  const parsed = parseClient(remote);
  if (!parsed.ok) throw wrongString("remote", parsed);
  return { kind: "join", address: parsed.value, pathMappings };
}

/**
 * Whether a session that another one has started may be what its configuration asks for. What a host has a hand in comes
 * as a child of a session that joined it: that one may be another session of the same host, and nothing else. No parent
 * may have an adapter's command run here.
 */
export function checkParent(plan: Plan, parentType: string | undefined): AppError | undefined {
  if (plan.kind === "child")
    return parentType === DEBUG_TYPE
      ? undefined
      : new AppError("notAllowed", '"debugServerSession" is for the children of a session that was joined.', {
          hint: 'To join a server, write "remote" instead.',
        });
  if (parentType === undefined || (plan.kind === "join" && parentType !== DEBUG_TYPE)) return undefined;
  return new AppError("notAllowed", "A child session neither starts an adapter nor joins another server.", {
    hint: "Start it by itself, from launch.json.",
  });
}

function readWrap(configuration: Readonly<JsonObject>, adapter: unknown): Plan {
  const command = strings(adapter);
  const [program, ...args] = command ?? [];
  if (program === undefined) {
    throw wrong(
      '"adapter" must be the command of a debug adapter.',
      'Write for example "adapter": ["lldb-dap"].',
    );
  }
  const inner = isObject(configuration.configuration) ? configuration.configuration : undefined;
  if (inner === undefined) {
    throw wrong(
      '"configuration" is missing.',
      'Write the launch configuration that the adapter wants, for example { "request": "launch", "program": … }.',
    );
  }
  const servers = strings(configuration.server ?? []);
  if (servers === undefined)
    throw wrong('"server" must be a list of connection strings.', 'Write for example ["tcp:port=5005"].');
  return {
    kind: "wrap",
    command: [program, ...args],
    cwd: typeof configuration.cwd === "string" ? configuration.cwd : undefined,
    request: inner.request === "attach" ? "attach" : "launch",
    configuration: { name: configuration.name, ...inner },
    servers: servers.map((text) => {
      const parsed = parseServer(text);
      if (!parsed.ok) throw wrongString("server", parsed);
      return parsed.value;
    }),
  };
}

function readMappings(value: unknown): MappingSetting[] {
  if (value === undefined) return [];
  const hint =
    'Write for example "pathMappings": [{ "localRoot": "${workspaceFolder}", "remoteRoot": "/home/ana/app" }].';
  if (!Array.isArray(value)) throw wrong('"pathMappings" must be a list.', hint);
  return value.map((entry: unknown) => {
    const { localRoot, remoteRoot } = objectOf(entry);
    if (typeof localRoot !== "string" || typeof remoteRoot !== "string")
      throw wrong('Each of "pathMappings" has a "localRoot" and a "remoteRoot".', hint);
    return { localRoot, remoteRoot };
  });
}

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}

function wrong(message: string, hint: string): AppError {
  return new AppError("badArguments", message, { hint });
}

/** The string itself is not repeated: it may hold a password. */
function wrongString(property: string, { message, hint }: ParseFailure): AppError {
  return new AppError("address", `"${property}": ${message}`, { hint });
}
