// This file tests how the attributes and the title of an #EXTINF line are told apart.
import { describe, expect, test } from 'bun:test';
import {
  MAX_ATTRIBUTES,
  parseExtInf,
  parseHeaderAttributes,
} from '../../../src/media/m3u/extinf.ts';

type Row = {
  readonly name: string;
  readonly text: string;
  readonly title: string;
  readonly duration?: number;
  readonly attributes?: Readonly<Record<string, string>>;
};

const ROWS: readonly Row[] = [
  { name: 'duration and title', text: '-1,News', duration: -1, title: 'News' },
  { name: 'a decimal duration', text: '4.004,News', duration: 4.004, title: 'News' },
  { name: 'a space before the comma', text: '-1 ,News', duration: -1, title: 'News' },
  { name: 'no duration', text: ',News', title: 'News' },
  {
    name: 'no duration, attributes at once',
    text: 'tvg-id="x",News',
    title: 'News',
    attributes: { 'tvg-id': 'x' },
  },
  { name: 'nothing at all', text: '', title: '' },
  {
    name: 'a title with commas',
    text: '-1,London, Paris, Rome',
    duration: -1,
    title: 'London, Paris, Rome',
  },
  {
    name: 'a comma inside quotes',
    text: '-1 tvg-name="A, B" group-title="C",D, E',
    duration: -1,
    title: 'D, E',
    attributes: { 'tvg-name': 'A, B', 'group-title': 'C' },
  },
  {
    name: 'quotes inside quotes',
    text: '-1 tvg-name="The "Best" TV" tvg-id="x",The "Best" TV',
    duration: -1,
    title: 'The "Best" TV',
    attributes: { 'tvg-name': 'The "Best" TV', 'tvg-id': 'x' },
  },
  {
    name: 'empty values',
    text: '-1 tvg-id="" tvg-name="" tvg-logo=,News',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-id': '', 'tvg-name': '', 'tvg-logo': '' },
  },
  {
    name: 'no space between attributes',
    text: '-1 tvg-id=""tvg-name="x"group-title="y",News',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-id': '', 'tvg-name': 'x', 'group-title': 'y' },
  },
  {
    name: 'unquoted values end at a space',
    text: '-1 tvg-chno=7 group-title=Foo Bar,News',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-chno': '7', 'group-title': 'Foo' },
  },
  {
    name: 'attributes after the comma',
    text: '-1,tvg-id="x" group-title="y",News',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-id': 'x', 'group-title': 'y' },
  },
  {
    name: 'commas between attributes',
    text: '-1 tvg-id="x", tvg-name="y", group-title="z",News',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-id': 'x', 'tvg-name': 'y', 'group-title': 'z' },
  },
  {
    name: 'a quote that is never closed',
    text: '-1 tvg-id="x" tvg-name="News,News 24',
    duration: -1,
    title: 'News 24',
    attributes: { 'tvg-id': 'x', 'tvg-name': 'News' },
  },
  {
    name: 'no comma: what follows the last attribute',
    text: '-1 tvg-id="x" News 24',
    duration: -1,
    title: 'News 24',
    attributes: { 'tvg-id': 'x' },
  },
  { name: 'no comma, no attribute', text: '-1 News 24', duration: -1, title: 'News 24' },
  {
    name: 'names in capitals, the first of two alike',
    text: '0 TVG-ID="a" tvg-id="b" Group-Title="g",News',
    duration: 0,
    title: 'News',
    attributes: { 'tvg-id': 'a', 'group-title': 'g' },
  },
  {
    name: 'equals signs in values',
    text: '-1 tvg-logo="http://l/?a=b&c=d" catchup-source="http://c/?utc={utc}&lutc=\u0024{timestamp}",News',
    duration: -1,
    title: 'News',
    attributes: {
      'tvg-logo': 'http://l/?a=b&c=d',
      'catchup-source': 'http://c/?utc={utc}&lutc=\u0024{timestamp}',
    },
  },
  {
    name: 'tabs and spaces between, blanks inside the quotes',
    text: '-1 \t tvg-id=" x "\t\tgroup-title="y" \t, News ',
    duration: -1,
    title: 'News',
    attributes: { 'tvg-id': 'x', 'group-title': 'y' },
  },
  {
    name: 'names that objects have',
    text: '-1 __proto__="x" constructor="y",toString',
    duration: -1,
    title: 'toString',
    attributes: JSON.parse('{"__proto__":"x","constructor":"y"}'),
  },
];

describe('parseExtInf()', () => {
  test.each(ROWS.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const { duration, title, attributes, droppedCount } = parseExtInf(row.text);
    expect({ duration, title, droppedCount }).toEqual({
      duration: row.duration,
      title: row.title,
      droppedCount: 0,
    });
    expect([...attributes]).toEqual(Object.entries(row.attributes ?? {}));
  });

  test('keeps the first attributes and counts the rest', () => {
    const many = Array.from({ length: MAX_ATTRIBUTES + 6 }, (_, index) => `a${index}="${index}"`);
    const info = parseExtInf(`-1 ${many.join(' ')},News`);
    expect(info.attributes.size).toBe(MAX_ATTRIBUTES);
    expect(info.droppedCount).toBe(6);
    expect(info.title).toBe('News');
  });
});

describe('parseHeaderAttributes()', () => {
  test('reads past commas, which end nothing there', () => {
    const header = parseHeaderAttributes('x-tvg-url="http://a,http://b", tvg-shift=2 cache=500');
    expect([...header]).toEqual([
      ['x-tvg-url', 'http://a,http://b'],
      ['tvg-shift', '2'],
      ['cache', '500'],
    ]);
  });
});
