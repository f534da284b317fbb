import assert from "node:assert/strict";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { DapClient, TranscriptEntry } from "../support/dapClient.ts";
import { initializeArguments, leave } from "../support/scenario.ts";
import type { Ground } from "./grounds.ts";
import { Person, type Step, isResume, sourceOf } from "./person.ts";
import { Chooser, type Move } from "./random.ts";

/** Connections to one session: the first starts the program, the others join it. */
export interface Connections {
  /** Of the client that launches. */
  readonly driver: DapClient;
  /** For a debuggee that is a child session: another connection for that, with the child's start. */
  readonly openChild?: ((root: DapClient) => Promise<{ client: DapClient; spec: ChildStart }>) | undefined;
  /** Joins the session that stands, for each further person. Absent: all persons speak through the driver's connection. */
  readonly join?: ((name: string) => Promise<DapClient>) | undefined;
}

export interface ChildStart {
  readonly request: "launch" | "attach";
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface Plan {
  /** Chooses what comes before the first move: what the driver understands, how the program starts. */
  readonly seed: number;
  readonly people: number;
  readonly moves: readonly Move[];
}

/** What one person was told of the moves, with the number of the move. */
export interface Told {
  readonly at: number;
  readonly entry: TranscriptEntry;
}

export interface Walked {
  /** All that the driver's connection has sent and got. */
  readonly transcript: readonly TranscriptEntry[];
  /** For each person the requests of the walk with their answers, and the stops. */
  readonly told: readonly (readonly Told[])[];
  /** What was asked, in words for people. */
  readonly steps: readonly string[];
  /** Whether the program has ended. */
  readonly ended: boolean;
}

/** Of what VS Code says of itself, that which other clients do not say. */
const OPTIONAL = [
  "supportsInvalidatedEvent",
  "supportsMemoryEvent",
  "supportsProgressReporting",
  "supportsVariablePaging",
  "supportsVariableType",
  "supportsMemoryReferences",
  "supportsANSIStyling",
];

/** Runs a program to its end, or for so many moves, asking and steering; one request at a time. */
export async function walk(
  ground: Ground,
  { driver, openChild, join }: Connections,
  { seed, people, moves }: Plan,
): Promise<Walked> {
  const { adapterID, session } = ground.entry;
  const chooser = new Chooser(seed);
  const plain = chooser.once(2) && people === 1;
  const initialize = Object.fromEntries(
    Object.entries(initializeArguments(adapterID)).filter(([name]) => !plain || !OPTIONAL.includes(name)),
  );
  const start: Readonly<Record<string, unknown>> = { ...session.arguments, ...ground.start?.(chooser) };
  if (ground.speaksFirst === true && people === 1) await driver.waitEvent("output", undefined, 10_000);
  let client = driver;
  let capabilities = await begin(driver, initialize, session.request, start, ground, openChild === undefined);
  if (openChild !== undefined) {
    const child = await openChild(driver);
    client = child.client;
    capabilities = await begin(client, initialize, child.spec.request, child.spec.arguments, ground, true);
  }
  const first = await whereStopped(client);
  assert.ok(first !== undefined, "the program ended before its first stop");
  const threads = ground.threads ?? [first.body.threadId ?? 0];
  // Where each thread says for itself that it has stopped.
  if (first.body.allThreadsStopped !== true)
    for (let i = 1; i < threads.length; i++) await whereStopped(client);

  const clients = [client];
  for (let i = 1; i < people; i++) {
    const joined = join === undefined ? client : await join(`person ${i + 1}`);
    if (joined !== client) {
      await whereStopped(joined);
      await settled(joined);
    }
    clients.push(joined);
  }
  const distinct = [...new Set(clients)];
  const persons = clients.map(
    (_, i) => new Person(ground, capabilities, { asksOld: people === 1, setsBreakpoints: i === 0 }),
  );
  const told: Told[][] = clients.map(() => []);
  const steps: string[] = [];
  /** Events that an answer brings with it come before the next answer: whether before the next request is chance. */
  const settling = new Set<TranscriptEntry>();
  const settle = async (settled: readonly DapClient[]) => {
    for (const each of settled) {
      const at = each.transcript.length;
      const { request_seq } = await each.raw("threads");
      for (const entry of each.transcript.slice(at)) {
        const { seq, type } = entry.message;
        const own = type === "request" && entry.direction === "out" && seq === request_seq;
        const answer =
          type === "response" && (entry.message as DebugProtocol.Response).request_seq === request_seq;
        if (own || answer) settling.add(entry);
      }
    }
  };
  let standing = [...threads];
  let ended = false;
  for (const [at, move] of moves.entries()) {
    if (ended) break;
    const who = move.who % people;
    const [person, own, mine] = [persons[who], clients[who], told[who]];
    assert.ok(person && own && mine);
    const running = threads.filter((id) => !standing.includes(id));
    const step = person.choose(new Chooser(move.seed), standing, running);
    if (join === undefined && people > 1) await reestablish(ground, own, step);
    const response = await own.raw(step.command, step.arguments);
    steps.push(
      `${people === 1 ? "" : `person ${who + 1}: `}${step.command} ${JSON.stringify(step.arguments)}`,
    );
    record(mine, at, step, response);
    person.learn(step, response);
    if (step.command === "evaluate" || step.command === "setVariable") await settle(distinct);
    if (!response.success || !(isResume(step) || step.command === "pause")) continue;
    const { going, stopsFollow } =
      step.command === "pause"
        ? { going: [Number(step.arguments["threadId"])], stopsFollow: 1 }
        : (ground.resumes?.(step.command, step.arguments, start, standing) ?? {
            going: threads,
            stopsFollow: 1,
          });
    for (const each of persons) each.ran(going);
    standing = standing.filter((id) => !going.includes(id));
    for (let i = 0; i < stopsFollow && !ended; i++) {
      const stops = new Map(
        await Promise.all(distinct.map(async (each) => [each, await whereStopped(each)] as const)),
      );
      for (const [i, each] of clients.entries()) {
        const stop = stops.get(each);
        ended ||= stop === undefined;
        if (stop !== undefined) told[i]?.push({ at, entry: { direction: "in", message: stop } });
      }
    }
    if (stopsFollow === 0) await settle(distinct);
    if (stopsFollow > 0) standing = threads.filter((id) => standing.includes(id) || going.includes(id));
  }
  if (!ended) await settle(distinct);
  for (const each of distinct.slice(1)) await leave(each, false);
  await leave(client);
  if (client !== driver) await leave(driver);
  return { transcript: client.transcript.filter((entry) => !settling.has(entry)), told, steps, ended };
}

/** Starts, and configures a session that has a program of its own. */
async function begin(
  client: DapClient,
  initialize: Readonly<Record<string, unknown>>,
  request: string,
  args: unknown,
  { entry: { session }, marks }: Ground,
  program: boolean,
): Promise<DebugProtocol.Capabilities> {
  const response = await client.raw("initialize", initialize);
  assert.ok(response.success, "initialize");
  const capabilities = (response.body ?? {}) as DebugProtocol.Capabilities;
  const started = client.raw(request, args);
  await Promise.race([client.waitEvent("initialized"), started.then(failed)]);
  if (program) {
    const breakpoints = [{ line: session.fixture.line("call") }];
    if (marks.length > 0)
      await client.request("setBreakpoints", { source: sourceOf(session.fixture), breakpoints });
    if (capabilities.exceptionBreakpointFilters)
      await client.request("setExceptionBreakpoints", { filters: [] });
  }
  if (capabilities.supportsConfigurationDoneRequest) await client.request("configurationDone");
  assert.ok((await started).success, request);
  return capabilities;
}

/** Never resolves if the start was taken: then `initialized` is what is waited for. */
function failed({ success, message }: DebugProtocol.Response): Promise<never> {
  if (!success) throw new Error(`the start failed: ${message}`);
  return new Promise<never>(() => undefined);
}

/** The next stop; undefined if the program ends instead. */
async function whereStopped(client: DapClient): Promise<DebugProtocol.StoppedEvent | undefined> {
  const event = await client.waitEvent<DebugProtocol.StoppedEvent>(["stopped", "terminated"]);
  return event.event === "stopped" ? event : undefined;
}

/** What a client is told as it joins comes in one go, before anything that it asks is answered. */
async function settled(client: DapClient): Promise<void> {
  await client.raw("threads");
  for (const event of client.unconsumed.filter(({ event }) => event === "stopped"))
    await client.waitEvent("stopped", (other) => other === event);
}

async function reestablish(
  { byLastScopes }: Ground,
  client: DapClient,
  { command, of }: Step,
): Promise<void> {
  const uses = command === "variables" || command === "setVariable";
  if (byLastScopes === true && uses && of !== undefined) await client.raw("scopes", { frameId: of.id });
}

function record(told: Told[], at: number, step: Step, response: DebugProtocol.Response): void {
  const request = { seq: at, type: "request", command: step.command, arguments: step.arguments };
  told.push({ at, entry: { direction: "out", message: request } });
  const message: DebugProtocol.Response = { ...response, request_seq: at };
  told.push({ at, entry: { direction: "in", message } });
}
