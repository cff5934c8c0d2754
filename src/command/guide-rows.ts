// This file says in words where guides come from, and which channels have one.
import { showPlace } from '../base/place.ts';
import type { Config } from '../config/config.ts';
import { keptMatches } from '../guide/match/kept-matches.ts';
import { matchWantedOf } from '../lineup/guide-channels.ts';

/** Names of channels without a guide that are told. */
const TOLD_MAX = 20;

/** For `weir check`. */
export function guideRows({ guides }: Config): string[] {
  return guides.map(({ place, at }) => {
    const hour = String(Math.floor(at / 60)).padStart(2, '0');
    const minute = String(at % 60).padStart(2, '0');
    return `${showPlace(place)}: read each day at ${hour}:${minute}, up to ten minutes later`;
  });
}

/** By the guides that an earlier run has kept; what operators chose is known to `weir guide match`. */
export async function guideMatchRows({ guides, channels, dataDir }: Config): Promise<string[]> {
  if (guides.length === 0) return [];
  const wanted = matchWantedOf(channels, channels);
  const places = guides.map(({ place }) => place);
  const matches = await keptMatches(dataDir, places, wanted);
  if (matches.length === 0) return ['none has come yet: which channels they are for is not known'];
  const without = matches.filter(({ found }) => found === undefined);
  const row = `${matches.length - without.length} of ${matches.length} channels of the configuration have a guide`;
  if (without.length === 0) return [row];
  const named = without.slice(0, TOLD_MAX).map(({ channel }) => channel);
  const more = without.length > TOLD_MAX ? ` and ${without.length - TOLD_MAX} more` : '';
  return [
    row,
    `without one: ${named.join(', ')}${more}; weir guide match proposes what may be meant`,
  ];
}
