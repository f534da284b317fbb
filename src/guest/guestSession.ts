import type { Disposable } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import { Emitter, type Event } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import { type TextEdit, applyEdits } from "../dap/edits.ts";
import { encodeJson, errorOutcome, ownOutput, requestParts, responseParts } from "../dap/messages.ts";
import type { DapPort } from "../dap/port.ts";
import type { PrefetchedAnswer } from "../link/push.ts";
import type { ChildAllowance } from "./childAllowance.ts";
import { HostMessages } from "./hostMessages.ts";
import { type EditorMessage, type HostMessage, type MessageToEditor, readHostMessage } from "./messages.ts";
import { PrefetchedAnswers } from "./prefetchedAnswers.ts";
import { OrderedQueue } from "./orderedQueue.ts";
import { type MappedMessage, SourceMapping, type SourceMappingOptions } from "./sources/sourceMapping.ts";

/** The guest's end of a session's stream. */
export interface SessionStream extends DapPort {
  /** The answers that the host has prefetched (docs/PROTOCOL.md, feature `push`). */
  readonly onPush: Event<readonly PrefetchedAnswer[]>;
}

/** What an editor is put in front of. */
export interface EditorSession {
  send(message: EditorMessage): void;
  readonly onMessage: Event<MessageToEditor>;
  /** Fires once, with the reason if it was not an orderly end. No message follows. */
  readonly onClose: Event<AppError | undefined>;
  start(): void;
  close(): void;
}

export interface GuestSessionOptions {
  /** Whose files are whose; absent: the editor sees the host's paths. */
  readonly sources?: SourceMappingOptions;
  /** Told in the editor's debug console. */
  readonly notices?: Event<string>;
}

interface Parts extends GuestSessionOptions {
  readonly children: ChildAllowance;
  /** Whether the host sends a PUSH behind each stop. */
  readonly prefetches: boolean;
}

const DEADLINE_MS = 2_000;
/** When more than this waits for the host's word on a file, no message waits any longer. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Requests and answers of our own count from here, where no editor's do. */
const FIRST_SEQ = 2 ** 40;

/**
 * A session of the link as a guest has it. Each message is read once when it comes, passes these stages, and is written
 * once when it leaves:
 * - from the editor: its files become the host's (SourceMapping), what the host may answer is noted (HostMessages), a
 *   question whose answer is here is answered (PrefetchedAnswers);
 * - from the host: the closed list (HostMessages), a stop is noted (PrefetchedAnswers), its files become the editor's
 *   (SourceMapping).
 * Nothing overtakes anything in either direction. What is no DAP message of the host's ends this session, with a reason.
 */
export class GuestSession implements EditorSession {
  readonly #port: SessionStream;
  readonly #options: Parts;
  readonly #hostMessages: HostMessages;
  readonly #prefetched: PrefetchedAnswers | undefined;
  readonly #sources: SourceMapping | undefined;
  readonly #message = new Emitter<MessageToEditor>();
  readonly #close = new Emitter<AppError | undefined>();
  readonly onMessage = this.#message.event;
  readonly onClose = this.#close.event;
  // What an editor asks belongs to what it had seen by then (DapPort.holdBack): it gets nothing while its question waits.
  readonly #toEditor = new OrderedQueue({ mayRun: () => !this.#toHost.busy });
  readonly #toHost = new OrderedQueue({ onIdle: () => this.#toEditor.go() });
  readonly #passedOn: () => void;
  #heldBytes = 0;
  /** Ends each wait for the host's word on a file. */
  readonly #waits = new Set<() => void>();
  #notices: Disposable | undefined;
  #nextSeq = FIRST_SEQ;
  /** Answers of ours since the host stopped to read. */
  #unread = 0;
  /** The editor has left. */
  #hasLeft = false;
  #isOver = false;

