import { Response } from "@vscode/debugadapter";
import { ProtocolServer } from "@vscode/debugadapter/lib/protocol.js";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { AppError, type ErrorCode } from "../common/errors.ts";
import { Emitter } from "../common/event.ts";
import { EmbeddedSession } from "./session.ts";

/** Numbers of our error codes within DAP error messages. They are part of the interface: add at the end only. */
const ERROR_IDS: Readonly<Partial<Record<ErrorCode, number>>> = {
  badArguments: 2001,
  unknownCommand: 2002,
  notStopped: 2003,
  staleHandle: 2004,
  notAvailable: 2005,
  notSupported: 2006,
  connectFailed: 2007,
  adapterFailed: 2008,
  timeout: 2009,
  closed: 2010,
  busy: 2011,
};
const OTHER_ERROR_ID = 2000;

/**
 * The adapter's side of a DAP conversation. Each request gets exactly one response, whatever happens; requests are
 * worked on at the same time, so that one that takes long holds up none. After `disconnect` it is finished.
 */
export class AdapterServer extends ProtocolServer {
  protected readonly session = new EmbeddedSession((event) => this.sendEvent(event));
  readonly #finished = new Emitter<void>();
  #done = false;

  /** Fires once, when all is closed: the client has disconnected, or its stream ended or was none of DAP. */
  readonly onFinished = this.#finished.event;

  constructor() {
    super();
    this.on("close", () => this.finish());
    this.on("error", () => this.finish());
  }

  override dispose(): void {
    this.finish();
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void this.#answer(request);
  }

  protected refuse(request: DebugProtocol.Request, error: AppError): void {
    const response: DebugProtocol.Response = new Response(request);
    fail(response, error);
    this.sendResponse(response);
  }

  /** Sends nothing more. */
  protected finish(): void {
    if (this.#done) return;
    this.#done = true;
    void this.session.dispose().then(() => this.#finished.fire());
  }

  override sendEvent(event: DebugProtocol.Event): void {
    if (!this.#done) super.sendEvent(event);
  }

  override sendResponse(response: DebugProtocol.Response): void {
    if (this.#done) return;
    super.sendResponse(response);
    if (response.command === "disconnect") this.finish();
  }

  async #answer(request: DebugProtocol.Request): Promise<void> {
    try {
      const body = await this.session.handle(request.command, request.arguments);
      const response: DebugProtocol.Response = new Response(request);
      if (body !== undefined) response.body = body;
      this.sendResponse(response);
    } catch (thrown) {
      this.refuse(request, AppError.from(thrown));
    }
  }
}

function fail(response: DebugProtocol.Response, error: AppError): void {
  response.success = false;
  // DAP gives this one a meaning of its own.
  response.message = error.code === "notStopped" ? "notStopped" : error.toLine();
  const id = ERROR_IDS[error.code] ?? OTHER_ERROR_ID;
  const showUser =
    response.command === "launch" || response.command === "attach" || response.command === "restart";
  const text = error.toLine();
  const message: DebugProtocol.Message = { id, format: text, showUser };
  // Braces in `format` would be placeholders.
  if (/[{}]/.test(text)) Object.assign(message, { format: "{text}", variables: { text } });
  response.body = { error: message };
}
