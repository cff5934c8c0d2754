// This file matches channels to the guides that an earlier run has kept, for who only looks.
import { readGuideFile } from '../guide-file.ts';
import { guideKey } from '../guide-key.ts';
import type { MatchWanted } from './match-channel.ts';
import { type MatchedChannel, matchGuides } from './match-guides.ts';

/** Empty where no guide has come yet, or where what is kept cannot be read. */
export async function keptMatches(
  dataDir: string,
  places: readonly string[],
  wanted: readonly MatchWanted[],
): Promise<readonly MatchedChannel[]> {
  try {
    using database = readGuideFile(dataDir);
    const ids = places.map(guideKey);
    const { count } = database
      .query<{ count: number }, string[]>(
        `SELECT count(*) AS count FROM guide WHERE id IN (${ids.map(() => '?').join(', ')})`,
      )
      .get(...ids) as { count: number };
    return count === 0 ? [] : await matchGuides(database, ids, wanted);
  } catch {
    return [];
  }
}
