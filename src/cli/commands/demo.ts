import type { Command } from "commander";
import { PRODUCT } from "../../common/product.ts";
import { AppError } from "../../common/errors.ts";
import { StreamPort } from "../../dap/streamPort.ts";
import { joinServer } from "../../guest/join.ts";
import { EditorMessage, messageParts } from "../../guest/messages.ts";
import type { HostedServer } from "../../host/sessionHost.ts";
import { connectTcp } from "../../transport/tcp.ts";
import { embeddedAdapter } from "../adapterChoice.ts";
import { readClient, readServer } from "../addresses.ts";
import { DemoGuest } from "../demo/guest.ts";
import { invite } from "../demo/invitation.ts";
import { chapter, speaker } from "../demo/screen.ts";
import { type Shop, openShop } from "../demo/shop.ts";
import { leaveStory, tellStory, watch } from "../demo/story.ts";
import { EXIT, type Run } from "../failure.ts";
import type { Ending } from "../report.ts";
import { type ServedSession, startServing } from "../serving.ts";
import { askedToEnd } from "../signals.ts";

const SERVERS = ["tcp:port=5005:5099", "npipe:pipe=demo_%d"];

export function addDemo(program: Command, run: Run): void {
  program
    .command("demo")
    .summary("see it work: one session, two guests")
    .description("Debugs a small program, lets two guests join, and shows what each of them sees.")
    .action(() => run(demo));
}

async function demo(): Promise<number> {
  const interrupted = askedToEnd();
  const shop = await openShop();
  try {
    return await serveShop(shop, interrupted);
  } finally {
    await shop.dispose();
  }
}

async function serveShop(shop: Shop, interrupted: Promise<Ending>): Promise<number> {
  const host = speaker("host", "blue");
  chapter("The host debugs a program and serves the session.");
  const serving = await startServing(choiceOf(shop), SERVERS.map(readServer), {
    verbose: false,
    interrupted,
  });
  host(`debugs ${shop.file}`);
  for (const { server } of serving.servers) host(`Debugger Server - ${server.connectionString}`);
  const told = tell(shop, serving).then(
    (stays) => (stays ? interrupted : { reason: "The demo is over.", expected: true }),
    (thrown: unknown) => ({ reason: AppError.from(thrown).toLine(), expected: false }),
  );
  const ending = await serving.finish(Promise.race([told, interrupted]));
  if (!ending.expected) throw new AppError("internal", ending.reason);
  return EXIT.ended;
}

/** Tells the story. True if the session stays, for people to join it. */
async function tell(shop: Shop, { servers }: ServedSession): Promise<boolean> {
  const stays = process.stdin.isTTY && process.stdout.isTTY;
  const [tcp, pipe] = servers;
  if (tcp === undefined || pipe === undefined) return false;
  const roles = await tellStory(
    shop,
    () => joinByTcp(tcp),
    () => joinByLink(pipe),
  );
  invite(shop.file, tcp, pipe, stays);
  if (stays) watch(roles);
  else await leaveStory(roles);
  return stays;
}

function choiceOf({ file }: Shop): Parameters<typeof startServing>[0] {
  const configuration = {
    type: "debug-server-node",
    request: "launch",
    program: file,
    args: [],
    stopOnEntry: false,
  };
  return {
    source: embeddedAdapter(),
    sessions: { name: "shop.js", start: { request: "launch", configuration, adapterID: configuration.type } },
  };
}

/** As any editor would: plain DAP to a port. */
async function joinByTcp({ server }: HostedServer): Promise<DemoGuest> {
  const port = server.address.kind === "tcp" ? server.address.ports.first : 0;
  const channel = await connectTcp({ host: "localhost", port });
  return new DemoGuest(new StreamPort(channel.stream));
}

/** As `debug-server join` does. */
async function joinByLink({ join }: HostedServer): Promise<DemoGuest> {
  const joined = await joinServer(readClient(join), { name: "Ben", client: PRODUCT });
  const session = await joined.openSession();
  session.onClose(() => joined.link.close());
  return new DemoGuest({
    send: (parts) => session.send(new EditorMessage(Buffer.concat(parts))),
    onMessage: (listener) =>
      session.onMessage((message) => listener({ body: Buffer.concat(messageParts(0, message)) })),
    start: () => session.start(),
  });
}
