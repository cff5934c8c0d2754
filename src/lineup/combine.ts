// This file makes one list of channels of the file's own and of those of all line-ups.
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import type { ChannelRow, OwnChannel, RowSource } from './channel-row.ts';
import type { KnownEntry } from './known-entry.ts';

export type LineUpEntries = {
  readonly setting: LineUpSetting;
  /** In the order of the list; those that have gone are passed over. */
  readonly rows: readonly KnownEntry[];
};

/** The file's own channels in their order, then those of each line-up in its own. */
export function combine(
  own: readonly OwnChannel[],
  lineUps: readonly LineUpEntries[],
): readonly ChannelRow[] {
  const taken = new Set(own.map(({ id }) => id));
  const rows: ChannelRow[] = [];
  for (const { setting, rows: known } of lineUps) {
    const present = known.filter(({ goneMs }) => goneMs === undefined);
    for (const row of sorted(present, setting.rules.sort)) {
      const id = freeId(row.id, taken);
      taken.add(id);
      rows.push(toRow(row, id, [sourceOf(row, setting)]));
    }
  }
  return rows;
}

function toRow(entry: KnownEntry, id: string, sources: readonly RowSource[]): ChannelRow {
  const { name, number, group, logo, guide } = entry;
  return {
    id,
    name: name || id,
    ...(number === undefined ? {} : { number }),
    ...(group === undefined ? {} : { group }),
    ...(logo === undefined ? {} : { logo }),
    ...(guide === undefined ? {} : { guide }),
    sources,
  };
}

function sourceOf({ url, headers }: KnownEntry, { userAgent, provider }: LineUpSetting): RowSource {
  const isAgentMissing = userAgent !== undefined && headers?.['user-agent'] === undefined;
  const all = isAgentMissing ? { ...headers, 'user-agent': userAgent } : headers;
  return {
    url,
    ...(all === undefined ? {} : { headers: all }),
    ...(provider === undefined ? {} : { provider }),
  };
}

/** The file took the id of an entry: the same every time, since it hangs on the id alone. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  const hash = Bun.CryptoHasher.hash('sha256', id, 'hex');
  for (let chars = 8; ; chars += 8) {
    const other = `${id.slice(0, 63 - chars)}-${hash.slice(0, chars)}`;
    if (!taken.has(other) || chars > 40) return other;
  }
}

function sorted(
  rows: readonly KnownEntry[],
  by: LineUpSetting['rules']['sort'],
): readonly KnownEntry[] {
  if (by === 'list') return rows;
  if (by === 'number') return rows.toSorted((a, b) => numberOf(a) - numberOf(b));
  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const text = by === 'name' ? (row: KnownEntry) => row.name : (row: KnownEntry) => row.group ?? '';
  return rows.toSorted((a, b) => compare(text(a), text(b)));
}

function numberOf({ number }: KnownEntry): number {
  return number ?? Number.MAX_VALUE;
}
