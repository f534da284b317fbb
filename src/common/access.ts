/** What a guest may do, in rising order. `view`: look; `control`: steer; `full`: also end and restart. */
export const ACCESS_LEVELS = ["view", "control", "full"] as const;
export type Access = (typeof ACCESS_LEVELS)[number];

export function allows(have: Access, need: Access): boolean {
  return ACCESS_LEVELS.indexOf(have) >= ACCESS_LEVELS.indexOf(need);
}

/** The one that allows less. */
export function lesser(one: Access, other: Access): Access {
  return allows(one, other) ? other : one;
}
