import path from "node:path";
import type { AppError } from "../../../../src/common/errors.ts";
import { Emitter } from "../../../../src/common/event.ts";
import type { IncomingMessage } from "../../../../src/dap/port.ts";
import { ChildAllowance } from "../../../../src/guest/childAllowance.ts";
import { GuestSession, type SessionStream } from "../../../../src/guest/guestSession.ts";
import { HostFiles } from "../../../../src/guest/sources/hostFiles.ts";
import type { LocalFiles } from "../../../../src/guest/sources/localFiles.ts";
import type { SourceMappingOptions } from "../../../../src/guest/sources/sourceMapping.ts";
import { type SourceHandlers, sourceHandlers } from "../../../../src/host/sourceFiles.ts";
import type { GuestLink } from "../../../../src/link/guestLink.ts";
import type { PrefetchedAnswer } from "../../../../src/link/push.ts";
import { SessionEnd } from "../fakePort.ts";
import { AppError as Refusal } from "../../../../src/common/errors.ts";

export interface Message {
  readonly seq: number;
  readonly type: string;
  readonly command?: string;
  readonly event?: string;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly arguments?: { readonly [key: string]: unknown };
  // What a message holds is the test's business.
  readonly body?: { readonly [key: string]: unknown };
}

/** A session's port, whose other end is the test. */
class FakeStream implements SessionStream {
  readonly sent: Buffer[] = [];
  readonly message = new Emitter<IncomingMessage>();
  readonly closed = new Emitter<AppError | undefined>();
  readonly onMessage = this.message.event;
  readonly onDrain = new Emitter<void>().event;
  readonly onPush = new Emitter<readonly PrefetchedAnswer[]>().event;
  readonly onClose = this.closed.event;
  started = false;
  isClosed = false;
  passedOn = 0;

  holdBack(): () => void {
    return () => this.passedOn++;
  }

  send(parts: readonly Uint8Array[]): boolean {
    this.sent.push(Buffer.concat(parts));
    return true;
  }

  start(): void {
    this.started = true;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** What is on the disk of a machine: path → content. */
export type Disk = Map<string, string>;

/** The host's side of the requests about sources, over a disk that the test writes. */
export class FakeHost {
  readonly disk: Disk = new Map();
  readonly named = new Set<string>();
  readonly roots: string[] = [];
  readonly asked: string[] = [];
  access: "view" | "control" = "control";
  /** An old host. */
  knowsSources = true;
  /** Requests wait for it. */
  gate: Promise<unknown> | undefined;
  readonly #handlers: SourceHandlers;

  constructor() {
    const read = async (file: string) => {
      const content = this.disk.get(file);
      if (content === undefined) throw new Refusal("notAvailable", "The host has no such file.");
      return Buffer.from(content);
    };
    this.#handlers = sourceHandlers(
      {
        read,
        realPath: async (file) =>
          [...this.disk.keys()].some((key) => key.startsWith(file)) ? file : undefined,
        roots: () => this.roots,
      },
      {
        names: (session, file) => this.named.has(`${session} ${file}`),
        needControl: () => {
          if (this.access === "view") throw new Refusal("notAllowed", "You may only look.");
        },
        charge: () => {},
      },
    );
  }

  /** The host's adapter names a file that is there. */
  has(file: string, content: string, named = true, session = "1"): void {
    this.disk.set(file, content);
    if (named) this.named.add(`${session} ${file}`);
  }

  readonly link: Pick<GuestLink, "request"> = {
    request: (async (method: string, params: { path: string }) => {
      this.asked.push(`${method} ${path.basename(params.path)}`);
      await this.gate;
      if (!this.knowsSources) throw new Refusal("notSupported", "This host does not know the request.");
      const handler = this.#handlers[method as keyof SourceHandlers] as (params: unknown) => unknown;
      return handler(params);
    }) as GuestLink["request"],
  };
}

/** A guest's editor in a session whose files are elsewhere. */
export class Editor {
  readonly host = new FakeHost();
  readonly session = new FakeStream();
  readonly disk: Disk = new Map();
  readonly folders: string[] = ["/ws"];
  readonly raw: Buffer[] = [];
  readonly differs: string[] = [];
  readonly closed: (AppError | undefined)[] = [];
  readonly port: SessionEnd;
  #seq = 0;
  #hostSeq = 0;
  #wake: () => void = () => {};

  constructor(options: Partial<SourceMappingOptions> = {}) {
    const local: LocalFiles = {
      folders: () => this.folders,
      read: async (file) => {
        const content = this.disk.get(file);
        return content === undefined ? undefined : Buffer.from(content);
      },
    };
    this.port = new SessionEnd(
      new GuestSession(this.session, {
        children: new ChildAllowance(),
        prefetches: false,
        sources: {
          host: new HostFiles(this.host.link),
          session: "1",
          local,
          hostSources: { kind: "uri", joinId: "j1" },
          deadlineMs: 60_000,
          onDiffers: (hostPath, localPath) => this.differs.push(`${hostPath} ${localPath}`),
          ...options,
        },
      }),
    );
    this.port.onMessage(({ body }) => {
      this.raw.push(body);
      this.#wake();
    });
    this.port.onClose((reason) => this.closed.push(reason));
    this.port.start();
    // For the answers of `stack`.
    for (let i = 0; i < 10; i++) this.ask(1, "stackTrace");
    this.session.sent.length = 0;
  }

  get got(): Message[] {
    return this.raw.map((body) => JSON.parse(body.toString()) as Message);
  }

  /** Resolves when the editor has got so many messages. */
  async until(count: number): Promise<Message[]> {
    while (this.raw.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.got;
  }

  /** What the host has got. */
  get asked(): Message[] {
    return this.session.sent.map((body) => JSON.parse(body.toString()) as Message);
  }

  /** Sends a request as the editor. Returns its number. */
  request(command: string, args?: object): number {
    const seq = ++this.#seq;
    this.ask(seq, command, args);
    return seq;
  }

  ask(seq: number, command: string, args?: object): void {
    this.port.send([Buffer.from(JSON.stringify({ seq, type: "request", command, arguments: args }))]);
  }

  event(event: string, body?: object): void {
    this.fromHost({ seq: ++this.#hostSeq, type: "event", event, body });
  }

  respond(requestSeq: number, command: string, body?: object, success = true): void {
    this.fromHost({
      seq: ++this.#hostSeq,
      type: "response",
      request_seq: requestSeq,
      success,
      command,
      body,
    });
  }

  fromHost(message: object): void {
    this.session.message.fire({ body: Buffer.from(JSON.stringify(message)) });
  }

  stack(...paths: string[]): void {
    const stackFrames = paths.map((file, id) => ({
      id,
      name: "f",
      line: 1,
      source: { name: "x", path: file },
    }));
    this.respond(1, "stackTrace", { stackFrames });
  }

  /** Lets all that is under way and depends on nothing outside come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The paths of the frames of a stackTrace response. */
export function pathsOf(message: Message | undefined): unknown[] {
  return sourcesOf(message).map(({ path: file }) => file);
}

export function sourcesOf(
  message: Message | undefined,
): { path?: string; sourceReference?: number; name?: string }[] {
  const frames = message?.body?.["stackFrames"] as { source: { path?: string; sourceReference?: number } }[];
  return frames.map(({ source }) => source);
}
