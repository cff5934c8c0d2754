// This file says how the places beyond memory do, for who asks whether all is well.
import type { TierStats } from '../ring/tiers/tier-stats.ts';

type Place = Pick<TierStats, 'place' | 'state' | 'trouble'>;

/** One line for each that does not do its work; messages name the place and nothing secret. */
export function tierTroubles(tiers: readonly Place[]): string[] {
  return tiers.filter(({ state }) => state !== 'up').map(troubleOf);
}

function troubleOf({ place, state, trouble }: Place): string {
  if (trouble === undefined) return `${place} is not open yet`;
  const what = state === 'full' ? `${place} takes nothing` : `${place} is down`;
  return `${what}: ${trouble.message} (${trouble.code})`;
}

export function describeTier({ kind, place, state, trouble, queued }: TierStats) {
  const error = trouble && { code: trouble.code, message: trouble.message };
  return { kind, place, state, queued, error: error ?? null };
}

/** A folder of archives as plain HLS. */
export function describeFolder({ place, state, trouble }: Place) {
  const error = trouble && { code: trouble.code, message: trouble.message };
  return { place, state, error: error ?? null };
}
