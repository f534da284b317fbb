import { Emitter } from "../../../src/common/event.ts";
import type { AppError } from "../../../src/common/errors.ts";
import { type JsonObject, encodeJson } from "../../../src/dap/messages.ts";
import { ChildAllowance } from "../../../src/guest/childAllowance.ts";
import { EditorEndpoint } from "../../../src/guest/editor.ts";
import { GuestSession } from "../../../src/guest/guestSession.ts";
import { HostFiles } from "../../../src/guest/sources/hostFiles.ts";
import { FakePort } from "./fakePort.ts";
import { type Disk, FakeHost } from "./sources/fakes.ts";

/** A port that tells at once what is sent to it. */
class HeardPort extends FakePort {
  readonly #hear: (message: JsonObject) => void;

  constructor(hear: (message: JsonObject) => void) {
    super();
    this.#hear = hear;
  }

  override send(parts: readonly Uint8Array[]): boolean {
    const isReady = super.send(parts);
    this.#hear(this.sent.at(-1) ?? {});
    return isReady;
  }
}

export interface Heard {
  readonly by: "editor" | "host";
  readonly message: JsonObject;
  /** How many of the host's messages count as seen. */
  readonly seen: number;
}

/** All that is between a guest's editor and the link's stream, with the test at both ends. */
export class GuestChain {
  readonly heard: Heard[] = [];
  readonly editor = new HeardPort((message) => this.#hear("editor", message));
  readonly host = new HeardPort((message) => this.#hear("host", message));
  readonly endpoint = new EditorEndpoint(this.editor);
  readonly files = new FakeHost();
  readonly disk: Disk = new Map();
  gone = 0;
  isAway = false;
  onHeard: (heard: Heard) => void = () => {};
  readonly #notices = new Emitter<string>();
  #editorSeq = 0;
  #hostSeq = 0;

  constructor() {
    this.endpoint.onGone(() => this.gone++);
  }

  join(): void {
    const session = new GuestSession(this.host, {
      children: new ChildAllowance(),
      prefetches: true,
      notices: this.#notices.event,
      sources: {
        host: new HostFiles(this.files.link),
        session: "1",
        local: {
          folders: () => ["/ws"],
          read: async (file) => {
            const content = this.disk.get(file);
            return content === undefined ? undefined : Buffer.from(content);
          },
        },
        hostSources: { kind: "uri", joinId: "j1" },
        deadlineMs: 60_000,
      },
    });
    this.endpoint.join(session, () => this.isAway);
  }

  /** The editor asks. Returns its number. */
  ask(command: string, args?: object): number {
    const seq = ++this.#editorSeq;
    this.editor.come({ seq, type: "request", command, arguments: args });
    return seq;
  }

  /** The editor answers a request of the host's, by the number that it was given. */
  reply(requestSeq: unknown, command: string, success = true): void {
    const seq = ++this.#editorSeq;
    this.editor.come({ seq, type: "response", request_seq: requestSeq, command, success });
  }

  event(event: string, body?: object): void {
    this.host.come({ seq: ++this.#hostSeq, type: "event", event, body });
  }

  answer(requestSeq: number, command: string, body?: object, more: object = { success: true }): void {
    const seq = ++this.#hostSeq;
    this.host.come({ seq, type: "response", request_seq: requestSeq, command, body, ...more });
  }

  /** The host asks. Returns its number. */
  hostAsks(command: string, args: object = {}): number {
    const seq = ++this.#hostSeq;
    this.host.come({ seq, type: "request", command, arguments: args });
    return seq;
  }

  push(...answers: readonly (readonly [command: string, args: object, body: object])[]): void {
    this.host.push(
      answers.map(([command, args, body]) => ({
        request: encodeJson({ seq: -1, type: "request", command, arguments: args }),
        response: encodeJson({ seq: 1, type: "response", request_seq: -1, success: true, command, body }),
      })),
    );
  }

  /** The session has something to say of its connection. */
  notice(text: string): void {
    this.#notices.fire(text);
  }

  end(reason?: AppError): void {
    this.host.end(reason);
  }

  /** Lets all that is under way and depends on nothing outside come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  #hear(by: Heard["by"], message: JsonObject): void {
    const heard = { by, message, seen: this.host.passedOn };
    this.heard.push(heard);
    this.onHeard(heard);
  }
}
