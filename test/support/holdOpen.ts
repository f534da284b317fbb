import { type NetConnectOpts, type Socket, connect } from "node:net";

/**
 * So many connections to where `target` says, which say `says` and nothing more; each is dialled again as soon as it is
 * closed. Resolves when all of them have been connected, with what ends them.
 */
export async function holdOpen(
  count: number,
  target: (index: number) => NetConnectOpts,
  says: Uint8Array = Buffer.alloc(0),
): Promise<() => void> {
  const sockets = new Set<Socket>();
  let over = false;
  const dial = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(target(index));
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("connect", () => {
        if (says.length > 0) socket.write(says);
        resolve();
      });
      socket.once("close", () => {
        sockets.delete(socket);
        if (!over) setImmediate(() => void dial(index));
      });
    });
  const end = () => {
    over = true;
    for (const socket of sockets) socket.destroy();
  };
  await Promise.all(Array.from({ length: count }, (_, index) => dial(index)));
  return end;
}
