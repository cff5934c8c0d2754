// This file tells which guides have come, and what is kept of each.
import type { Database } from 'bun:sqlite';
import type { KeptGuide } from './guide-messages.ts';

export function keptGuides(database: Database): readonly KeptGuide[] {
  return database
    .query<Omit<KeptGuide, 'problems'> & { problems: string }, []>(
      'SELECT id, edition, fetched_ms AS fetchedMs, channels, programmes, problems FROM guide',
    )
    .all()
    .map((row) => ({ ...row, problems: JSON.parse(row.problems) as KeptGuide['problems'] }));
}
