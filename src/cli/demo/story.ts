import type { DapEvent, DemoGuest } from "./guest.ts";
import { chapter, speaker } from "./screen.ts";
import type { Shop } from "./shop.ts";
import { asNumber, asText } from "../../common/values.ts";

/** One guest on the stage: their client, and the column in which they speak. */
export interface DemoActor {
  readonly guest: DemoGuest;
  readonly say: ReturnType<typeof speaker>;
}

const ANA = speaker("Ana", "cyan");
const BEN = speaker("Ben", "magenta");

/** The main job in a minute: who joins how, what each does, and what the others see of it. */
export async function tellStory(
  shop: Shop,
  joinByTcp: () => Promise<DemoGuest>,
  joinByLink: () => Promise<DemoGuest>,
): Promise<readonly DemoActor[]> {
  chapter("The program runs. Ana joins over TCP, as any editor that speaks DAP can, and sets a breakpoint.");
  const ana: DemoActor = { guest: await joinByTcp(), say: ANA };
  await ana.guest.join("Ana");
  await seeOutput(ana, "output            ");
  await ana.guest.setBreakpoint(shop.file, shop.line("Ana's breakpoint"));
  ana.say(`sets a breakpoint in line ${shop.line("Ana's breakpoint")}`);
  await seeStop(ana);

  chapter("Ben comes late, through a pipe. He sees the present at once; the program notices nothing.");
  const ben: DemoActor = { guest: await joinByLink(), say: BEN };
  await ben.guest.join("Ben");
  await seeOutput(ben, "past output       ");
  const { breakpoint } = await ben.guest.event("breakpoint");
  ben.say(`others' breakpoint line ${lineOf(breakpoint)}`);
  await seeStop(ben);
  await hear(ana, /Ben has joined/);

  chapter("Ben steps. Ana sees it.");
  ben.say("steps over");
  await ben.guest.request("next", { threadId: 1 });
  await seeResume(ana);
  await hear(ana, /Ben steps over/);
  await Promise.all([ben.guest.event("stopped"), ana.guest.event("stopped")]);
  await seeWhere(ben);
  await seeWhere(ana);

  chapter("Ana changes a variable. Ben sees the new value.");
  await setVariable(ana, "tea", "100");
  await ben.guest.event("invalidated");
  await hear(ben, /Ana sets tea/);
  await seeWhere(ben);

  chapter("Ben sets a breakpoint. It is Ana's, too; she continues, and both stop there.");
  const line = shop.line("Ben's breakpoint");
  await ben.guest.setBreakpoint(shop.file, line);
  ben.say(`sets a breakpoint in line ${line}`);
  const shared = await ana.guest.event("breakpoint", ({ breakpoint: shown }) => lineOf(shown) === line);
  ana.say(`new breakpoint     line ${lineOf(shared.breakpoint)}`);
  ana.say("continues");
  await ana.guest.request("continue", { threadId: 1 });
  await seeResume(ben);
  await hear(ben, /Ana continues/);
  await seeStop(ana);
  await seeStop(ben);
  return [ana, ben];
}

/** From now on each guest shows what happens to it, whatever the cause. */
export function watch(roles: readonly DemoActor[]): void {
  for (const role of roles) role.guest.watch((event) => comment(event, role));
}

/** All guests leave, as clients do when a session has ended. */
export async function leaveStory(roles: readonly DemoActor[]): Promise<void> {
  await Promise.all(roles.map(({ guest }) => guest.request("disconnect")));
}

function comment({ event, body }: DapEvent, { guest, say }: DemoActor): void {
  if (event === "stopped") say(`stopped            ${asText(body.reason)}`, "yellow");
  else if (event === "continued") say("continued", "green");
  else if (event === "terminated") void guest.request("disconnect").catch(() => {});
  else if (event === "output") say(`console            ${asText(body.output).trim()}`, "dim");
}

async function seeStop(role: DemoActor): Promise<void> {
  const { reason } = await role.guest.event("stopped");
  role.say(`stopped            ${asText(reason)}`, "yellow");
  await seeWhere(role, true);
}

async function seeWhere({ guest, say }: DemoActor, withStack = false): Promise<void> {
  const { frames, frameId, line } = await guest.stack();
  const { values } = await guest.locals(frameId);
  const shown = ["order", "tea", "cake", "sum"].filter(
    (name) => (values.get(name) ?? "undefined") !== "undefined",
  );
  if (withStack) say(`stack              ${frames.slice(0, 3).join(" < ")}, line ${asText(line)}`);
  else say(`stands in          line ${asText(line)}`);
  say(`variables          ${shown.map((name) => `${name} = ${values.get(name)}`).join(", ")}`);
}

async function seeResume({ guest, say }: DemoActor): Promise<void> {
  await guest.event("continued");
  say("continued", "green");
}

/** The line in the others' debug consoles that says who did what. */
async function hear({ guest, say }: DemoActor, pattern: RegExp): Promise<void> {
  const { output } = await guest.event("output", (body) => pattern.test(asText(body.output)));
  say(`console            ${asText(output).trim()}`, "dim");
}

async function setVariable({ guest, say }: DemoActor, name: string, value: string): Promise<void> {
  const { frameId } = await guest.stack();
  const { handle } = await guest.locals(frameId);
  await guest.request("setVariable", { variablesReference: handle, name, value });
  say(`sets ${name} = ${value}`);
}

async function seeOutput({ guest, say }: DemoActor, title: string): Promise<void> {
  const { output } = await guest.event("output", ({ category }) => category === "stdout");
  say(`${title} ${asText(output).trim()}`);
}

function lineOf(breakpoint: unknown): number {
  return typeof breakpoint === "object" && breakpoint !== null && "line" in breakpoint
    ? asNumber(breakpoint.line)
    : 0;
}
