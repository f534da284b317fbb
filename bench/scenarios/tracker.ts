import { Sessions } from "../../src/hub/sessions.ts";
import { GuestBreakpoints } from "../../src/vscode/host/guestBreakpoints.ts";
import { WindowUpstream } from "../../src/vscode/host/windowUpstream.ts";
import type { WindowList, WindowSession } from "../../src/vscode/host/windowSession.ts";
import type { Table } from "../report.ts";
import { median, medianRatio } from "../statistics.ts";

const MESSAGES = 100_000;
const ROUNDS = 9;

/** A session that nobody serves: what is asked of it never comes about. */
const session: WindowSession = {
  id: "bench",
  type: "bench",
  name: "bench",
  tree: "bench",
  isChild: false,
  customRequest: () => Promise.resolve(),
  run: () => Promise.resolve(),
  placeKey: (place) => place.kind,
};

const list: WindowList = {
  all: () => [],
  add: () => [],
  remove: () => {},
  onChanged: () => ({ dispose: () => {} }),
};

interface Line {
  readonly toAdapter: boolean;
  readonly text: string;
}

/** What a session looks like that prints a lot and is stepped through: nine in ten messages are output. */
function traffic(): Line[] {
  const lines: Line[] = [];
  const request = (seq: number, command: string, args: object, body: object) => {
    lines.push({ toAdapter: true, text: JSON.stringify({ seq, type: "request", command, arguments: args }) });
    const response = { seq, type: "response", request_seq: seq, command, success: true, body };
    lines.push({ toAdapter: false, text: JSON.stringify(response) });
  };
  const event = (name: string, body: object) =>
    lines.push({ toAdapter: false, text: JSON.stringify({ seq: 0, type: "event", event: name, body }) });
  request(1, "initialize", { adapterID: "bench" }, { supportsConfigurationDoneRequest: true });
  request(2, "launch", { type: "bench" }, {});
  event("initialized", {});
  const source = { name: "a.js", path: "/home/ana/project/src/a.js" };
  const variables = Array.from({ length: 20 }, (_, i) => ({
    name: `variable${i}`,
    value: `value ${i}`,
    variablesReference: 0,
  }));
  for (let seq = 3; lines.length < MESSAGES;) {
    for (let i = 0; i < 90; i++)
      event("output", { category: "stdout", output: `${String(i).padEnd(100, ".")}\n`, source, line: i });
    event("stopped", { reason: "step", threadId: 1, allThreadsStopped: true });
    request(seq++, "threads", {}, { threads: [{ id: 1, name: "main" }] });
    request(
      seq++,
      "stackTrace",
      { threadId: 1 },
      { stackFrames: [{ id: 1, name: "f", line: 1, column: 1, source }] },
    );
    request(seq++, "variables", { variablesReference: 1 }, { variables });
    request(seq++, "next", { threadId: 1 }, {});
  }
  return lines;
}

/** What VS Code's extension host does with a message at the least: it reads it and sends it on. */
function pass(lines: readonly Line[], upstream: WindowUpstream | undefined): number {
  const begin = performance.now();
  let bytes = 0;
  for (const { toAdapter, text } of lines) {
    const message: unknown = JSON.parse(text);
    if (toAdapter) upstream?.heardWindow(message);
    else upstream?.heardAdapter(message);
    bytes += JSON.stringify(message).length;
  }
  if (bytes === 0) throw new Error("nothing was sent on");
  return performance.now() - begin;
}

/** What it costs a session of VS Code that it could be served, while it is not. */
export async function tracker(): Promise<Table> {
  const lines = traffic();
  const without: number[] = [];
  const withTracker: number[] = [];
  let upstream = tracked();
  for (let round = 0; round < ROUNDS; round++) {
    without.push(pass(lines, undefined));
    upstream = tracked();
    withTracker.push(pass(lines, upstream));
  }
  upstream.dispose();
  const row = (name: string, times: readonly number[]) => [
    name,
    median(times),
    (median(times) * 1000) / lines.length,
    medianRatio(times, without),
  ];
  return {
    name: "tracker",
    title: `${MESSAGES / 1000}k messages of a VS Code session that could be served and is not (ms)`,
    columns: ["way", "time", "µs a message", "/ without"],
    rows: [row("without", without), row("with our tracker", withTracker)],
    aims: [],
  };
}

function tracked(): WindowUpstream {
  const guests = new GuestBreakpoints(list, { get: () => undefined, set: () => {} });
  const upstream = new WindowUpstream(session, list, guests);
  const sessions = new Sessions(upstream, { name: "bench", windowOf: "host" });
  upstream.window = sessions.root.window;
  return upstream;
}
