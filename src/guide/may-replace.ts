// This file says whether what came of a guide may take the place of what is kept of it.
import type { Database } from 'bun:sqlite';
import { showPlace } from '../base/place.ts';
import { GuideError } from './errors.ts';

/** Programmes in it, and those of today and later: what is over is no loss. */
type Amount = { readonly programmes: number; readonly ahead: number };

export type BeforeIt = {
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly ahead: number;
  /** It broke off as well. */
  readonly isCut: boolean;
};

/** One that shrinks below this share of itself is half an answer. */
const LEAST_SHARE = 0.5;

/** What is kept of a guide; `day`: today. */
export function keptBefore(database: Database, guide: string, day: number): BeforeIt | undefined {
  type Row = Omit<BeforeIt, 'ahead' | 'isCut'> & { edition: number; problems: string };
  const row = database
    .query<Row, [string]>(
      'SELECT etag, last_modified AS lastModified, edition, problems FROM guide WHERE id = ?',
    )
    .get(guide);
  if (row === null) return undefined;
  const { etag, lastModified, edition, problems } = row;
  const sum = database
    .query<{ ahead: number | null }, [string, number, number]>(
      'SELECT SUM(programmes) AS ahead FROM day WHERE guide = ? AND edition = ? AND day >= ?',
    )
    .get(guide, edition, day);
  return { etag, lastModified, ahead: sum?.ahead ?? 0, isCut: isCut(JSON.parse(problems)) };
}

/**
 * Throws GuideError where what is kept is better. That ages: once nothing of it is still to come,
 * whatever has programmes takes its place, so that none is refused for ever.
 */
export function checkMayReplace(
  place: string,
  { programmes, ahead }: Amount,
  problems: Readonly<Record<string, number>>,
  before: BeforeIt | undefined,
): void {
  const cannot = `Cannot take guide from ${showPlace(place)}`;
  if (programmes === 0) {
    throw new GuideError('GUIDE_EMPTY', `${cannot}: no programme in it can be used`);
  }
  if (before === undefined || before.ahead === 0) return;
  if (isCut(problems) && !before.isCut) {
    const message = `${cannot}: it breaks off after ${programmes} programmes, wanted its end`;
    throw new GuideError('GUIDE_CUT', message, { programmes });
  }
  if (ahead < before.ahead * LEAST_SHARE) {
    const message = `${cannot}: ${ahead} programmes of today and later, wanted at least half of the ${before.ahead} that are kept`;
    throw new GuideError('GUIDE_SHRUNK', message, { ahead, before: before.ahead });
  }
}

function isCut(problems: Readonly<Record<string, number>>): boolean {
  return 'cut-off' in problems;
}
