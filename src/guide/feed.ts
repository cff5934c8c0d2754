// This file says which channel of a guide feeds a channel of the line-up, and how much later.
import type { Database } from 'bun:sqlite';

export type GuideFeed = {
  /** As line-ups and players call it. */
  readonly id: string;
  /** As guides call it where nothing else is known; absent: as players do. */
  readonly source?: string;
  /** By guide, what it was found to call it; one that is not named has nothing for it. */
  readonly from?: Readonly<Record<string, string>>;
  /** How much later than the guide says its programmes begin. */
  readonly shiftMs?: number;
};

export type Served = { readonly guide: string; readonly edition: number };

/** Undefined where that guide has nothing for it. */
export function sourceIn({ id, source, from }: GuideFeed, guide: string): string | undefined {
  return from === undefined ? (source ?? id) : from[guide];
}

/** Those that have come, in the order in which they are asked. */
export function servedOf(database: Database, guides: readonly string[]): readonly Served[] {
  const find = database.query<{ edition: number }, [string]>(
    'SELECT edition FROM guide WHERE id = ?',
  );
  return guides.flatMap((guide) => {
    const row = find.get(guide);
    return row === null ? [] : [{ guide, edition: row.edition }];
  });
}

/** Each day from the first guide that has something for it, in the guides' own time. */
export function mergedDays<Row extends { readonly day: number }>(
  guides: readonly Served[],
  feed: GuideFeed,
  rowsOf: (served: Served, source: string) => readonly Row[],
): readonly Row[] {
  const found = new Map<number, Row>();
  for (const served of guides) {
    const source = sourceIn(feed, served.guide);
    if (source === undefined) continue;
    for (const row of rowsOf(served, source)) if (!found.has(row.day)) found.set(row.day, row);
  }
  return [...found.values()].sort((a, b) => a.day - b.day);
}
