// This file tests which date ranges a list has, from when until when.
import { describe, expect, test } from 'bun:test';
import { parseAttributeList } from '../../../src/media/m3u8/attribute-list.ts';
import {
  type DateRange,
  MAX_DATE_RANGES,
  mergeDateRanges,
  readDateRanges,
} from '../../../src/media/m3u8/date-range.ts';
import { createScope } from '../../../src/media/m3u8/define.ts';

const HOUR = Date.UTC(2026, 0, 1);
const at = (second: number) => `"${new Date(HOUR + second * 1000).toISOString()}"`;
const read = (...tags: readonly string[]) =>
  readDateRanges(tags.map((tag) => parseAttributeList(tag, createScope({}), 1)));
const seconds = (ms: number | undefined) => (ms === undefined ? '' : (ms - HOUR) / 1000);
const said = (ranges: readonly DateRange[]) =>
  ranges.map(({ id, startMs, endMs }) => `${id} ${seconds(startMs)}-${seconds(endMs)}`);

/** Tags, and ranges as `id start-end`, in seconds past the hour. */
const ROWS: readonly (readonly [what: string, tags: readonly string[], ranges: string[]])[] = [
  ['one that is open', [`ID="a",START-DATE=${at(5)}`], ['a 5-']],
  ['its end', [`ID="a",START-DATE=${at(5)},END-DATE=${at(9)}`], ['a 5-9']],
  ['its duration', [`ID="a",START-DATE=${at(5)},DURATION=2.5`], ['a 5-7.5']],
  [
    'an end that is no guess',
    [`ID="a",START-DATE=${at(5)},END-DATE=${at(9)},DURATION=30`],
    ['a 5-9'],
  ],
  [
    'a duration that was only planned',
    [`ID="a",START-DATE=${at(5)},PLANNED-DURATION=30`],
    ['a 5-'],
  ],
  ['one that ends before it starts', [`ID="a",START-DATE=${at(5)},END-DATE=${at(2)}`], ['a 5-5']],
  ['an instant', [`ID="a",START-DATE=${at(5)},DURATION=0`], ['a 5-5']],
  ['no ID', [`START-DATE=${at(5)}`], []],
  ['an empty ID', [`ID="",START-DATE=${at(5)}`], []],
  ['no start', ['ID="a",DURATION=3'], []],
  ['a start that is no date', ['ID="a",START-DATE="soon"'], []],
  [
    'a later tag that adds the end',
    [`ID="a",START-DATE=${at(5)}`, `ID="b",START-DATE=${at(6)}`, `ID="a",END-DATE=${at(9)}`],
    ['a 5-9', 'b 6-'],
  ],
  [
    'an ID that was taken for another one',
    [`ID="a",START-DATE=${at(5)},DURATION=1`, `ID="a",START-DATE=${at(50)}`],
    ['a 50-'],
  ],
  [
    'END-ON-NEXT: the next of its class ends it',
    [
      `ID="a",CLASS="p",START-DATE=${at(5)},END-ON-NEXT=YES`,
      `ID="x",CLASS="q",START-DATE=${at(7)},END-ON-NEXT=YES`,
      `ID="c",CLASS="p",START-DATE=${at(20)},END-ON-NEXT=YES`,
      `ID="b",CLASS="p",START-DATE=${at(10)},END-ON-NEXT=YES`,
    ],
    ['a 5-10', 'x 7-', 'c 20-', 'b 10-20'],
  ],
];

describe('readDateRanges()', () => {
  test.each(ROWS)('%s', (_, tags, ranges) => {
    expect(said(read(...tags))).toEqual(ranges);
  });

  test('keeps every attribute of all tags of a range', () => {
    const [range] = read(
      `ID="a",START-DATE=${at(5)},SCTE35-OUT=0xFC00,X-COM="1"`,
      `ID="a",SCTE35-IN=0xFC01,X-COM="2"`,
    );
    expect([...(range?.attributes ?? [])].map(([name, { value }]) => [name, value])).toEqual([
      ['ID', 'a'],
      ['START-DATE', new Date(HOUR + 5000).toISOString()],
      ['SCTE35-OUT', '0xFC00'],
      ['X-COM', '2'],
      ['SCTE35-IN', '0xFC01'],
    ]);
  });

  test(`keeps the latest ${MAX_DATE_RANGES}`, () => {
    const tags = Array.from(
      { length: MAX_DATE_RANGES + 10 },
      (_, n) => `ID="${n}",START-DATE=${at(n)}`,
    );
    const ids = read(...tags.reverse()).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_DATE_RANGES);
    expect([ids[0], ids.at(-1)]).toEqual([String(MAX_DATE_RANGES + 9), '10']);
    const same = Array.from(
      { length: MAX_DATE_RANGES + 10 },
      (_, n) => `ID="${n}",START-DATE=${at(0)}`,
    );
    expect(read(...same)).toHaveLength(MAX_DATE_RANGES);
  });
});

describe('mergeDateRanges()', () => {
  const one = (tag: string) => read(tag)[0] as DateRange;
  const known = one(`ID="a",START-DATE=${at(5)},DURATION=3,X-A="1"`);

  test('adds what is new and keeps what is not said again', () => {
    const merged = mergeDateRanges(known, one(`ID="a",START-DATE=${at(5)},SCTE35-IN=0xFC`));
    expect(said([merged])).toEqual(['a 5-8']);
    expect([...merged.attributes.keys()]).toEqual([
      ...['ID', 'START-DATE', 'DURATION', 'X-A', 'SCTE35-IN'],
    ]);
  });

  test('takes the later word for an end', () => {
    const later = one(`ID="a",START-DATE=${at(5)},DURATION=7`);
    expect(said([mergeDateRanges(known, later)])).toEqual(['a 5-12']);
  });

  test('takes an ID that starts at another time for another range', () => {
    const other = one(`ID="a",START-DATE=${at(6)}`);
    expect(mergeDateRanges(known, other)).toBe(other);
  });
});
