/**
 * The embedded adapter as a program of its own, without the command line: on stdio, or with `--server=PORT` on TCP, loopback
 * only; 0 is any free port. With `--mannered` it misbehaves on demand (manneredAdapter.ts).
 */
import { runEmbeddedAdapterOnStdio } from "../../src/adapter/embedded.ts";
import { AppError } from "../../src/common/errors.ts";
import { serveEmbeddedAdapter } from "./embeddedAdapterServer.ts";
import { ManneredServer } from "./manneredAdapter.ts";

const port = process.argv.map((argument) => /^--server=(\d+)$/.exec(argument)?.[1]).find(Boolean);
if (process.argv.includes("--mannered")) runEmbeddedAdapterOnStdio(new ManneredServer(() => process.exit(1)));
else if (port === undefined) runEmbeddedAdapterOnStdio();
else {
  serveEmbeddedAdapter(Number(port)).then(
    (server) => {
      process.stderr.write(`Listening on 127.0.0.1:${server.port}\n`);
      // By way of exit(): that is where launched programs are ended.
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
        process.once(signal, () => process.exit(0));
    },
    (error: unknown) => {
      process.stderr.write(`${AppError.from(error).message}\n`);
      process.exitCode = 1;
    },
  );
}
