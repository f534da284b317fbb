import assert from "node:assert/strict";
import type { AdapterEntry } from "./adapters.ts";
import type { DapClient } from "./dapClient.ts";
import { begin, setLines } from "./scenario.ts";
import type { Served } from "./served.ts";

/** One person's connections: the same one where the debuggee is no child session. */
export interface Joined {
  readonly client: DapClient;
  readonly root: DapClient;
}

/** Starts the program and runs it towards its first breakpoint; where the debuggee is a child session, in that. */
export async function launchServed(served: Served, entry: AdapterEntry): Promise<Joined> {
  const { session, adapterID } = entry;
  const root = await served.connect({ name: "first", onReverse: () => ({}) });
  const { capabilities, started } = await begin(root, adapterID, session.request, session.arguments);
  let client = root;
  if (!session.child) await setLines(root, session.fixture.source, [session.fixture.line("call")]);
  if (capabilities.supportsConfigurationDoneRequest) await root.request("configurationDone");
  assert.equal((await started).success, true);
  if (session.child) {
    client = await joinChild(served, root, entry.adapterID);
    await setLines(client, session.fixture.source, [session.fixture.line("call")]);
    await client.request("configurationDone");
  }
  return { client, root };
}

/** Follows the invitation to a child session; the configuration is the caller's to end. */
export async function joinChild(served: Served, root: DapClient, adapterID: string): Promise<DapClient> {
  const invitation = (await root.waitRequest("startDebugging")).arguments as { configuration: object };
  const child = await served.connect({ name: `${root.name} in the child`, onReverse: () => ({}) });
  await begin(child, adapterID, "attach", invitation.configuration);
  return child;
}

/** Joins the session that is under way as a client that knows nothing of it. */
export async function joinServed(served: Served, entry: AdapterEntry, name: string): Promise<Joined> {
  const root = await served.connect({ name, onReverse: () => ({}) });
  await begin(root, entry.adapterID, "attach", { type: entry.adapterID, request: "attach", name });
  await root.request("configurationDone");
  if (!entry.session.child) return { client: root, root };
  const client = await joinChild(served, root, entry.adapterID);
  await client.request("configurationDone");
  return { client, root };
}
