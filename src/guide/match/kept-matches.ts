// This file matches channels to the guides that an earlier run has kept, for who only looks.
import { readGuideFile } from '../guide-file.ts';
import { guideKey } from '../guide-key.ts';
import type { KeptGuide } from '../guide-messages.ts';
import { keptGuides } from '../kept-guides.ts';
import type { MatchWanted } from './match-channel.ts';
import { type MatchedChannel, matchGuides } from './match-guides.ts';

/** By place: of those that have come. */
export function guidesAt(
  dataDir: string,
  places: readonly string[],
): ReadonlyMap<string, KeptGuide> {
  const found = new Map<string, KeptGuide>();
  try {
    using database = readGuideFile(dataDir);
    const kept = new Map(keptGuides(database).map((guide) => [guide.id, guide]));
    for (const place of places) {
      const guide = kept.get(guideKey(place));
      if (guide !== undefined) found.set(place, guide);
    }
  } catch {
    // There is none, or it is of a later version
  }
  return found;
}

/** Empty where no guide has come yet, or where what is kept cannot be read. */
export async function keptMatches(
  dataDir: string,
  places: readonly string[],
  wanted: readonly MatchWanted[],
): Promise<readonly MatchedChannel[]> {
  try {
    using database = readGuideFile(dataDir);
    const ids = places.map(guideKey);
    const hasAny = keptGuides(database).some(({ id }) => ids.includes(id));
    return hasAny ? await matchGuides(database, ids, wanted) : [];
  } catch {
    return [];
  }
}
