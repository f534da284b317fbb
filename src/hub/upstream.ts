import { AppError } from "../common/errors.ts";
import { LIMITS } from "../common/limits.ts";
import type { Disposable } from "../common/disposable.ts";
import type { Event } from "../common/event.ts";
import type { Outcome } from "../dap/messages.ts";

/** An event of the adapter, its body as it came. */
export interface AdapterEvent {
  readonly event: string;
  readonly body: Buffer | undefined;
  /** Its members beside the body, as JSON text to append (dap/envelope.ts). */
  readonly rest?: Buffer | undefined;
}

/** A request of the adapter to its client (DAP: reverse request). Answered once; later answers are dropped. */
export interface ReverseRequest {
  readonly command: string;
  readonly args: Buffer | undefined;
  /** Its members beside the arguments. */
  readonly rest?: Buffer | undefined;
  answer(outcome: Outcome): void;
}

/** Why there is no adapter any more. `expected`: it ended as adapters do when their session is over. */
export interface UpstreamEnd {
  readonly expected: boolean;
  /** One line for people. */
  readonly reason: string;
}

/**
 * The one adapter of a hub. Answers and events are delivered synchronously in the order in which the adapter sent
 * them: an answer must not overtake the event before it.
 */
export interface Upstream extends Disposable {
  /** The names by which its kind of adapter may be known (command, debug type). */
  readonly names: readonly string[];
  readonly onEvent: Event<AdapterEvent>;
  readonly onRequest: Event<ReverseRequest>;
  /** Fires once. Every request under way has been answered with an error before. */
  readonly onEnd: Event<UpstreamEnd>;
  /** Starts to deliver: nothing is lost between construction and this call. */
  start(): void;
  /**
   * Sends a request; `answer` is called exactly once. Returns the sequence number that the adapter knows it by,
   * for `cancel`. `guests`: of a list of breakpoints, for each the participant whose it is, undefined for the host's;
   * for a window that shows them. `whole`: the answer is wanted however large it is, since a local editor asks.
   */
  request(
    command: string,
    args: Buffer | undefined,
    answer: (outcome: Outcome) => void,
    guests?: readonly (number | undefined)[],
    whole?: boolean,
  ): number;
  /** Opens an adapter for a child session that this one asked to start. */
  openChild(configuration: Readonly<Record<string, unknown>>): Promise<Upstream>;
}

/** For who may not have the answer that an adapter has given. */
export function answerTooLarge(bytes: number): AppError {
  return new AppError(
    "tooLarge",
    `The debug adapter's answer has ${bytes} bytes, more than the ${LIMITS.messageBytes} that are allowed.`,
    { hint: "Ask for less at a time." },
  );
}
