import { createServer } from "node:net";
import { type EmbeddedAdapter, startEmbeddedAdapter } from "../../src/adapter/embedded.ts";
import type { Disposable } from "../../src/common/disposable.ts";

/** The adapter as a TCP server, one session a connection. Resolves with the port that it listens on. */
export function serveEmbeddedAdapter(
  port: number,
  host = "127.0.0.1",
): Promise<Disposable & { port: number }> {
  const adapters = new Set<EmbeddedAdapter>();
  const server = createServer({ noDelay: true }, (socket) => {
    const adapter = startEmbeddedAdapter(socket, socket);
    adapters.add(adapter);
    void adapter.ended.then(() => adapters.delete(adapter));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      server.on("error", () => {});
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        dispose: () => {
          server.close();
          for (const adapter of adapters) adapter.dispose();
        },
      });
    });
  });
}
