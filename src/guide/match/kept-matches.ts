// This file matches channels to the guides that an earlier run has kept, for who only looks.
import { readGuideFile } from '../guide-file.ts';
import { guideKey } from '../guide-key.ts';
import type { MatchWanted } from './match-channel.ts';
import { type MatchedChannel, matchGuides } from './match-guides.ts';

/** By place: of those that have come. */
export async function keptGuides(
  dataDir: string,
  places: readonly string[],
): Promise<ReadonlyMap<string, { readonly channels: number; readonly fetchedMs: number }>> {
  const kept = new Map<string, { readonly channels: number; readonly fetchedMs: number }>();
  try {
    using database = readGuideFile(dataDir);
    const rows = database
      .query<{ id: string; channels: number; fetched_ms: number }, []>(
        'SELECT id, channels, fetched_ms FROM guide',
      )
      .all();
    for (const place of places) {
      const row = rows.find(({ id }) => id === guideKey(place));
      if (row !== undefined) {
        kept.set(place, { channels: row.channels, fetchedMs: row.fetched_ms });
      }
    }
  } catch {
    // There is none, or it is of a later version
  }
  return kept;
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
