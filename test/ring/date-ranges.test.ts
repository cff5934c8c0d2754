// This file tests which date ranges are kept, and for how long.
import { describe, expect, test } from 'bun:test';
import { type DateRange, MAX_DATE_RANGES } from '../../src/media/m3u8/date-range.ts';
import { dateRangesFrom, type KnownDateRange, takeDateRanges } from '../../src/ring/date-ranges.ts';

const range = (id: string, startMs: number, endMs?: number): DateRange => ({
  id,
  startMs,
  ...(endMs === undefined ? {} : { endMs }),
  attributes: new Map([['ID', { value: id, quoted: true }]]),
});

/** What lists that begin at `fromMs` named in turn, with the last sequence number there was. */
type Named = readonly [ranges: readonly DateRange[], fromMs: number | undefined, last: number];

function known(...lists: readonly Named[]): readonly KnownDateRange[] {
  return lists.reduce<readonly KnownDateRange[]>(
    (before, [ranges, fromMs, last]) =>
      takeDateRanges(before, { ranges, ...(fromMs === undefined ? {} : { fromMs }) }, last),
    [],
  );
}

const A = range('a', 100, 200);
const OPEN = range('o', 100);

/** What our list shows that begins with segment `sequence` at `fromMs`. */
const ROWS: readonly (readonly [
  what: string,
  lists: readonly Named[],
  shown: readonly (readonly [sequence: number, fromMs: number, ids: string])[],
])[] = [
  [
    'one that has an end is shown until the list is past it',
    [[[A], 50, 5]],
    [
      [1, 0, 'a'],
      [1, 200, 'a'],
      [1, 201, ''],
    ],
  ],
  ['one that is open is shown for as long as it is named', [[[OPEN], 50, 5]], [[99, 9000, 'o']]],
  ['one that is yet to come is shown', [[[range('f', 9000)], 50, 5]], [[1, 0, 'f']]],
  [
    'one that the source took back is shown no more',
    [
      [[A, OPEN], 50, 5],
      [[OPEN], 60, 6],
    ],
    [[1, 0, 'o']],
  ],
  [
    'one that the source is past is shown until ours is, too',
    [
      [[A, OPEN], 50, 5],
      [[], 150, 6],
    ],
    [
      [1, 90, 'a o'],
      [1, 101, 'a'],
      [6, 101, 'a'],
      [7, 101, ''],
    ],
  ],
  [
    'one that is named again is no more past than before',
    [
      [[OPEN], 50, 5],
      [[], 150, 6],
      [[OPEN], 160, 7],
    ],
    [[99, 9000, 'o']],
  ],
  [
    'a list without dates takes nothing back',
    [
      [[A], 50, 5],
      [[], undefined, 6],
    ],
    [
      [6, 150, 'a'],
      [7, 150, ''],
    ],
  ],
];

describe('date ranges of a rendition', () => {
  test.each(ROWS)('%s', (_, lists, shown) => {
    for (const [sequence, fromMs, ids] of shown) {
      const ranges = dateRangesFrom(known(...lists), sequence, fromMs);
      expect(ranges.map(({ id }) => id).join(' ')).toBe(ids);
    }
  });

  test('what is said of one later on adds to it', () => {
    const more = new Map([['X-A', { value: '1', quoted: true }]]);
    const lists = known([[OPEN], 0, 1], [[{ ...range('o', 100, 150), attributes: more }], 0, 2]);
    const [shown] = dateRangesFrom(lists, 1, 0);
    expect([...(shown?.attributes.keys() ?? [])]).toEqual(['ID', 'X-A']);
    expect(shown?.endMs).toBe(150);
  });

  test('a source that names others with every list does not fill the memory', () => {
    let all: readonly KnownDateRange[] = [];
    for (let n = 0; n < 2000; n++) {
      all = takeDateRanges(all, { ranges: [range(`r${n}`, n)], fromMs: n }, 1);
    }
    expect(all.length).toBeLessThanOrEqual(MAX_DATE_RANGES + 1);
    expect(all.at(-1)?.range.id).toBe('r1999');
  });
});
