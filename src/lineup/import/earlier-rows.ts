// This file reads the entries of a line-up as earlier versions kept them in the shared store.
import type { EntryCounts, KnownEntry } from './identity/known-entry.ts';
import { PackedRows } from './packed-rows.ts';

/** Their documents were arrays; undefined where these are none. */
export function earlierRows(documents: readonly unknown[]): PackedRows<KnownEntry> | undefined {
  if (!documents.some(Array.isArray)) return undefined;
  return PackedRows.of(documents.flatMap((document) => [document].flat()).filter(isKnownEntry));
}

/** They were not kept beside them. */
export function countsOf(rows: Iterable<KnownEntry>): EntryCounts {
  const counts = { channels: 0, films: 0, gone: 0 };
  for (const { kind, goneMs } of rows) {
    if (goneMs !== undefined) counts.gone++;
    else if (kind === undefined) counts.channels++;
    else counts.films++;
  }
  return counts;
}

/** What is none is left out rather than trusted. */
function isKnownEntry(value: unknown): value is KnownEntry {
  const row = value as Partial<KnownEntry> | undefined;
  return typeof row?.id === 'string' && typeof row.name === 'string' && typeof row.url === 'string';
}
