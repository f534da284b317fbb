import { parseClient } from "../../src/address/parse.ts";
import type { DapPort } from "../../src/dap/port.ts";
import { StreamPort } from "../../src/dap/streamPort.ts";
import { EditorEndpoint } from "../../src/guest/editor.ts";
import type { EditorSession } from "../../src/guest/guestSession.ts";
import { type JoinOptions, type Joined, joinServer } from "../../src/guest/join.ts";
import { memoryPair } from "./memory.ts";
import { DapClient, type DapClientOptions } from "./dapClient.ts";

/** Joins over the link, within the test's own process. */
export function joinLinked(text: string, name: string, options?: JoinOptions): Promise<Joined> {
  const address = parseClient(text);
  if (!address.ok) throw new Error(address.message);
  return joinServer(address.value, { name, client: { name: "Test Editor", version: "1" } }, options);
}

/** An editor that takes part in a session of the link, as `debug-server join` lets one. */
export function editorOver(session: EditorSession, options?: DapClientOptions): DapClient {
  const { near, far } = memoryPair();
  new EditorEndpoint(new StreamPort(far.stream)).join(session);
  return DapClient.over(near.stream, { checkSeq: true, ...options });
}

/** A client to which all passes that a host sends. */
export function trustingEditorOver(port: DapPort, options?: DapClientOptions): DapClient {
  const { near, far } = memoryPair();
  const editor = new StreamPort(far.stream);
  port.onMessage(({ body }) => editor.send([body]));
  port.onClose(() => editor.close());
  editor.onMessage(({ body }) => port.send([Buffer.from(body)]));
  editor.onClose(() => port.close());
  editor.start();
  port.start();
  return DapClient.over(near.stream, { checkSeq: true, ...options });
}
