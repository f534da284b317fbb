import { isObject, objects } from "../../dap/messages.ts";
import { isListed, placeOf, setList, setResults } from "./breakpointLists.ts";
import type { GuestBreakpoints } from "./guestBreakpoints.ts";
import type { WindowSession } from "./windowSession.ts";

/**
 * A session of this window that the window does not serve: it is a guest itself, or its adapter has a hub already. It
 * gets VS Code's list of breakpoints without those of guests of other sessions.
 */
export class OtherSession {
  readonly #session: Pick<WindowSession, "tree" | "placeKey">;
  readonly #guests: GuestBreakpoints;
  /** For each altered list, by its request's number: where VS Code's items are in it. */
  readonly #altered = new Map<unknown, readonly number[]>();

  constructor(session: Pick<WindowSession, "tree" | "placeKey">, guests: GuestBreakpoints) {
    this.#session = session;
    this.#guests = guests;
  }

  /** The tracker's `onWillReceiveMessage`. */
  heardWindow(message: unknown): void {
    if (!isObject(message) || message.type !== "request" || !isObject(message.arguments)) return;
    const { command, arguments: args, seq } = message;
    if (typeof command !== "string" || !isListed(command)) return;
    const { tree } = this.#session;
    const key = this.#session.placeKey(placeOf(command, args));
    const items = objects(args.breakpoints);
    const kept = items.filter((item) => !this.#guests.isOthers(tree, key, item));
    if (kept.length === items.length) return;
    setList(args, kept);
    this.#altered.set(
      seq,
      items.map((item) => kept.indexOf(item)),
    );
  }

  /** The tracker's `onDidSendMessage`. */
  heardAdapter(message: unknown): void {
    if (!isObject(message) || message.type !== "response") return;
    const places = this.#altered.get(message.request_seq);
    if (places === undefined) return;
    this.#altered.delete(message.request_seq);
    setResults(message.body, places);
  }
}
