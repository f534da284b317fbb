/** `node main.ts`: the adapter on stdio. `node main.ts --server=PORT`: on TCP, loopback only; 0 is any free port. */
import { AppError } from "../common/errors.ts";
import { runEmbeddedAdapterOnStdio, serveEmbeddedAdapter } from "./embedded.ts";

const port = process.argv.map((argument) => /^--server=(\d+)$/.exec(argument)?.[1]).find(Boolean);
if (port === undefined) runEmbeddedAdapterOnStdio();
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
