import { ACCESS_LEVELS, type Access } from "../../common/access.ts";

export interface AccessItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly access: Access;
}

const WORDS: Readonly<Record<Access, { label: string; detail: string }>> = {
  view: {
    label: "View",
    detail: "Sees where the program is, its source and its variables, and can change nothing.",
  },
  control: {
    label: "Control",
    detail: "Also steps, sets breakpoints and evaluates, which can run any code here as you.",
  },
  full: { label: "Full", detail: "Also ends and restarts the session, ends servers and removes others." },
};

/** The access rights to choose from; the one that the guest has now says so. */
export function accessItems(current: Access): AccessItem[] {
  return ACCESS_LEVELS.map((access) => ({
    ...WORDS[access],
    description: access === current ? "current" : "",
    access,
  }));
}
