/** A matrix's cases: the first of each kind, for `npm test`, and the others, for `npm test -- long`. */
export function byKind<T>(
  cases: readonly T[],
  kindOf: (one: T) => unknown,
): { readonly first: readonly T[]; readonly others: readonly T[] } {
  const isFirst = (one: T, index: number) =>
    cases.findIndex((other) => kindOf(other) === kindOf(one)) === index;
  return {
    first: cases.filter(isFirst),
    others: cases.filter((one, index) => !isFirst(one, index)),
  };
}
