// This file finds the known word that a mistyped one was most likely meant to be.

/** Longer words are compared by their first characters only, so that the work stays bounded. */
const MAX_WORD_LENGTH = 64;

/**
 * The number of single edits (insert, delete, replace, swap of neighbours) from `a` to `b`, the
 * optimal string alignment distance.
 */
export function editDistance(a: string, b: string): number {
  const from = a.slice(0, MAX_WORD_LENGTH);
  const to = b.slice(0, MAX_WORD_LENGTH);
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = last[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length]!;
}

/** The nearest of `known`, or undefined where none is near enough to be worth naming. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = fold(word);
  let best: string | undefined;
  // A third of the word may be wrong; more than that is another word.
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, fold(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Case and the choice of - or _ are no difference to a person. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}
