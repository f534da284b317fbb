import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { parseJson, readAdapterMessage, scanMembers } from "../dap/envelope.ts";
import { errorOutcome, eventParts, ownOutput, readClientMessage, responseParts } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";

/** A message that may be of the kind we look for is not longer than this; all others are not looked into. */
const PEEK_BYTES = 4 * 1024;

type Joined = Extract<State, { kind: "joined" }>;
type State =
  | { readonly kind: "waiting"; held: Buffer[]; bytes: number }
  | { readonly kind: "joined"; readonly session: DapPort; readonly isAway: () => boolean }
  /** `told`: there was a session, and the editor knows that it has ended. */
  | { readonly kind: "over"; readonly reason: AppError; readonly told: boolean }
  | { readonly kind: "gone" };

/**
 * A guest's editor, which takes us for a debug adapter. Until there is a session, its messages are held; then they
 * and the session's go through as they are. Once there is none (any more), the editor is told why in its own
 * protocol, and its requests are answered, because editors wait for that.
 */
export class EditorEndpoint {
  readonly #editor: DapPort;
  readonly #gone = new Emitter<void>();
  /** Fires once, when the editor's connection is over, for any reason. */
  readonly onGone = this.#gone.event;
  #state: State = { kind: "waiting", held: [], bytes: 0 };
  /** The last message to the editor: our own ones go on from its sequence number. */
  #last: Buffer | undefined;
  #seq = 0;
  #terminated = false;
  #leaving = false;
  #failure: AppError | undefined;

  constructor(editor: DapPort) {
    this.#editor = editor;
    editor.onMessage(({ body }) => this.#fromEditor(body));
    editor.onClose(() => this.#editorGone());
    editor.start();
  }

  get gone(): boolean {
    return this.#state.kind === "gone";
  }

  /** Why the session ended for this guest alone; undefined if it ended in order. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  /**
   * Lets the editor take part in a session, from its first message on. `isAway`: whether the host is unreachable at the moment.
   */
  join(session: DapPort, isAway: () => boolean = () => false): void {
    if (this.#state.kind !== "waiting") {
      session.close();
      return;
    }
    const { held } = this.#state;
    this.#state = { kind: "joined", session, isAway };
    const toEditor = boundedSender(this.#editor, () =>
      this.#giveUp("The editor does not read what it is sent."),
    );
    session.onMessage(({ body }) => {
      this.#watch(body);
      toEditor(body);
    });
    session.onClose((reason) => this.#sessionClosed(reason));
    for (const body of held) this.#fromEditor(body);
    session.start();
  }

  /** There will be no session: whatever the editor asks is answered with the reason. */
  refuse(reason: AppError): void {
    if (this.#state.kind !== "waiting") return;
    const { held } = this.#state;
    this.#state = { kind: "over", reason, told: false };
    this.#failure = reason;
    for (const body of held) this.#answer(body, reason, false);
  }

  /** Ends the editor's connection after what was sent. */
  close(): void {
    this.#editor.close();
    this.#editorGone();
  }

  #fromEditor(body: Buffer): void {
    const state = this.#state;
    if (state.kind === "joined") {
      this.#toSession(state, body);
    } else if (state.kind === "over") {
      this.#answer(body, state.reason, state.told);
    } else if (state.kind === "waiting") {
      // Views of the read buffer would keep more than themselves; and an editor sends little before it is answered.
      state.held.push(Buffer.from(body));
      state.bytes += body.length;
      if (state.bytes > LIMITS.messageBytesBeforeAdmission)
        this.refuse(new AppError("tooLarge", "The editor sent too much before it was answered."));
    }
  }

  #toSession({ session, isAway }: Joined, body: Buffer): void {
    if (peek(body, "disconnect") && requestOf(body)?.command === "disconnect") this.#leaving = true;
    if (this.#leaving && isAway()) {
      // An editor that leaves does not wait until the host is there again.
      this.#answer(body, new AppError("aborted", "The guest has left."), true);
      return;
    }
    // Requests are small and few; one that piles them up is cut off by the hub's limits.
    session.send([body]);
  }

  /** Notes what must not be said twice, and the last sequence number. */
  #watch(body: Buffer): void {
    this.#last = body;
    if (this.#terminated || !peek(body, "terminated")) return;
    const message = readAdapterMessage(body);
    this.#terminated = message?.type === "event" && message.event === "terminated";
  }

  #sessionClosed(reason: AppError | undefined): void {
    if (this.#state.kind !== "joined") return;
    if (this.#leaving) {
      this.close();
      return;
    }
    const over = reason ?? new AppError("closed", "The debug session has ended.");
    this.#state = { kind: "over", reason: over, told: true };
    this.#failure = reason;
    if (reason !== undefined)
      this.#event("output", ownOutput("important", `Debug Server: ${reason.toLine()}`));
    if (!this.#terminated) this.#event("terminated", undefined);
  }

  #giveUp(message: string): void {
    if (this.#state.kind !== "joined") return;
    this.#state.session.close();
    this.#failure = new AppError("busy", message);
    this.close();
  }

  #answer(body: Buffer, reason: AppError, told: boolean): void {
    const request = requestOf(body);
    if (request === undefined || this.gone) return;
    const { seq, command } = request;
    const leaves = command === "disconnect";
    // A user is not told of what they did themselves, or of each thing that their window still asks after the end.
    const showUser = !told && reason.code !== "aborted";
    const outcome = leaves ? { success: true } : errorOutcome(reason, showUser);
    this.#editor.send(responseParts(this.#nextSeq(), seq, command, outcome));
    // After either of them an editor expects nothing more.
    if (leaves || command === "initialize") this.close();
  }

  #event(event: string, body: Buffer | undefined): void {
    this.#editor.send(eventParts(this.#nextSeq(), event, body));
  }

  #nextSeq(): number {
    if (this.#last !== undefined) {
      const span = scanMembers(this.#last)?.get("seq");
      const seq = span === undefined ? undefined : parseJson(this.#last.subarray(span.start, span.end));
      this.#seq = Math.max(this.#seq, typeof seq === "number" ? seq : 0);
      this.#last = undefined;
    }
    return ++this.#seq;
  }

  #editorGone(): void {
    if (this.#state.kind === "gone") return;
    if (this.#state.kind === "joined") this.#state.session.close();
    this.#state = { kind: "gone" };
    this.#gone.fire();
  }
}

function requestOf(body: Buffer): { readonly seq: number; readonly command: string } | undefined {
  const message = readClientMessage(body);
  return message instanceof AppError || message.type !== "request" ? undefined : message;
}

/** Whether it is worth a look: short, and holds the word. */
function peek(body: Buffer, word: string): boolean {
  return body.length <= PEEK_BYTES && body.includes(`"${word}"`);
}

/** Sends as fast as the peer reads; one that lags behind by more than a hub would keep for it is given up. */
export function boundedSender(port: DapPort, giveUp: () => void): (body: Buffer) => void {
  let waiting = 0;
  port.onDrain(() => (waiting = 0));
  return (body) => {
    if (waiting > LIMITS.outboxBytes) {
      giveUp();
      return;
    }
    if (!port.send([body])) waiting += body.length;
  };
}
