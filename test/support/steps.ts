import type { DapClient } from "./dapClient.ts";
import { begin, inspect, setLines, type Stop } from "./scenario.ts";
import type { Fixture } from "./fixtures.ts";

/** Joins what runs already and stops it, as an editor does that opens at the breakpoint. */
export async function stopAt(client: DapClient, fixture: Fixture, mark: string): Promise<Stop> {
  await begin(client, "node", "attach", {});
  await setLines(client, fixture.source, [fixture.line(mark)]);
  await client.request("configurationDone");
  return inspect(client);
}

/** Milliseconds from a step's request. */
export interface StepTimes {
  /** Until the program is said to be stopped again: the arrow moves. */
  readonly stopped: number;
  /** Until call stack and variables are there, each asked for when the one before it has come, as editors do. */
  readonly shown: number;
}

export async function step(client: DapClient, threadId: number): Promise<StepTimes> {
  const begun = performance.now();
  await client.request("next", { threadId });
  await client.waitEvent("stopped");
  const stopped = performance.now() - begun;
  await client.request("threads");
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 20 });
  const { scopes } = await client.request("scopes", { frameId: stackFrames[0]?.id ?? 0 });
  await client.request("variables", { variablesReference: scopes[0]?.variablesReference ?? 0 });
  return { stopped, shown: performance.now() - begun };
}
