import { posix } from "node:path";
import { asText } from "../../common/values.ts";
import { sanitize, shownLine } from "../../common/sanitize.ts";
import type { HeldBreakpoint } from "../host/guestBreakpoints.ts";
import type { ServableSession } from "../host/serving.ts";
import { FUNCTIONS } from "../host/windowSession.ts";
import type { Row } from "./row.ts";
import { parts, spokenParts } from "./labels.ts";

/** Characters of a condition in a row or a line. */
const BRIEF = 30;

/** What guests of a session have set and what is not among VS Code's breakpoints, and why. */
export function heldRows(session: ServableSession, held: readonly HeldBreakpoint[]): Row[] {
  return held
    .filter(({ tree }) => tree === session.id)
    .map((breakpoint, i) => {
      const label = placeOf(breakpoint);
      const author = authorOf(session, breakpoint);
      const condition = sanitize(conditionOf(breakpoint));
      const why = sanitize(reasonOf(breakpoint));
      const { key, spec } = breakpoint;
      return {
        session,
        presentation: {
          id: `held/${session.id}/${key}/${asText(spec.line ?? spec.name)}:${asText(spec.column)}${breakpoint.isSecond ? ` second ${i}` : ""}`,
          label,
          // A side bar cuts off what comes last.
          description: parts(author, why, sanitize(briefly(breakpoint))),
          icon: { name: "debug-breakpoint-conditional", color: "debugIcon.breakpointForeground" },
          tooltip: {
            title: parts(label, condition),
            facts: [
              ["Breakpoint of", author],
              ["Why it is not in your list", why],
              ["To remove it", wayToRemove(breakpoint)],
            ],
          },
          spoken: spokenParts(`Breakpoint of ${author}`, label, condition, why),
          context: "held",
        },
        children: [],
      };
    });
}

/** For the line itself: `Ana: breakpoint when i > 3 · not in your list while “Other” runs`; `full`: where there is room. */
export function heldMark(
  session: ServableSession | undefined,
  breakpoint: HeldBreakpoint,
): { readonly brief: string; readonly full: string } {
  const who = session === undefined ? "A guest" : authorOf(session, breakpoint);
  const mark = (condition: string) =>
    sanitize(parts(`${who}: breakpoint ${condition}`, reasonOf(breakpoint)));
  return { brief: mark(briefly(breakpoint)), full: mark(conditionOf(breakpoint)) };
}

/** A condition may be long; what is said after it in a line is to be seen, too. */
function briefly(breakpoint: HeldBreakpoint): string {
  return shownLine(conditionOf(breakpoint), BRIEF);
}

function placeOf({ key, spec }: HeldBreakpoint): string {
  if (key === FUNCTIONS) return sanitize(`${asText(spec.name)}()`);
  return sanitize(`${posix.basename(decoded(key))}:${asText(spec.line)}`);
}

/** Of a guest's path: any percent sign may be in it. */
function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

function conditionOf({ spec }: HeldBreakpoint): string {
  const { condition, hitCondition, logMessage } = spec;
  const said = [
    condition ? `when ${asText(condition)}` : "",
    hitCondition ? `at hits ${asText(hitCondition)}` : "",
    logMessage ? `that logs ${asText(logMessage)}` : "",
  ];
  return said.filter((part) => part !== "").join(", ");
}

function authorOf({ sessions }: ServableSession, { guest }: HeldBreakpoint): string {
  const found = sessions.participants().find(({ id }) => id === guest);
  return sanitize(found?.name ?? "a guest");
}

function reasonOf({ others, isSecond }: HeldBreakpoint): string {
  if (isSecond) return "the second one there, where your list has one";
  if (others.length === 0) return "changes your breakpoint, in this session only";
  return `not in your list while ${others.map((name) => `“${name}”`).join(", ")} ${others.length === 1 ? "runs" : "run"}`;
}

function wayToRemove({ isSecond }: HeldBreakpoint): string {
  return isSecond
    ? "remove the one in your list, whose place it then takes"
    : "set a breakpoint of your own there, and remove that";
}
