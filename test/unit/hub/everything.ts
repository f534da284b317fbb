import type { Access } from "../../../src/common/access.ts";
import { REQUESTS } from "../../../src/dap/requests.ts";
import { Hub } from "../../../src/hub/hub.ts";
import { CAPABILITIES, FakeUpstream } from "./fakeUpstream.ts";
import { connect, enter } from "./memoryClient.ts";

/** Every capability that any request needs. */
export const ALL_CAPABILITIES = Object.fromEntries(
  [...REQUESTS.values()].flatMap(({ capability }) => (capability === undefined ? [] : [[capability, true]])),
);

/** Arguments that every request of DAP is content with, at the stop that `servedTo` makes. */
export const ARGUMENTS = {
  adapterID: "fake",
  threadId: 1,
  frameId: 1,
  variablesReference: 1,
  targetId: 4,
  locationReference: 6,
  source: { path: "/p/a.c" },
  breakpoints: [],
  filters: [],
  sourceReference: 0,
  line: 1,
  column: 1,
  name: "x",
  text: "x",
  value: "1",
  expression: "x",
  memoryReference: "0x1",
  count: 1,
  instructionCount: 1,
  data: "AA==",
  args: [],
  cwd: "/",
  configuration: {},
  request: "attach",
};

/** A session at a stop, of an adapter that can do everything, with a guest that has been given every kind of handle. */
export async function servedTo(access: Access) {
  const upstream = new FakeUpstream({ capabilities: { ...CAPABILITIES, ...ALL_CAPABILITIES } });
  const hub = new Hub(upstream);
  const driver = await enter(connect(hub, "driver").client);
  const { client, participant } = connect(hub, "guest", { access });
  await enter(client);
  upstream.stop();
  upstream.handlers.scopes = () => ({
    scopes: [{ name: "l", variablesReference: 1, declarationLocationReference: 6 }],
  });
  for (const [command, args] of [
    ["stackTrace", { threadId: 1 }],
    ["scopes", { frameId: 1 }],
    ["stepInTargets", { frameId: 1 }],
  ] as const) {
    await client.ok(command, args);
  }
  return { upstream, hub, driver, client, participant };
}
