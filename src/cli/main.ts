import { CommanderError } from "commander";
import { drainSerialPorts } from "../transport/serial/device.ts";
import { EXIT, exitCodeOf } from "./failure.ts";
import { complain, flushOutput, tolerateClosedOutput } from "./output.ts";
import { createProgram } from "./program.ts";
import { hideArguments } from "./secrets.ts";

/** Runs the command line and returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ended;
  const program = createProgram(async (command) => {
    exitCode = await command();
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (thrown) {
    // Commander has said itself what is wrong, or shown the help that was asked for.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ended : EXIT.usage;
    complain(thrown);
    return exitCodeOf(thrown);
  }
}

hideArguments(process.argv);
tolerateClosedOutput();
void main(process.argv).then(async (exitCode) => {
  await Promise.all([flushOutput(), drainSerialPorts()]);
  // Not by itself: sockets of guests and pipes of adapters that do not end would keep the process alive.
  process.exit(exitCode);
});
