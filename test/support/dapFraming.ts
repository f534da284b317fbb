import type { DebugProtocol } from "@vscode/debugprotocol";

/**
 * The tests' own Content-Length framing. It shares no code with src/dap on purpose: a mistake made on both sides
 * would cancel out.
 */
export function encodeMessage(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message), "utf8");
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`, "latin1"), body]);
}

const SEPARATOR = Buffer.from("\r\n\r\n", "latin1");

/** Bytes in, messages out. After the first fault nothing more is decoded: framing cannot be found again. */
export class MessageDecoder {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 0;
  #fault: string | undefined;

  get fault(): string | undefined {
    return this.#fault;
  }

  /** Bytes of a message that has not come to its end. */
  get pendingBytes(): number {
    return this.#length;
  }

  push(chunk: Buffer): DebugProtocol.ProtocolMessage[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: DebugProtocol.ProtocolMessage[] = [];
    // Joining only once enough is there keeps a message of many megabytes from being copied for each chunk.
    while (this.#fault === undefined && this.#length >= this.#needed && this.#length > 0) {
      const bytes =
        this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
      this.#chunks = [bytes];
      const message = this.#decode(bytes);
      if (!message) break;
      messages.push(message);
    }
    return messages;
  }

  #decode(bytes: Buffer): DebugProtocol.ProtocolMessage | undefined {
    const separator = bytes.indexOf(SEPARATOR);
    if (separator < 0) {
      this.#needed = bytes.length + 1;
      if (bytes.length > 4096) this.#fault = "no end of header within 4 KiB";
      return undefined;
    }
    const header = bytes.toString("latin1", 0, separator);
    const match = /^Content-Length: *(\d+)$/im.exec(header.replaceAll("\r", ""));
    if (!match) {
      this.#fault = `bad header ${JSON.stringify(header.slice(0, 200))}`;
      return undefined;
    }
    const end = separator + SEPARATOR.length + Number(match[1]);
    this.#needed = end;
    if (bytes.length < end) return undefined;
    const text = bytes.toString("utf8", separator + SEPARATOR.length, end);
    const rest = bytes.subarray(end);
    this.#chunks = [rest];
    this.#length = rest.length;
    this.#needed = 0;
    return this.#parse(text);
  }

  #parse(text: string): DebugProtocol.ProtocolMessage | undefined {
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === "object" && value !== null && "type" in value) {
        return value as DebugProtocol.ProtocolMessage;
      }
      this.#fault = `not a message: ${text.slice(0, 200)}`;
    } catch {
      this.#fault = `not JSON: ${text.slice(0, 200)}`;
    }
    return undefined;
  }
}
