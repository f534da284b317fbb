import type { Access } from "../common/access.ts";
import { AppError } from "../common/errors.ts";
import { inSentence } from "../common/names.ts";
import type { Admit, Arrival } from "../host/door.ts";
import { harmless } from "./harmless.ts";

const ALLOW = "Allow";
const ALLOW_TO_VIEW = "Allow to View";
const DENY = "Deny";

/** How the person at this window is spoken to. */
export interface AdmissionScreen {
  /** Resolves with the choice, or with undefined if the question was dismissed. */
  ask(question: string, choices: readonly string[]): PromiseLike<string | undefined>;
  /** Says something that they must not miss. */
  tell(text: string): void;
  /** Says something in passing. */
  note(text: string): void;
}

/**
 * Asks the person at this window about everybody who wants to join one of its sessions. Dismissing a question is a no.
 * VS Code cannot take a question back: one that is over by itself stays on the screen, lets nobody in any more and
 * says so if it is answered after all.
 */
export function admission(screen: AdmissionScreen): (session: { readonly name: string }) => Admit {
  const open = new Set<string>();
  return (session) =>
    async (arrival, { signal }) => {
      const name = harmless(arrival.name);
      const asked = `${describe(arrival)} wants to join “${harmless(session.name)}”.`;
      // VS Code takes the place of a message with an equal one, as if the first had been dismissed.
      let question = asked;
      for (let n = 2; open.has(question); n++) question = `${asked} (${n})`;
      open.add(question);
      const withdraw = () => {
        open.delete(question);
        screen.note(withdrawn(name, AppError.from(signal.reason)));
      };
      signal.addEventListener("abort", withdraw, { once: true });
      const access = accessOf(await screen.ask(question, [ALLOW, ALLOW_TO_VIEW, DENY]));
      if (signal.aborted) {
        if (access !== undefined)
          screen.tell(`${inSentence(name)} was not let in: your answer came too late.`);
        throw AppError.from(signal.reason);
      }
      signal.removeEventListener("abort", withdraw);
      open.delete(question);
      if (access === undefined) throw new AppError("refused", "The host did not let you in.");
      return access;
    };
}

/** The server's own right is the most that anybody gets (door.ts). */
function accessOf(answer: string | undefined): Access | undefined {
  if (answer === ALLOW) return "full";
  return answer === ALLOW_TO_VIEW ? "view" : undefined;
}

function describe({ name, program, address }: Arrival): string {
  const more = [program, address].filter((part) => part !== undefined && part !== name);
  return harmless(more.length === 0 ? `“${name}”` : `“${name}” (${more.join(", ")})`);
}

function withdrawn(name: string, { code }: AppError): string {
  const who = inSentence(name);
  return code === "timeout"
    ? `${who} was not let in: nobody answered in time.`
    : `${who} does not wait to be let in any more.`;
}