  constructor(port: SessionStream, options: Parts) {
    this.#port = port;
    this.#options = options;
    this.#hostMessages = new HostMessages(options.children);
    if (options.prefetches)
      this.#prefetched = new PrefetchedAnswers({
        ask: (parts) => void port.send(parts),
        answer: (requestSeq, command, body) =>
          this.#respond(
            { type: "response", requestSeq, command, outcome: { success: true, body } },
            body.length,
            true,
          ),
      });
    if (options.sources !== undefined)
      this.#sources = new SourceMapping(options.sources, {
        ask: (command, args, asked) => {
          const seq = this.#nextSeq++;
          asked(seq);
          this.#hostMessages.asked(seq, command);
          port.send(requestParts(seq, command, encodeJson(args)));
        },
        inTurn: (run) => this.#toHost.add(run),
        tell: (message) => this.#tell(message),
      });
    this.#passedOn = port.holdBack?.() ?? (() => {});
    port.onDrain(() => (this.#unread = 0));
    port.onMessage(({ body }) => this.#fromHost(body));
    port.onPush((answers) => this.#prefetched?.pushed(answers));
    port.onClose((reason) => this.#end(reason));
  }

  start(): void {
    this.#notices = this.#options.notices?.((text) =>
      this.#tell({ type: "event", event: "output", body: ownOutput("console", `Debug Server: ${text}`) }),
    );
    this.#port.start();
  }

  /** The editor leaves. */
  close(): void {
    this.#hasLeft = true;
    this.#hurry();
    this.#leave();
  }

  /** From the editor. */
  send(message: EditorMessage): void {
    const turn = this.#sources === undefined ? { take: () => [] } : this.#sources.fromEditor(message);
    if (turn === undefined) return;
    this.#toHost.add(() => {
      const edits = turn.take();
      if (edits !== undefined) this.#ask(message, edits);
    }, this.#soon(turn));
  }

  #ask(message: EditorMessage, edits: readonly TextEdit[]): void {
    const parts = applyEdits(message.body, [...edits, ...this.#hostMessages.asking(message)]);
    if (this.#prefetched?.takes(message, parts) !== true) this.#port.send(parts);
  }

  #fromHost(body: Buffer): void {
    if (this.#isOver) return;
    const message = readHostMessage(body);
    if (message instanceof AppError) this.#fail(message);
    else if (message.type === "request") this.#request(message);
    else if (message.type === "response") this.#respond(message, body.length);
    else this.#event(message, body.length);
  }

  #event(message: Extract<HostMessage, { type: "event" }>, bytes: number): void {
    const passed = this.#hostMessages.event(message);
    if (passed !== undefined) this.#prefetched?.heard(message.event);
    this.#toEditorInTurn(passed, bytes);
  }

  #respond(message: Extract<HostMessage, { type: "response" }>, bytes: number, isPrefetched = false): void {
    const passed = this.#hostMessages.response(message);
    if (passed instanceof AppError) this.#fail(passed);
    else this.#toEditorInTurn(passed, bytes, isPrefetched);
  }

  #request(request: Extract<HostMessage, { type: "request" }>): void {
    const { seq, command } = request;
    const args = this.#hostMessages.request(request);
    if (args instanceof AppError) {
      this.#toEditorInTurn(undefined);
      this.#refuse(seq, command, args);
      return;
    }
    const answered = (answer: EditorMessage) => this.#toHost.add(() => this.#answered(seq, command, answer));
    this.#toEditorInTurn({ type: "request", command, args: encodeJson(args), answered });
  }

  /** Of the editor's words the host needs to know only whether it follows. */
  #answered(requestSeq: number, command: string, { seq = 0, success }: EditorMessage): void {
    if (this.#hostMessages.answered(requestSeq))
      this.#port.send(responseParts(seq, requestSeq, command, { success }));
  }

  #refuse(requestSeq: number, command: string, reason: AppError): void {
    if (this.#port.send(responseParts(this.#nextSeq++, requestSeq, command, errorOutcome(reason)))) return;
    this.#unread++;
    if (this.#unread > LIMITS.requestsUnderWay)
      this.#fail(new AppError("busy", "The host asks much, and does not read the answers."));
  }

  /** What the editor does not get counts as read in its turn, too. */
  #toEditorInTurn(message: MessageToEditor | undefined, bytes = 0, isPrefetched = false): void {
    const turn: MappedMessage<MessageToEditor> =
      message === undefined || this.#sources === undefined
        ? { take: () => message }
        : this.#sources.fromHost(message);
    this.#heldBytes += bytes;
    this.#toEditor.add(() => {
      this.#heldBytes -= bytes;
      if (!isPrefetched) this.#passedOn();
      const shown = this.#hasLeft ? undefined : turn.take();
      if (shown !== undefined) this.#tell(shown);
    }, this.#soon(turn));
    if (this.#heldBytes > HELD_BYTES) this.#hurry();
  }

  #tell(message: MessageToEditor): void {
    if (!this.#hasLeft) this.#message.fire(message);
  }

  /** Resolves with what it waits for, or when that has taken too long. */
  #soon({ until }: MappedMessage<unknown>): Promise<void> | undefined {
    if (until === undefined) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waits.delete(done);
        resolve();
      };
      const timer = setTimeout(done, this.#options.sources?.deadlineMs ?? DEADLINE_MS);
      this.#waits.add(done);
      until.then(done, done);
    });
  }

  #hurry(): void {
    for (const done of this.#waits) done();
    this.#toHost.hurry();
    this.#toEditor.hurry();
  }

  #leave(): void {
    this.#prefetched?.end();
    this.#port.close();
  }

  #fail(reason: AppError): void {
    this.#leave();
    this.#end(reason);
  }

  #end(reason: AppError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hostMessages.end();
    this.#prefetched?.end();
    this.#notices?.dispose();
    this.#hurry();
    this.#toEditor.add(() => this.#close.fire(reason));
  }
}
