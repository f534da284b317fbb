import { readdir } from "node:fs/promises";
import { DisposableStore } from "../common/disposable.ts";
import { AppError } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { LIMITS } from "../common/limits.ts";
import type { Logger } from "../common/logger.ts";
import { takesOffer } from "../dap/childOffer.ts";
import { JsonValue, applyEdits } from "../dap/edits.ts";
import { isObject, objects, parseObject, readClientMessage } from "../dap/messages.ts";
import type { DapPort, IncomingMessage } from "../dap/port.ts";
import { StreamPort } from "../dap/streamPort.ts";
import { boundedSender } from "../guest/editor.ts";
import type { AdapterSource } from "../host/adapters.ts";
import { type OfferedChildren, childPipePrefix } from "../host/childSessions.ts";
import type { Channel } from "../transport/channel.ts";
import { connectPipe } from "../transport/pipe.ts";
import { readUntil } from "../transport/readUntil.ts";
import { userDirectories } from "../transport/userDirectory.ts";
import type { Ending } from "./report.ts";
import { asNumber } from "../common/values.ts";

/** How long a process of this user may take to say which child sessions it has. */
const ANSWER_MS = 2_000;
const NEWLINE = 0x0a;
const OFFERS_BYTES = 4 * 1024 * 1024;

type Offers = OfferedChildren["offers"];

export interface TakeUpOptions {
  readonly logger: Logger;
  readonly interrupted: Promise<Ending>;
}

/**
 * Editors that start adapters start the same command once more for a child session. So where a process in front of the same
 * adapter has offered its editor one, what our editor says goes there, until its `launch` or `attach` shows whether that child is what
 * it wants. Resolves with `over` when it was, and has ended; else with the port at which the editor waits for an adapter.
 */
export async function takeUpChild(
  editor: DapPort,
  source: AdapterSource,
  { logger, interrupted }: TakeUpOptions,
): Promise<"over" | DapPort> {
  for (const name of await pipesOf(source)) {
    const found = await askFor(name).catch((thrown: unknown) => {
      logger.log("debug", `${name}: ${AppError.from(thrown).toLine()}`);
      return undefined;
    });
    if (found === undefined) continue;
    logger.log("info", `Child sessions of ${name} are waited for; this may be one of them.`);
    return new TakingUp(editor, found.channel, found.offers, interrupted).decided;
  }
  return editor;
}

async function pipesOf(source: AdapterSource): Promise<string[]> {
  const prefix = childPipePrefix(source);
  const isWindows = process.platform === "win32";
  const folders = isWindows ? ["\\\\.\\pipe\\"] : await userDirectories();
  const found = await Promise.all(folders.map((folder) => readdir(folder).catch((): string[] => [])));
  const names = found.flat().filter((name) => name.startsWith(prefix));
  if (isWindows) return names;
  return names.filter((name) => name.endsWith(".sock")).map((name) => name.slice(0, -".sock".length));
}

/** Rejects where no child session is waited for, or no process answers. */
async function askFor(name: string): Promise<{ readonly channel: Channel; readonly offers: Offers }> {
  const channel = await connectPipe({ name, timeoutMs: ANSWER_MS });
  try {
    const line = await readUntil(
      channel.stream,
      AbortSignal.timeout(ANSWER_MS),
      "before it said which child sessions it has",
      (seen) => {
        const end = seen.indexOf(NEWLINE);
        if (end < 0 && seen.length > OFFERS_BYTES) throw new AppError("protocol", "Too many child sessions.");
        return end < 0 ? undefined : { value: seen.subarray(0, end), used: end + 1 };
      },
    );
    return { channel, offers: readOffers(line) };
  } catch (thrown) {
    channel.stream.destroy();
    throw thrown;
  }
}

function readOffers(line: Buffer): Offers {
  return objects(parseObject(line).offers).flatMap(({ configuration, parentArgs }) =>
    isObject(configuration) && isObject(parentArgs) ? [{ configuration, parentArgs }] : [],
  );
}

/** An editor and the process that may have the child session that it wants. */
class TakingUp {
  readonly decided: Promise<"over" | DapPort>;
  readonly #editor: DapPort;
  readonly #child: StreamPort;
  readonly #offers: Offers;
  readonly #subscriptions = new DisposableStore();
  readonly #said: Buffer[] = [];
  readonly #answered = new Set<number>();
  #lastSeq = 0;
  #isTaken = false;
  #decide: (outcome: "over" | DapPort) => void = () => {};

