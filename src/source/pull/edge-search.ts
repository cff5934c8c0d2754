// This file finds the newest segment an origin has, by asking for few.

/**
 * How far back the newest segment is looked for before the numbering is taken to have begun anew,
 * in steps that double up to what an origin keeps at least.
 */
const LOOK_BACK_MAX = 64;
const LOOK_STEP_MAX = 8;
/** How far ahead of what was known a jump is looked for, in the same steps: 64 of them. */
const LOOK_AHEAD_MAX = 512;
/** So much of that is looked at once it is clear that the origin may be gone. */
const AHEAD_PART = LOOK_AHEAD_MAX / 4;
/** Questions at once. */
const PARALLEL = 4;

/** Does the origin have this segment? */
export type Has = (sequence: number) => Promise<boolean>;

export type Places = {
  /** The newest by the clock, or just before the newest known. */
  readonly guess: number;
  /** The newest by the clock as it was configured, where that is elsewhere. */
  readonly configured?: number;
  /** The newest of long ago. */
  readonly hint: number | undefined;
  readonly first: number;
};

/**
 * Back from the guess, and from where the configuration has it; else up from what is known, and
 * from the first number, as after a restart.
 */
export async function search(
  has: Has,
  { guess, configured, hint, first }: Places,
): Promise<number | undefined> {
  const found =
    (configured === undefined ? undefined : await backFrom(has, configured, first)) ??
    (await backFrom(has, guess, first));
  if (found !== undefined) return found;
  if (hint !== undefined && hint > first && (await has(hint))) return highest(has, hint);
  return (await has(first)) ? highest(has, first) : undefined;
}

/** The guess itself first, and alone: it is nearly always right. */
async function backFrom(has: Has, from: number, first: number): Promise<number | undefined> {
  if (from < first) return undefined;
  if (await has(from)) return highest(has, from);
  const places: number[] = [];
  for (let back = 1; back <= LOOK_BACK_MAX && from - back >= first; back += nextStep(back)) {
    places.push(from - back);
  }
  return anyOf(has, places);
}

/**
 * The newest there is after all, where `known`, which was denied, or one just before it is there
 * when it is asked for again: one machine of many may deny what the others have.
 */
export async function searchAgain(has: Has, known: number): Promise<number | undefined> {
  return anyOf(has, [known, known - 1, known - 2, known - 3]);
}

/**
 * Ahead of `known`, which is gone: all the way at the first try, and a part of the way, another one
 * each time, at those that follow.
 */
export async function searchAhead(
  has: Has,
  known: number,
  tries: number,
): Promise<number | undefined> {
  const from = tries === 0 ? 0 : ((tries - 1) * AHEAD_PART) % LOOK_AHEAD_MAX;
  const to = tries === 0 ? LOOK_AHEAD_MAX : from + AHEAD_PART;
  const places: number[] = [];
  for (let ahead = 2; ahead <= to; ahead += nextStep(ahead)) {
    if (ahead > from) places.push(known + ahead);
  }
  return anyOf(has, places);
}

/** Asks for some at once: one after the other they would take too long. */
async function anyOf(has: Has, places: readonly number[]): Promise<number | undefined> {
  for (let at = 0; at < places.length; at += PARALLEL) {
    const some = places.slice(at, at + PARALLEL);
    const there = await Promise.all(some.map(has));
    const found = some.filter((_, index) => there[index]);
    if (found.length > 0) return highest(has, Math.max(...found));
  }
  return undefined;
}

function nextStep(distance: number): number {
  return Math.min(LOOK_STEP_MAX, Math.max(1, distance));
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
