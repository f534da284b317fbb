import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { errorOutcome, ownOutput } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import type { EditorSession } from "./guestSession.ts";
import { EditorMessage, type MessageToEditor, messageParts } from "./messages.ts";

type Joined = Extract<State, { kind: "joined" }>;
type State =
  | { readonly kind: "waiting"; held: EditorMessage[]; bytes: number }
  | { readonly kind: "joined"; readonly session: EditorSession; readonly isAway: () => boolean }
  /** `told`: there was a session, and the editor knows that it has ended. */
  | { readonly kind: "over"; readonly reason: AppError; readonly told: boolean }
  | { readonly kind: "gone" };

/**
 * A guest's editor, which takes us for a debug adapter. Here its messages are read, and what it gets is numbered and
 * written. Until there is a session, its messages are held. Once there is none (any more), the editor is told why in its
 * own protocol, and its requests are answered, because editors wait for that.
 */
export class EditorEndpoint {
  readonly #editor: DapPort;
  readonly #gone = new Emitter<void>();
  /** Fires once, when the editor's connection is over, for any reason. */
  readonly onGone = this.#gone.event;
  #state: State = { kind: "waiting", held: [], bytes: 0 };
  #lastSeq = 0;
  /** What the editor is asked and has not answered yet, by the number that it got. */
  readonly #asked = new Map<number, (answer: EditorMessage) => void>();
  #terminated = false;
  #leaving = false;
  #failure: AppError | undefined;

  constructor(editor: DapPort) {
    this.#editor = editor;
    editor.onMessage(({ body }) => this.#fromEditor(new EditorMessage(body)));
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
  join(session: EditorSession, isAway: () => boolean = () => false): void {
    if (this.#state.kind !== "waiting") {
      session.close();
      return;
    }
    const { held } = this.#state;
    this.#state = { kind: "joined", session, isAway };
    const toEditor = boundedSender(this.#editor, () =>
      this.#giveUp("The editor does not read what it is sent."),
    );
    session.onMessage((message) => {
      if (message.type === "event" && message.event === "terminated") this.#terminated = true;
      toEditor(this.#write(message));
    });
    session.onClose((reason) => this.#sessionClosed(reason));
    for (const message of held) this.#fromEditor(message);
    session.start();
  }

  /** There will be no session: whatever the editor asks is answered with the reason. */
  refuse(reason: AppError): void {
    if (this.#state.kind !== "waiting") return;
    const { held } = this.#state;
    this.#state = { kind: "over", reason, told: false };
    this.#failure = reason;
    for (const message of held) this.#answer(message, reason, false);
  }

  /** Ends the editor's connection after what was sent. */
  close(): void {
    this.#editor.close();
    this.#editorGone();
  }

  #fromEditor(message: EditorMessage): void {
    const state = this.#state;
    if (state.kind === "joined") {
      this.#toSession(state, message);
    } else if (state.kind === "over") {
      this.#answer(message, state.reason, state.told);
    } else if (state.kind === "waiting") {
      // An editor sends little before it is answered.
      state.held.push(message);
      state.bytes += message.body.length;
      if (state.bytes > LIMITS.messageBytesBeforeAdmission)
        this.refuse(new AppError("tooLarge", "The editor sent too much before it was answered."));
    }
  }

  #toSession({ session, isAway }: Joined, message: EditorMessage): void {
    if (message.isRequest("disconnect")) this.#leaving = true;
    // An editor that leaves does not wait until the host is there again.
    if (this.#leaving && isAway())
      this.#answer(message, new AppError("aborted", "The guest has left."), true);
    // Requests are small and few; one that piles them up is cut off by the hub's limits.
    else if (message.type !== "response") session.send(message);
    else this.#answered(message);
  }

  #answered(answer: EditorMessage): void {
    const { requestSeq = 0 } = answer;
    const answered = this.#asked.get(requestSeq);
    this.#asked.delete(requestSeq);
    answered?.(answer);
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
      this.#tell({
        type: "event",
        event: "output",
        body: ownOutput("important", `Debug Server: ${reason.toLine()}`),
      });
    if (!this.#terminated) this.#tell({ type: "event", event: "terminated" });
  }

  #giveUp(message: string): void {
    if (this.#state.kind !== "joined") return;
    this.#state.session.close();
    this.#failure = new AppError("busy", message);
    this.close();
  }

  #answer({ type, seq, command }: EditorMessage, reason: AppError, told: boolean): void {
    if (type !== "request" || seq === undefined || command === undefined || this.gone) return;
    const leaves = command === "disconnect";
    // A user is not told of what they did themselves, or of each thing that their window still asks after the end.
    const showUser = !told && reason.code !== "aborted";
    const outcome = leaves ? { success: true } : errorOutcome(reason, showUser);
    this.#tell({ type: "response", requestSeq: seq, command, outcome });
    // After either of them an editor expects nothing more.
    if (leaves || command === "initialize") this.close();
  }

  #tell(message: MessageToEditor): void {
    this.#editor.send(this.#write(message));
  }

  /** What the editor gets next: DAP counts all that one side sends, by one. */
  #write(message: MessageToEditor): Buffer[] {
    const seq = ++this.#lastSeq;
    if (message.type === "request") this.#asked.set(seq, message.answered);
    return messageParts(seq, message);
  }

  #editorGone(): void {
    if (this.#state.kind === "gone") return;
    if (this.#state.kind === "joined") this.#state.session.close();
    this.#state = { kind: "gone" };
    this.#gone.fire();
  }
}

/** Sends as fast as the peer reads; one that lags behind by more than a hub would keep for it is given up. */
export function boundedSender(port: DapPort, giveUp: () => void): (parts: readonly Uint8Array[]) => void {
  let waiting = 0;
  port.onDrain(() => (waiting = 0));
  return (parts) => {
    if (waiting > LIMITS.outboxBytes) {
      giveUp();
      return;
    }
    if (!port.send(parts)) for (const { length } of parts) waiting += length;
  };
}
