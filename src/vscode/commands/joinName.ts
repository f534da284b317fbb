import type { Join } from "../guest/joins.ts";

/** The host's name of the session that was joined. */
export function joinName({ joined, address }: Join): string {
  return joined.link.welcome.sessions.find(({ parent }) => parent === undefined)?.name ?? address;
}
