// A debug adapter on stdio whose program has three threads that only move when they are told to, one by one or together: what
// real ones do by chance, the same each time. The start's arguments choose how it tells of that:
//   stops: "all" (allThreadsStopped) or "one" (each thread says for itself that it stopped)
//   tells: "answer" (allThreadsContinued in the answer to continue), "event" (a continued event, and in the answer only what
//     would be understood otherwise) or "both"
// It speaks before it is asked, and before it has answered initialize; it says more than DAP knows of; and what is typed into
// its console makes other values out of date. `x` of a thread is how many steps it has made. What stands keeps its numbers; what has run since has new ones.
import { onMessages, sender } from "../fixtures/messages.mjs";

const THREADS = [1, 2, 3];
const FRAMES = ["inner", "outer"];
const threads = new Map(THREADS.map((id) => [id, { id, steps: 0, runs: true, handles: new Map() }]));
let start = {};
let nextHandle = 1;
const send = sender(process.stdout);

event("output", { category: "console", output: "here\n" });
process.stdin.on("end", () => process.exit());
onMessages(process.stdin, (message) => {
  if (message.type === "request") handle(message);
});

function handle(request) {
  const { command, arguments: args = {} } = request;
  const thread = threads.get(args.threadId);
  switch (command) {
    case "initialize":
      event("threadsAsked", { clientID: args.clientID });
      answer(request, {
        supportsConfigurationDoneRequest: true,
        supportsSingleThreadExecutionRequests: true,
      });
      event("initialized");
      break;
    case "launch":
      start = args;
      answer(request);
      break;
    case "configurationDone":
      answer(request);
      for (const each of threads.values()) stand(each);
      if (start.stops === "all") event("stopped", { reason: "entry", threadId: 1, allThreadsStopped: true });
      else
        for (const id of THREADS)
          event("stopped", { reason: "entry", threadId: id, allThreadsStopped: false });
      break;
    case "threads":
      answer(request, { threads: THREADS.map((id) => ({ id, name: `thread ${id}` })) });
      break;
    case "stackTrace":
      if (thread === undefined || thread.runs) refuse(request, `thread ${args.threadId} runs`);
      else answer(request, { stackFrames: framesOf(thread), totalFrames: FRAMES.length });
      break;
    case "scopes":
      answerFor(request, args.frameId, (it, frame) => ({
        scopes: [{ name: "Locals", variablesReference: handleOf(it, `${frame} locals`), expensive: false }],
      }));
      break;
    case "variables":
      answerFor(request, args.variablesReference, (it, of) => ({
        variables: [
          { name: "x", value: String(it.steps), variablesReference: 0 },
          ...(of.endsWith("locals")
            ? [{ name: "pair", value: "{…}", variablesReference: handleOf(it, `${of} pair`) }]
            : []),
        ],
      }));
      break;
    case "evaluate":
      if (args.context === "repl") event("invalidated", { areas: ["variables"] });
      answerFor(request, args.frameId, (it) => ({
        result: `${args.expression} of thread ${it.id} after ${it.steps}`,
        variablesReference: handleOf(it, `value of ${args.expression}`),
      }));
      break;
    case "continue":
    case "next":
    case "stepIn":
    case "stepOut":
      resume(request, thread);
      break;
    case "pause":
      if (thread === undefined) return refuse(request, "no such thread");
      answer(request);
      if (!thread.runs) return;
      stand(thread);
      event("stopped", { reason: "pause", threadId: thread.id, allThreadsStopped: false });
      break;
    case "setBreakpoints":
    case "setExceptionBreakpoints":
      answer(request, { breakpoints: [] });
      break;
    case "disconnect":
      answer(request);
      break;
    default:
      refuse(request, `unknown request ${command}`);
  }
}

function resume(request, thread) {
  const { command, arguments: args } = request;
  if (thread === undefined || thread.runs) return refuse(request, "that thread runs");
  const single = args.singleThread === true;
  const others = single ? [] : [...threads.values()].filter((each) => each !== thread && !each.runs);
  const going = start.stops === "one" ? [thread] : [thread, ...others];
  const all = going.length === THREADS.length;
  for (const each of going) run(each);
  const allThreadsContinued = THREADS.every((id) => threads.get(id).runs);
  // DAP: to say nothing is to say all, but not to who has asked for one thread.
  const isSilent = start.tells === "event" && (allThreadsContinued || single);
  answer(request, command === "continue" && !isSilent ? { allThreadsContinued } : undefined);
  if (start.tells !== "answer") event("continued", { threadId: thread.id, allThreadsContinued });
  if (command === "continue" && !all) return;
  for (const each of going) stand(each);
  const reason = command === "continue" ? "breakpoint" : "step";
  event("stopped", { reason, threadId: thread.id, allThreadsStopped: all });
  if (!all)
    for (const other of going.slice(1))
      event("stopped", { reason, threadId: other.id, allThreadsStopped: false });
}

function run(thread) {
  thread.runs = true;
  thread.steps++;
  thread.handles.clear();
}

function stand(thread) {
  thread.runs = false;
}

function framesOf(thread) {
  return FRAMES.map((name, i) => ({
    id: handleOf(thread, name),
    name,
    line: thread.steps + i + 1,
    column: 1,
  }));
}

/** The number of a thing of a thread that stands: always the same while it stands. */
function handleOf(thread, what) {
  for (const [handle, known] of thread.handles) if (known === what) return handle;
  thread.handles.set(nextHandle, what);
  return nextHandle++;
}

function answerFor(request, handle, body) {
  for (const thread of threads.values()) {
    const what = thread.handles.get(handle);
    if (what !== undefined) return answer(request, body(thread, what));
  }
  refuse(request, `nothing stands behind the reference ${handle} any more`);
}

function answer(request, body) {
  send({
    type: "response",
    request_seq: request.seq,
    command: request.command,
    success: true,
    body,
    more: "of it",
  });
}

function refuse(request, message) {
  send({ type: "response", request_seq: request.seq, command: request.command, success: false, message });
}

function event(name, body) {
  send({ type: "event", event: name, body, more: `about ${name}` });
}