  constructor(editor: DapPort, channel: Channel, offers: Offers, interrupted: Promise<Ending>) {
    this.#editor = editor;
    this.#child = new StreamPort(channel.stream);
    this.#offers = offers;
    this.decided = new Promise((resolve) => (this.#decide = resolve));
    const child = this.#child;
    const toChild = boundedSender(child, () => this.#over());
    const toEditor = boundedSender(editor, () => this.#over());
    for (const subscription of [
      editor.onMessage(({ body }) => {
        if (this.#isTaken || this.#isWanted(body)) toChild([body]);
        else this.#leave();
      }),
      editor.onClose(() => this.#over()),
      child.onMessage(({ body }) => {
        if (!this.#isTaken) this.#note(body);
        toEditor([body]);
      }),
      child.onClose(() => (this.#isTaken ? this.#over() : this.#leave())),
    ])
      this.#subscriptions.add(subscription);
    void interrupted.then(() => this.#over());
    child.start();
    editor.start();
  }

  /** False if the editor starts something else. */
  #isWanted(body: Buffer): boolean {
    this.#said.push(Buffer.from(body));
    const message = readClientMessage(body);
    if (message instanceof AppError || message.type !== "request") return true;
    if (message.command !== "launch" && message.command !== "attach") return true;
    this.#isTaken = this.#offers.some(({ configuration, parentArgs }) =>
      takesOffer(configuration, parentArgs, message.args),
    );
    return this.#isTaken;
  }

  /** What the editor has got, before it was known whether it is in the right place. */
  #note(body: Buffer): void {
    const { seq, type, request_seq: requestSeq } = parseObject(body);
    this.#lastSeq = Math.max(this.#lastSeq, asNumber(seq) || 0);
    if (type === "response") this.#answered.add(asNumber(requestSeq));
  }

  #over(): void {
    this.#subscriptions.dispose();
    this.#child.close();
    this.#editor.close();
    this.#decide("over");
  }

  #leave(): void {
    this.#subscriptions.dispose();
    this.#child.close();
    this.#decide(new BegunPort(this.#editor, this.#said, this.#answered, this.#lastSeq));
  }
}

/** An editor that has said something already, and has had answers: they are not given twice. */
class BegunPort implements DapPort {
  readonly onDrain: DapPort["onDrain"];
  readonly onClose: DapPort["onClose"];
  readonly #editor: DapPort;
  readonly #message = new Emitter<IncomingMessage>();
  readonly onMessage = this.#message.event;
  readonly #said: IncomingMessage[];
  readonly #answered: Set<number>;
  readonly #lastSeq: number;
  #isStarted = false;
  #bytes = 0;

  constructor(editor: DapPort, said: readonly Buffer[], answered: Set<number>, lastSeq: number) {
    this.#editor = editor;
    this.#said = said.map((body) => ({ body }));
    this.#answered = answered;
    this.#lastSeq = lastSeq;
    this.onDrain = editor.onDrain;
    this.onClose = editor.onClose;
    editor.onMessage(({ body }) => this.#take({ body: this.#restored(body) }));
  }

  start(): void {
    this.#isStarted = true;
    for (const message of this.#said.splice(0)) this.#message.fire(message);
  }

  send(parts: readonly Uint8Array[]): boolean {
    const body = Buffer.concat(parts);
    const message = new JsonValue(body);
    if (message.member("type")?.string === "response") {
      const answered = message.member("request_seq")?.number;
      if (answered !== undefined && this.#answered.delete(answered)) return true;
    }
    const seq = message.member("seq");
    return this.#editor.send(
      seq === undefined ? [body] : applyEdits(body, [seq.replacedBy(Number(seq.number) + this.#lastSeq)]),
    );
  }

  close(): void {
    this.#editor.close();
  }

  #take(message: IncomingMessage): void {
    if (this.#isStarted) {
      this.#message.fire(message);
      return;
    }
    this.#bytes += message.body.length;
    if (this.#bytes > LIMITS.outboxBytes) this.close();
    else this.#said.push({ body: Buffer.from(message.body) });
  }

  /** An answer of the editor's, to a request as the adapter has numbered it. */
  #restored(body: Buffer): Buffer {
    const seq = new JsonValue(body).member("request_seq");
    if (seq?.number === undefined) return body;
    return Buffer.concat(applyEdits(body, [seq.replacedBy(seq.number - this.#lastSeq)]));
  }
}
