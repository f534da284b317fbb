import { isDeepStrictEqual } from "node:util";
import type { RowTarget } from "../commands/targets.ts";

/** One of VS Code's own icons by its name, and one of its theme's colours. */
export interface Icon {
  readonly name: string;
  readonly color?: string;
}

/** What hovering shows: nothing of it is markup, also where a guest has written it. */
export interface Tooltip {
  readonly title: string;
  /** What must not be overlooked. */
  readonly warning?: string;
  /** Label and value. */
  readonly facts: readonly (readonly [string, string])[];
}

/** How a row looks and sounds. */
export interface RowPresentation {
  /** The same for the same thing as long as it is there: VS Code keeps by it what is expanded and selected. */
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: Icon;
  readonly tooltip: Tooltip;
  /** For screen readers, instead of label and description. */
  readonly spoken: string;
  /** `viewItem` of the menus in package.json. */
  readonly context:
    | "session"
    | "server"
    | "serverWithPassword"
    | "guest"
    | "pending"
    | "pendingView"
    | "entry"
    | "entryJoined"
    | "join"
    | "client"
    | "held"
    | "nobody";
}

/** A row of one of our views. It is also the argument of the commands on it: hence the target. */
export type Row = Partial<RowTarget> & {
  readonly presentation: RowPresentation;
  readonly children: readonly Row[];
};

/** Stands in for people: VS Code opens a row of itself only if it has rows below it from the beginning. */
export function nobodyRow(parent: string, label: string): Row {
  return {
    presentation: {
      id: `nobody/${parent}`,
      label,
      description: "",
      icon: { name: "blank" },
      tooltip: { title: label, facts: [] },
      spoken: label,
      context: "nobody",
    },
    children: [],
  };
}

/** Whether the user would see no difference if the one took the place of the other. */
export function sameRows(some: readonly Row[], others: readonly Row[]): boolean {
  return some.length === others.length && some.every((row, index) => sameRow(row, others[index]));
}

function sameRow(one: Row, other: Row | undefined): boolean {
  if (other === undefined) return false;
  const { presentation, children, ...target } = one;
  const { presentation: otherPresentation, children: otherChildren, ...otherTarget } = other;
  const targets = new Map<string, unknown>(Object.entries(otherTarget));
  return (
    isDeepStrictEqual(presentation, otherPresentation) &&
    Object.entries(target).every(([name, value]) => targets.get(name) === value) &&
    sameRows(children, otherChildren)
  );
}
