import assert from "node:assert/strict";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { AdapterEntry, SessionSpec } from "./adapters.ts";
import type { DapClient, DapClientOptions } from "./dapClient.ts";
import { withDeadline } from "./process.ts";

/** What VS Code says of itself. */
export function initializeArguments(adapterID: string): DebugProtocol.InitializeRequestArguments {
  return {
    clientID: "vscode",
    clientName: "Test Client",
    adapterID,
    pathFormat: "path",
    linesStartAt1: true,
    columnsStartAt1: true,
    supportsVariableType: true,
    supportsVariablePaging: true,
    supportsRunInTerminalRequest: true,
    locale: "en",
    supportsProgressReporting: true,
    supportsInvalidatedEvent: true,
    supportsMemoryReferences: true,
    supportsArgsCanBeInterpretedByShell: true,
    supportsMemoryEvent: true,
    supportsStartDebuggingRequest: true,
    supportsANSIStyling: true,
  };
}

/** A stop with what a debugger's window shows of it. */
export interface Stop {
  readonly event: DebugProtocol.StoppedEvent;
  readonly threadId: number;
  readonly frames: readonly DebugProtocol.StackFrame[];
  readonly scopes: readonly DebugProtocol.Scope[];
  /** The scope that has the wanted variable, else the first one, and what is in it. */
  readonly scope: DebugProtocol.Scope;
  readonly variables: readonly DebugProtocol.Variable[];
}

export interface ScenarioResult {
  readonly capabilities: DebugProtocol.Capabilities;
  readonly output: string;
}

/** Resolves when the client's debug console shows that line. */
export async function heard(client: DapClient, line: string): Promise<void> {
  await client.waitEvent<DebugProtocol.OutputEvent>("output", ({ body }) => body.output === `${line}\n`);
}

/** `initialize`, then launch or attach, up to and including `initialized`. The start's response may come much later. */
export async function begin(
  client: DapClient,
  adapterID: string,
  request: "launch" | "attach",
  args: unknown,
): Promise<{ capabilities: DebugProtocol.Capabilities; started: Promise<DebugProtocol.Response> }> {
  const capabilities = (await client.request("initialize", initializeArguments(adapterID))) ?? {};
  const started = client.raw(request, args);
  const failed = started.then((response) => {
    if (!response.success) throw new Error(`${request}: ${JSON.stringify(response)}`);
    return new Promise<never>(() => undefined);
  });
  await Promise.race([client.waitEvent("initialized"), failed]);
  return { capabilities, started };
}

/** Sets the breakpoints of one source to exactly these lines. */
export async function setLines(
  client: DapClient,
  path: string,
  lines: readonly number[],
): Promise<DebugProtocol.Breakpoint[]> {
  const source = { name: path.slice(path.lastIndexOf("/") + 1), path };
  const args = {
    source,
    lines: [...lines],
    breakpoints: lines.map((line) => ({ line })),
    sourceModified: false,
  };
  const { breakpoints } = await client.request("setBreakpoints", args);
  assert.equal(breakpoints.length, lines.length, "one answer for each breakpoint");
  return breakpoints;
}

/**
 * Waits for the next stop and asks what a debugger's window asks then, one after the other. Scopes are opened from
 * the innermost one on until one has the variable `wanted`.
 */
export async function inspect(client: DapClient, wanted?: string): Promise<Stop> {
  const event = await client.waitEvent<DebugProtocol.StoppedEvent>(["stopped", "terminated"]);
  assert.equal(event.event, "stopped", "the program ended instead of stopping");
  const { threads } = await client.request("threads");
  const threadId = event.body.threadId ?? threads[0]?.id;
  assert.ok(threadId !== undefined, "no thread");
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 20 });
  const [top] = stackFrames;
  assert.ok(top, "no frame");
  const { scopes } = await client.request("scopes", { frameId: top.id });
  for (const scope of scopes) {
    const { variables } = await client.request("variables", { variablesReference: scope.variablesReference });
    if (wanted === undefined || variables.some((variable) => variable.name === wanted)) {
      return { event, threadId, frames: stackFrames, scopes, scope, variables };
    }
  }
  throw new Error(`no variable ${wanted} in ${scopes.map((scope) => scope.name).join(", ")}`);
}

/** Waits for the next stop and asks for its place only. */
export async function whereNext(client: DapClient, threadId: number): Promise<DebugProtocol.StackFrame> {
  const event = await client.waitEvent<DebugProtocol.StoppedEvent>(["stopped", "terminated"]);
  assert.equal(event.event, "stopped", "the program ended instead of stopping");
  const { stackFrames } = await client.request("stackTrace", {
    threadId: event.body.threadId ?? threadId,
    startFrame: 0,
    levels: 1,
  });
  const [top] = stackFrames;
  assert.ok(top, "no frame");
  return top;
}

/** The connections of one standard session: `root` only where the debuggee is a child session, which `client` is. */
export interface Session extends ScenarioResult {
  readonly client: DapClient;
  readonly root: DapClient | undefined;
}

