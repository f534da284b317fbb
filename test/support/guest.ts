import { parseClient } from "../../src/address/parse.ts";
import { EditorEndpoint } from "../../src/guest/editor.ts";
import { joinServer } from "../../src/guest/join.ts";
import { HostFiles } from "../../src/guest/sources/hostFiles.ts";
import { DiskFiles, type LocalFiles } from "../../src/guest/sources/localFiles.ts";
import type { SourceMappingOptions } from "../../src/guest/sources/sourceMapping.ts";
import { StreamPort } from "../../src/dap/streamPort.ts";
import { memoryPair } from "./memory.ts";
import { DapClient } from "./dapClient.ts";

/** A guest of the link with an editor, on a machine of its own: of this one's files it sees only those in its folder. */
export interface Guest {
  readonly client: DapClient;
  readonly leave: () => Promise<void>;
}

export async function joinAsGuest(
  port: number,
  folder: string,
  options: Partial<SourceMappingOptions> = {},
): Promise<Guest> {
  const address = parseClient(`tcp:server=127.0.0.1,port=${port}`);
  if (!address.ok) throw new Error(address.message);
  const identity = { name: "guest", client: { name: "test", version: "1" } };
  const joined = await joinServer(address.value, identity);
  const { link } = joined;
  const { id } = await joined.findSession();
  const { near, far } = memoryPair();
  const editor = new EditorEndpoint(new StreamPort(near.stream));
  editor.onGone(() => link.close());
  const session = await joined.openSession(id, {
    sources: {
      host: new HostFiles(link),
      session: id,
      local: within(folder),
      hostSources: { kind: "reference" },
      acceptSamePath: false,
      ...options,
    },
  });
  editor.join(session);
  const client = DapClient.over(far.stream, { name: "guest", checkSeq: true, onReverse: () => ({}) });
  return {
    client,
    async leave() {
      await client.request("disconnect", {});
      await client.closed;
    },
  };
}

function within(folder: string): LocalFiles {
  const disk = new DiskFiles(() => [folder]);
  return {
    folders: disk.folders,
    read: async (path) => (path.startsWith(`${folder}/`) ? disk.read(path) : undefined),
  };
}
