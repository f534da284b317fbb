import type { DapPort } from "../../dap/port.ts";

/** The same port, with what comes from its other side changed on the way. */
export function mapMessages(port: DapPort, map: (body: Buffer) => Buffer): DapPort {
  return {
    onMessage: (listener) => port.onMessage((message) => listener({ ...message, body: map(message.body) })),
    onDrain: port.onDrain,
    onClose: port.onClose,
    send: (parts) => port.send(parts),
    start: () => port.start(),
    close: () => port.close(),
  };
}
