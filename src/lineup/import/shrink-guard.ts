// This file refuses a list that has lost too much since it was read before.
import { LineUpError } from '../errors.ts';
import type { ReadList } from './read-list.ts';

/** A refresh that has less than this share of what was there before is half an answer. */
const LEAST_SHARE = 0.5;
/** Of what a list has beside more of another kind fewer come and go without that. */
const LEAST_COUNTED = 10;

export type ListSize = Pick<ReadList, 'listedCount'> &
  Partial<Pick<ReadList, 'liveCount'>> & {
    /** What the rules took of it; absent where they were others. */
    readonly takenCount?: number;
  };

/**
 * Throws where a list is no successor of what was there before: `before` is undefined where that does
 * not matter. Panels that are overloaded leave out one list of three.
 */
export function guardAgainstShrinking(
  shown: string,
  now: ListSize,
  before: ListSize | undefined,
): void {
  if (now.listedCount === 0) {
    const message = `Cannot take line-up from ${shown}: no entry in it can be used`;
    throw new LineUpError('LINEUP_EMPTY', message);
  }
  if (before === undefined) return;
  const refuse = (what: string, listed: number, had: number) => {
    const message = `Cannot take line-up from ${shown}: ${listed} ${what}, wanted at least half of the ${had} it had`;
    throw new LineUpError('LINEUP_SHRUNK', message, { listed, before: had });
  };
  const [listed, had] = [sizesOf(now), sizesOf(before)];
  for (const what of ['channels', 'films'] as const) {
    const [count, formerly] = [listed[what], had[what]];
    if (formerly >= LEAST_COUNTED && count < formerly * LEAST_SHARE) refuse(what, count, formerly);
  }
  if (listed.entries < had.entries * LEAST_SHARE) refuse('entries', listed.entries, had.entries);
  // Where groups are called otherwise, or a panel leaves them out, a rule finds nothing of a whole list
  const { taken } = had;
  const isLost = listed.taken === 0 || taken >= LEAST_COUNTED;
  if (isLost && listed.taken < taken * LEAST_SHARE) {
    refuse('entries that its rules take', listed.taken, taken);
  }
}

/** Earlier versions did not count channels apart: then nothing is known of either. */
function sizesOf({ listedCount, liveCount, takenCount: taken = 0 }: ListSize) {
  const [channels, films] = liveCount === undefined ? [0, 0] : [liveCount, listedCount - liveCount];
  return { entries: listedCount, channels, films, taken };
}
