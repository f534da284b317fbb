import { LIMITS } from "../common/limits.ts";
import type { Peer } from "../transport/channel.ts";
import { peerUser } from "../transport/peerUser/peerUser.ts";

/**
 * The other user of this machine whose program is at the other end; undefined if it is this process's user, on another
 * machine, or not known. Never rejects. Every user may listen at a free port: a guest that calls one is told whom it has
 * reached, where nothing else proves it.
 */
export async function otherUser(peer: Peer): Promise<string | undefined> {
  if (!peer.local || peer.connection === undefined) return undefined;
  const found = await peerUser(peer, AbortSignal.timeout(LIMITS.admissionMs)).catch(() => undefined);
  return found?.kind === "known" && !found.isOwn ? found.user : undefined;
}
