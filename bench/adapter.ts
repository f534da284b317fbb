import { type Socket, createServer } from "node:net";
import { offer } from "./rpc.ts";
import { BIG_BODY, SMALL_BODY } from "./sizes.ts";
import { Frames, frame } from "./wire.ts";

/**
 * A debug adapter that costs next to nothing: every connection is a session of its own that stands still from the
 * start, bodies are made once for each size, and a storm of output is written from bytes that are ready.
 */
interface Request {
  readonly seq: number;
  readonly command: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

const STACK = JSON.stringify({
  stackFrames: Array.from({ length: 20 }, (_, i) => ({
    id: i + 1,
    name: `function${i}`,
    line: 10 + i,
    column: 1,
    source: { name: "program.c", path: "/home/user/project/src/program.c" },
  })),
  totalFrames: 20,
});

const BODIES: Readonly<Record<string, string>> = {
  initialize: JSON.stringify({ supportsConfigurationDoneRequest: true, supportsSteppingGranularity: true }),
  threads: JSON.stringify({ threads: [{ id: 1, name: "main" }] }),
  stackTrace: STACK,
  scopes: JSON.stringify({
    scopes: [
      { name: "Locals", variablesReference: SMALL_BODY, expensive: false },
      { name: "Heap", variablesReference: BIG_BODY, expensive: true },
    ],
  }),
};

const EVENTS_AFTER: Readonly<Record<string, string>> = {
  launch: '"event":"initialized"',
  configurationDone: '"event":"stopped","body":{"reason":"entry","threadId":1,"allThreadsStopped":true}',
  next: '"event":"stopped","body":{"reason":"step","threadId":1,"allThreadsStopped":true}',
};

const bodies = new Map<number, string>();

/** Variables as adapters write them, about that many bytes of them. */
function variablesBody(bytes: number): string {
  const known = bodies.get(bytes);
  if (known !== undefined) return known;
  const parts: string[] = [];
  for (let length = 20, i = 0; length < bytes; i++) {
    const part = JSON.stringify({
      name: `item${i}`,
      value: i % 4 === 0 ? `"text \\ number ${i}"` : `{x: ${i}, y: ${i * 7}}`,
      type: i % 4 === 0 ? "const char *" : "struct point",
      variablesReference: i % 4 === 0 ? 0 : 20_000_000 + i,
    });
    parts.push(part);
    length += part.length + 1;
  }
  const body = `{"variables":[${parts.join(",")}]}`;
  bodies.set(bytes, body);
  return body;
}

/** All the events of a storm, in blocks. */
function stormBlocks(events: number, bytes: number): Buffer[] {
  const blocks: Buffer[] = [];
  const padding = "x".repeat(Math.max(0, bytes - 60));
  for (let i = 0; i < events;) {
    const block: Buffer[] = [];
    for (const end = Math.min(events, i + 500); i < end; i++) {
      const output = `line ${i} ${padding}\\n`;
      block.push(
        frame(
          `{"seq":${i},"type":"event","event":"output","body":{"category":"stdout","output":"${output}"}}`,
        ),
      );
    }
    blocks.push(Buffer.concat(block));
  }
  return blocks;
}

let storm: { readonly key: string; readonly blocks: readonly Buffer[] } | undefined;

function startStorm(socket: Socket, events: number, bytes: number): void {
  const key = `${events} ${bytes}`;
  if (storm?.key !== key) storm = { key, blocks: stormBlocks(events, bytes) };
  const { blocks } = storm;
  let next = 0;
  const pump = () => {
    while (next < blocks.length) {
      const block = blocks[next++];
      if (block !== undefined && !socket.write(block)) {
        socket.once("drain", pump);
        return;
      }
    }
  };
  setImmediate(pump);
}

function serve(socket: Socket): void {
  const frames = new Frames();
  let seq = 1;
  const answer = ({ seq: requestSeq, command, arguments: args = {} }: Request): void => {
    const reference = Number(args.variablesReference);
    const body = command === "variables" ? variablesBody(reference) : BODIES[command];
    const rest = body === undefined ? "" : `,"body":${body}`;
    socket.write(
      frame(
        `{"seq":${seq++},"type":"response","request_seq":${requestSeq},"success":true,"command":"${command}"${rest}}`,
      ),
    );
    const event = EVENTS_AFTER[command];
    if (event !== undefined) socket.write(frame(`{"seq":${seq++},"type":"event",${event}}`));
    if (command === "benchStorm") startStorm(socket, Number(args.events), Number(args.bytes));
    if (command === "disconnect") socket.end();
  };
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    socket.cork();
    frames.push(chunk, (body) => answer(JSON.parse(body.toString()) as Request));
    socket.uncork();
  });
}

const methods = {
  listen: () =>
    new Promise<number>((resolve) => {
      const server = createServer(serve).listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    }),
};

export type AdapterMethods = typeof methods;

offer(methods);
