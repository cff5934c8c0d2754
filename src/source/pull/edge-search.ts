// This file finds the newest segment an origin has, by asking for few.

/**
 * How far back the newest segment is looked for before the numbering is taken to have begun anew,
 * in steps that double up to what an origin keeps at least.
 */
const LOOK_BACK_MAX = 64;
const LOOK_STEP_MAX = 8;

/** Does the origin have this segment? */
export type Has = (sequence: number) => Promise<boolean>;

/** Back from the guess, else up from what is known, and from the first number, as after a restart. */
export async function search(
  has: Has,
  [guess, hint]: readonly [number, number | undefined],
  first: number,
): Promise<number | undefined> {
  for (let back = 0; back <= LOOK_BACK_MAX; back += Math.min(LOOK_STEP_MAX, Math.max(1, back))) {
    if (guess - back < first) break;
    if (await has(guess - back)) return highest(has, guess - back);
  }
  if (hint !== undefined && hint > first && (await has(hint))) return highest(has, hint);
  return (await has(first)) ? highest(has, first) : undefined;
}

/** The newest there is, `low` being there: up in doubling steps, then halving the interval. */
export async function highest(has: Has, low: number): Promise<number> {
  let found = low;
  let step = 1;
  while (await has(found + step)) {
    found += step;
    step *= 2;
  }
  let missing = found + step;
  while (missing - found > 1) {
    const middle = Math.floor((found + missing) / 2);
    if (await has(middle)) found = middle;
    else missing = middle;
  }
  return found;
}