/** Runs the standard session of an adapter over connections made by `connect`: to the adapter, or to what stands in front of it. */
export async function runSession(
  entry: AdapterEntry,
  connect: (options?: DapClientOptions) => Promise<DapClient>,
): Promise<Session> {
  const { session, adapterID } = entry;
  if (!session.child) {
    const client = await connect();
    return { client, root: undefined, ...(await runScenario(client, adapterID, session)) };
  }
  const root = await connect({ name: `${entry.name} root`, onReverse: () => ({}) });
  const { capabilities, started } = await begin(root, adapterID, session.request, session.arguments);
  if (capabilities.supportsConfigurationDoneRequest) await root.request("configurationDone");
  assert.equal((await started).success, true);
  const child = (await root.waitRequest("startDebugging")).arguments as ChildSession;
  const client = await connect({ name: `${entry.name} child` });
  const spec = { ...session, request: child.request, arguments: child.configuration };
  const result = await runScenario(client, adapterID, spec);
  await root.waitEvent("terminated");
  await leave(root);
  return { client, root, ...result };
}

/** The arguments of `startDebugging`. */
export interface ChildSession {
  readonly request: "launch" | "attach";
  readonly configuration: Readonly<Record<string, unknown>>;
}

/**
 * The standard session on a fresh adapter. Every request but the start is sent when the one before it has been
 * answered and the event that it causes has come, so that two runs send the same bytes in the same order.
 */
export async function runScenario(
  client: DapClient,
  adapterID: string,
  spec: SessionSpec,
): Promise<ScenarioResult> {
  const { fixture } = spec;
  const { capabilities, started } = await begin(client, adapterID, spec.request, spec.arguments);
  await setLines(client, fixture.source, [fixture.line("call")]);
  if (capabilities.supportsFunctionBreakpoints)
    await client.request("setFunctionBreakpoints", { breakpoints: [] });
  if (capabilities.exceptionBreakpointFilters)
    await client.request("setExceptionBreakpoints", { filters: [] });
  if (capabilities.supportsConfigurationDoneRequest) await client.request("configurationDone");
  assert.equal((await started).success, true);

  const first = await inspect(client, spec.structure);
  const { threadId } = first;
  assert.equal(first.frames[0]?.line, fixture.line("call"), "first stop");
  await expand(client, first.variables, spec.structure);

  await client.request("stepIn", { threadId });
  const inside = await whereNext(client, threadId);
  assert.ok(inside.name.includes("square"), `stepIn led to ${inside.name}`);
  await stepPast(client, threadId, inside, fixture.line("square"));
  const { expression, context, result } = spec.evaluate;
  await evaluateIn(client, threadId, expression, context, result);
  await client.request("stepOut", { threadId });
  const outside = await whereNext(client, threadId);
  assert.equal(outside.name, first.frames[0]?.name, "stepOut led back");

  await client.request("continue", { threadId });
  const second = await inspect(client, spec.set.name);
  assert.equal(second.frames[0]?.line, fixture.line("call"), "second stop");
  const { variablesReference } = second.scope;
  await client.request("setVariable", { variablesReference, ...spec.set });
  await evaluateIn(client, second.threadId, spec.set.name, spec.evaluate.context, /\b100\b/);
  await setLines(client, fixture.source, []);
  await client.request("continue", { threadId: second.threadId });
  await finish(client, spec);
  return { capabilities, output: outputOf(client) };
}

/** To the end of the program and of the connection. */
async function finish(client: DapClient, spec: SessionSpec): Promise<void> {
  if (spec.exited) await client.waitEvent("exited");
  await client.waitEvent("terminated");
  client.assertNoFaults();
  await leave(client);
  if (spec.output) assert.match(outputOf(client), spec.output, "the program saw the variable that was set");
  if (!spec.diesAtExit) client.assertNoFaults();
}

/** Disconnects and waits for the end of the connection. */
export async function leave(client: DapClient, terminateDebuggee = true): Promise<void> {
  await client.request("disconnect", { terminateDebuggee });
  // Some adapters go by themselves, others when their input ends.
  client.end();
  await withDeadline(client.closed, `${client.name}: end of the connection after disconnect`, 5000);
}

async function expand(
  client: DapClient,
  variables: readonly DebugProtocol.Variable[],
  name: string,
): Promise<void> {
  const parent = variables.find((variable) => variable.name === name);
  assert.ok(parent && parent.variablesReference > 0, `${name} has children`);
  await client.request("variables", { variablesReference: parent.variablesReference });
}

/** One step within `square`; if the step into it stopped short of the marked line (prologue, def), one more. */
async function stepPast(
  client: DapClient,
  threadId: number,
  from: DebugProtocol.StackFrame,
  line: number,
): Promise<void> {
  let place = from;
  for (let step = 0; step < 3 && place.line <= line; step++) {
    await client.request("next", { threadId });
    place = await whereNext(client, threadId);
  }
  assert.ok(place.line > line, `next led to line ${place.line}`);
}

async function evaluateIn(
  client: DapClient,
  threadId: number,
  expression: string,
  context: string,
  result: RegExp,
): Promise<void> {
  const { stackFrames } = await client.request("stackTrace", { threadId, startFrame: 0, levels: 1 });
  const answer = await client.request("evaluate", { expression, context, frameId: stackFrames[0]?.id });
  assert.match(answer.result, result, expression);
}

/** All that the session put on the debug console, but telemetry. */
export function outputOf(client: DapClient): string {
  return client.events
    .filter((event) => event.event === "output")
    .map((event) => (event as DebugProtocol.OutputEvent).body)
    .filter((body) => body.category !== "telemetry")
    .map((body) => body.output)
    .join("");
}
