import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";

export interface Silence {
  readonly port: number;
  readonly dispose: () => void;
}

/**
 * A server that never answers: its process is stopped and its queue is full, so the system drops what comes.
 * Only Linux is known to do that.
 */
export async function silence(host: string): Promise<Silence> {
  const code = `const s = require("net").createServer().listen(
    { port: 0, host: ${JSON.stringify(host)}, backlog: 1 }, () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const port = Number(await new Promise((resolve) => child.stdout.once("data", resolve)));
  child.kill("SIGSTOP");
  const queued: net.Socket[] = [];
  // Two fit into the queue; the third is told nothing.
  for (let i = 0; i < 2; i++) {
    const socket = net.connect({ port, host });
    queued.push(socket.on("error", () => {}));
    await once(socket, "connect");
  }
  return {
    port,
    dispose() {
      for (const socket of queued) socket.destroy();
      child.kill("SIGKILL");
    },
  };
}
