import { connect, createServer } from "node:net";
import { offer } from "./rpc.ts";

/** The least that a process of Node's can do between two sockets: pass on the bytes. The floor for ours. */
const methods = {
  listen: ({ port }: { port: number }) =>
    new Promise<number>((resolve) => {
      const server = createServer({ noDelay: true }, (socket) => {
        const out = connect({ port, host: "127.0.0.1", noDelay: true });
        for (const end of [socket, out]) end.on("error", () => {});
        socket.pipe(out).pipe(socket);
      }).listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    }),
};

export type PipeMethods = typeof methods;

offer(methods);
