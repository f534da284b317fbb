import net from "node:net";
import { AppError } from "../../src/common/errors.ts";
import { readLine, writeLine } from "../../src/security/password/lines.ts";
import { startLogin } from "../../src/security/password/opaque.ts";
import { openTls } from "../../src/security/tls.ts";
import { PASSWORD_MAGIC } from "../../src/transport/protocolDetection.ts";
import { tcpPeer } from "../../src/transport/peer.ts";
import { socketChannel, SOCKET_OPTIONS } from "../../src/transport/sockets.ts";

/** Like a guest, but only until the answer: by it a guesser could find out at leisure whether its guess was right. */
export async function guessOnce(port: number, from: string, signal: AbortSignal): Promise<string> {
  const socket = net.connect({ ...SOCKET_OPTIONS, port, host: "127.0.0.1", localAddress: from });
  try {
    const channel = socketChannel(socket, tcpPeer("127.0.0.1", port));
    const { stream } = await openTls(channel, { proto: "tls1.3", signal });
    const { startLoginRequest } = await startLogin("guess");
    stream.write(PASSWORD_MAGIC);
    writeLine(stream, { start: startLoginRequest, waitMs: 30_000 });
    const { code = "answered" } = await readLine(stream, signal);
    return String(code);
  } catch (thrown) {
    return AppError.from(thrown).code;
  } finally {
    socket.destroy();
  }
}

/** Guesses without pause, by so many connections at once, each from the next of the addresses; `told` gets each outcome. */
export async function guessAll(
  port: number,
  addresses: readonly string[],
  connections: number,
  signal: AbortSignal,
  told: (outcome: string) => void = () => {},
): Promise<void> {
  let next = 0;
  const guess = async () => {
    while (!signal.aborted) told(await guessOnce(port, addresses[next++ % addresses.length] ?? "", signal));
  };
  await Promise.all(Array.from({ length: connections }, guess));
}
