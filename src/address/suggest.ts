/** Longer words than this resemble nothing of ours; it also bounds the work on hostile input. */
const LONGEST_WORD = 24;

/** How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  // Three rows of the table suffice: a swap looks back two.
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

export interface Candidate {
  readonly word: string;
  readonly alsoTried?: readonly string[];
}

/**
 * The candidate that was probably meant: one that is known under the written name elsewhere, else the nearest
 * one by edit distance, if it is near enough not to be a guess. Case does not matter.
 */
export function nearest(written: string, candidates: readonly Candidate[]): string | undefined {
  const word = written.toLowerCase();
  if (word.length === 0 || word.length > LONGEST_WORD) return undefined;
  const alias = candidates.find((candidate) => candidate.alsoTried?.includes(word));
  if (alias !== undefined) return alias.word;

  const tolerance = word.length <= 3 ? 1 : word.length <= 6 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = tolerance + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate.word.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate.word, distance];
  }
  return best;
}

/** The hint for a word that should have been one of `words`. */
export function wordHint(written: string, words: readonly string[]): string {
  const match = nearest(
    written,
    words.map((word) => ({ word })),
  );
  return match === undefined ? `Write ${orList(words)}.` : `Did you mean "${match}"?`;
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(words: readonly string[]): string {
  return joinList(words, "or");
}

/** `a`, `a and b`, `a, b and c`. */
export function andList(words: readonly string[]): string {
  return joinList(words, "and");
}

function joinList(words: readonly string[], conjunction: string): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}
