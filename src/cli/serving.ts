import type { ServerAddress } from "../address/model.ts";
import { AppError } from "../common/errors.ts";
import { Emitter, once } from "../common/event.ts";
import { openAdapter } from "../host/adapters.ts";
import { SessionHost, type HostedServer } from "../host/sessionHost.ts";
import { Sessions } from "../hub/sessions.ts";
import type { FindOptions } from "../security/certificates/find.ts";
import { assertServable } from "../transport/open.ts";
import type { AdapterChoice } from "./adapterChoice.ts";
import { stderrLogger } from "./output.ts";
import { type Ending, reportGuests, type Report } from "./report.ts";

/** A session that is served, as `serve`, `adapter` and `demo` run it. */
export interface ServedSession {
  readonly host: SessionHost;
  readonly servers: readonly HostedServer[];
  /**
   * Resolves when it is over, with everything cleaned up: the session has ended by itself, or its end was `asked` for.
   */
  finish(asked: Promise<Ending>): Promise<Ending>;
}

/** Starts the adapter and the servers. Rejects with an AppError, having ended what it started. */
export async function startServing(
  choice: AdapterChoice,
  addresses: readonly ServerAddress[],
  options: {
    readonly verbose: boolean;
    readonly certificates?: FindOptions;
    readonly report?: Report;
    /** On the local network. */
    readonly announce?: boolean;
    readonly interrupted: Promise<Ending>;
  },
): Promise<ServedSession> {
  const logger = stderrLogger(options.verbose);
  for (const address of addresses) assertServable(address);
  const upstream = await orInterrupted(openAdapter(choice.source, { logger }), options.interrupted);
  const startFailed = new Emitter<AppError>();
  const { start, ...rest } = choice.sessions;
  const watched = start && { ...start, onFailed: (reason: AppError) => startFailed.fire(reason) };
  const sessions = new Sessions(upstream, { ...rest, start: watched, logger });
  const host = new SessionHost(sessions, {
    logger,
    certificates: options.certificates,
    announces: () => options.announce === true,
  });
  const failed = once(startFailed.event).then(({ message }) => ({ reason: message, expected: false }));
  const ended = host.ended.then(({ reason, expected }) => ({ reason, expected }));
  if (options.report !== undefined) reportGuests(host, options.report);
  try {
    const servers = await host.serve(addresses);
    return {
      host,
      servers,
      async finish(asked) {
        const ending = await Promise.race([failed, ended, asked]);
        await host.close(ending.reason);
        return ending;
      },
    };
  } catch (thrown) {
    await host.close("It could not be served.");
    throw thrown;
  }
}

/** Resolves when no client can join any more: a participant that may has ended the last server, or it broke. */
export function deserted(host: SessionHost): Promise<Ending> {
  return new Promise((resolve) => {
    host.onServerClosed(() => {
      if (!host.serving) resolve({ reason: "No server is left to join it.", expected: true });
    });
  });
}

/** An adapter that takes its time to start does not keep anybody from giving up. */
async function orInterrupted<T>(work: Promise<T>, interrupted: Promise<Ending>): Promise<T> {
  return Promise.race([
    work,
    interrupted.then(({ reason }) => {
      throw new AppError("aborted", reason);
    }),
  ]);
}
