import type { WaitOptions } from "../../transport/channel.ts";
import { abortable } from "../../transport/deadline.ts";
import { AppError } from "../../common/errors.ts";
import { type NetworkServer, readAdvert } from "./advert.ts";

/** A machine of the network may announce servers without end. */
const MOST = 256;

/**
 * The servers that announce themselves on the local network within `timeoutMs`, by host and session. Rejects with an
 * AppError: `notAvailable` (this machine is in no network that carries multicast, say), `aborted`.
 */
export async function discover({ timeoutMs = 3_000, signal }: WaitOptions = {}): Promise<NetworkServer[]> {
  const { browse } = await import("./mdns.ts");
  const found = new Map<string, NetworkServer>();
  const ended = new AbortController();
  const done = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, timeoutMs);
    const browsing = browse({
      found(service) {
        const server = readAdvert(service);
        if (server !== undefined && found.size < MOST) found.set(server.join, server);
      },
      lost: (service) => found.delete(readAdvert(service)?.join ?? ""),
      failed: (cause) =>
        reject(new AppError("notAvailable", "The local network cannot be asked.", { cause })),
    });
    ended.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      browsing.close();
    });
  });
  try {
    await (signal === undefined ? done : abortable(done, signal));
  } finally {
    ended.abort();
  }
  return [...found.values()].sort(
    (a, b) => a.host.localeCompare(b.host) || a.session.localeCompare(b.session),
  );
}

/** Those of a machine, by its name (with or without domain) or its address; leading backslashes are WinDbg's way. */
export function ofHost(servers: readonly NetworkServer[], host: string): NetworkServer[] {
  const wanted = host.replace(/^\\+/, "").toLowerCase();
  return servers.filter(({ host: name, address }) => {
    const at = "server" in address ? address.server : "";
    return (
      [name.toLowerCase(), at.toLowerCase()].includes(wanted) || name.toLowerCase() === wanted.split(".")[0]
    );
  });
}
