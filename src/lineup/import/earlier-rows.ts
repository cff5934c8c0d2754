// This file reads the entries of a line-up as earlier versions kept them in the shared store.
import type { EntryCounts, KnownEntry } from './identity/known-entry.ts';
import { type KnownRows, packKnown } from './packed-entries.ts';
import { unpack } from './packed-rows.ts';

/** Documents were arrays, then pieces of which each is a whole; undefined where these are neither. */
export function earlierRows(documents: readonly unknown[]): KnownRows | undefined {
  if (!documents.some((document) => Array.isArray(document) || isPacked(document)))
    return undefined;
  return packKnown(entriesOf(documents));
}

function* entriesOf(documents: readonly unknown[]): Generator<KnownEntry, void> {
  for (const document of documents) {
    const rows = isPacked(document) ? unpack(document.zstd) : [document].flat();
    yield* rows.filter(isKnownEntry);
  }
}

function isPacked(document: unknown): document is { readonly zstd: string } {
  return typeof (document as { zstd?: unknown } | undefined)?.zstd === 'string';
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
