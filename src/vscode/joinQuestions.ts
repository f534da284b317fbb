import { type Disposable, DisposableStore } from "../common/disposable.ts";
import { sanitize } from "../common/sanitize.ts";
import type { JoinRequests, PendingClient } from "./joinRequests.ts";
import { COMMANDS, type CommandName } from "./names.ts";

/**
 * So many are asked about one by one; one more question sums up the others. VS Code shows no more than three
 * notifications at once, nor of those that come together.
 */
const SINGLE_QUESTIONS = 2;

/** A question on the screen that can be taken back. */
export interface Question extends Disposable {
  /** Its text, with links. */
  update(text: string): void;
}

/** How the person at this window is spoken to. */
export interface QuestionScreen {
  /** `no`: the label of the button that refuses, and what it does. Without a question that was disposed of. */
  ask(no: { readonly label: string; readonly run: () => void }): Question;
  /** Says something in passing. */
  note(text: string): void;
}

/**
 * Asks the person at this window about join requests: a few one by one, and all others in one question, so that a
 * class is admitted at once, and a flood covers nothing. A question goes when its request does.
 *
 * A question that is there stays as it is until it is answered: the next request must not put another answer where the
 * person is about to click.
 */
export function askAbout(requests: JoinRequests, screen: QuestionScreen): Disposable {
  const single = new Map<number, Question>();
  let rest: { readonly question: Question; ids: readonly number[] } | undefined;
  const askOne = (client: PendingClient): Question => {
    const { id } = client;
    const question = screen.ask({
      label: "Deny",
      run() {
        requests.answer([id], undefined);
      },
    });
    question.update(questionAbout(client));
    return question;
  };
  const askRest = () => ({
    question: screen.ask({
      label: "Deny All",
      run() {
        const ids = rest?.ids ?? [];
        // It has gone from the screen: who came meanwhile is asked about anew.
        rest?.question.dispose();
        rest = undefined;
        requests.answer(ids, undefined);
      },
    }),
    ids: [],
  });
  const show = () => {
    const all = requests.all;
    const waiting = new Set(all.map(({ id }) => id));
    for (const [id, question] of single) {
      if (waiting.has(id)) continue;
      single.delete(id);
      question.dispose();
    }
    for (const client of nextToAsk(all, new Set(single.keys()))) single.set(client.id, askOne(client));
    const others = all.filter(({ id }) => !single.has(id));
    if (others.length === 0) {
      rest?.question.dispose();
      rest = undefined;
    } else {
      rest ??= askRest();
      rest.ids = others.map(({ id }) => id);
      rest.question.update(questionAboutAll(others));
    }
  };
  const store = new DisposableStore();
  store.add(
    requests.onWithdrawn(({ client, reason }) => {
      if (!single.has(client.id)) return;
      const name = quoted(client.request.name);
      screen.note(
        reason.code === "timeout"
          ? `${name} did not join: nobody answered in time.`
          : `${name} cancelled the request to join.`,
      );
    }),
  );
  store.add(requests.onChanged(show));
  store.add({
    dispose() {
      for (const question of single.values()) question.dispose();
      rest?.question.dispose();
    },
  });
  return store;
}

/** The pending clients to ask about next: first those of the peers with the fewest open questions. */
function nextToAsk(all: readonly PendingClient[], asked: ReadonlySet<number>): PendingClient[] {
  const counts = new Map<string, number>();
  const count = ({ request }: PendingClient) => counts.get(request.peer) ?? 0;
  const take = (client: PendingClient) => counts.set(client.request.peer, count(client) + 1);
  const others: PendingClient[] = [];
  for (const client of all) {
    if (asked.has(client.id)) take(client);
    else others.push(client);
  }
  const next: PendingClient[] = [];
  while (others.length > 0 && asked.size + next.length < SINGLE_QUESTIONS) {
    const fewest = others.reduce((one, other) => (count(other) < count(one) ? other : one));
    take(fewest);
    next.push(fewest);
    others.splice(others.indexOf(fewest), 1);
  }
  return next;
}

/** `“Kim” (tcp 192.0.2.7:5000, with “Emacs”) wants to join “App”.` What the peer says is in quotation marks. */
export function describeRequest({ session, request }: PendingClient): string {
  return `${quoted(request.name)} (${describePeer(request)}) wants to join ${quoted(session.name)}.`;
}

/** Where it comes from, which is known, and what it says that it runs. */
export function describePeer({ name, address, program }: PendingClient["request"]): string {
  return program === undefined || program === name
    ? sanitize(address)
    : `${sanitize(address)}, with ${quoted(program)}`;
}

/** Text of others, so that all can see where it begins and ends. */
export function quoted(text: string): string {
  return `“${sanitize(text.replace(/[“”„‟"＂〝〞]/g, "'"))}”`;
}

function questionAbout(client: PendingClient): string {
  const answers = [
    ...(client.request.most === "view"
      ? []
      : [link("Allow Control (runs code as you)", "allowControl", client.id)]),
    link("View Only", "allowView", client.id),
  ];
  return `${describeRequest(client)} ${answers.join(" · ")}`;
}

/** The answers hold for the requests that are counted, not for those that come while the person reads. */
function questionAboutAll(others: readonly PendingClient[]): string {
  const ids = others.map(({ id }) => id);
  const said = others.length === 1 ? "1 more asks to join." : `${others.length} more ask to join.`;
  const answers = [
    link("Show…", "joinRequests"),
    ...(others.every(({ request }) => request.most === "view")
      ? []
      : [link("Allow All Control (runs code as you)", "allowControl", ...ids)]),
    link("All View Only", "allowView", ...ids),
  ];
  return `${said} ${answers.join(" · ")}`;
}

/** VS Code runs the command with these ids as its argument. */
function link(label: string, command: CommandName, ...ids: readonly number[]): string {
  const query = ids.length === 0 ? "" : `?${encodeURIComponent(JSON.stringify([{ requests: ids }]))}`;
  return `[${label}](command:${COMMANDS[command]}${query})`;
}
