// This file tests how the attributes and the title of an #EXTINF line are told apart.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type AttributeOrder, MAX_ORDER } from '../../../src/media/m3u/attribute-order.ts';
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

describe('parseExtInf() with what the lines before had', () => {
  /** Full of what no line has, so that nothing is likely and nothing is learnt. */
  const NOTHING_LIKELY: AttributeOrder = Array.from({ length: MAX_ORDER }, () => ({
    text: 'nowhere',
    name: 'nowhere',
  }));

  const name = fc.constantFrom('a', 'tvg-id', 'tvg-ID', 'group-title', 'é', 'x.y', '-1');
  const text = fc.array(
    fc.constantFrom('"', ' ', ',', '=', 'b', '\t', 'a="', ' a=', 'é', 'tvg-id="x"', '\ufeff', '\n'),
    { maxLength: 4 },
  );
  const attribute = fc
    .tuple(name, fc.constantFrom('="', '="', '=', ' ="'), text, fc.constantFrom('"', '"', '', '""'))
    .map(([key, open, value, close]) => `${key}${open}${value.join('')}${close}`);
  const separator = fc.constantFrom(' ', ' ', ' ', '  ', '', ',', '\t', ', ');
  const line = fc
    .tuple(
      fc.constantFrom('-1', '-1', '0', ' 5.5', '', '+3', 'x'),
      fc.array(fc.tuple(separator, attribute), { maxLength: 7 }),
      fc.constantFrom(',', ',', '', ' ,', ', '),
      text,
    )
    .map(([duration, attributes, comma, title]) =>
      [duration, ...attributes.flat(), comma, ...title].join(''),
    );

  test('reads the same', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const order: AttributeOrder = [];
        for (const each of lines) {
          const plain = parseExtInf(each, NOTHING_LIKELY);
          const { attributes, ...rest } = parseExtInf(each, order);
          expect([...attributes]).toEqual([...plain.attributes]);
          expect({ ...rest, attributes }).toEqual(plain);
        }
        expect(order.length).toBeLessThanOrEqual(MAX_ORDER);
      }),
      { numRuns: 3000 },
    );
  });

  test('learns each start once, in the order of the lines, and no more than so many', () => {
    const order: AttributeOrder = [];
    for (const each of ['-1 a="1" c="2",x', '-1 a="1" B="2" c="3",x', '-1 c="1" a=" 2 "3" b,x']) {
      parseExtInf(each, order);
    }
    expect(order).toEqual([
      { text: ' a="', name: 'a' },
      { text: ' B="', name: 'b' },
      { text: ' c="', name: 'c' },
    ]);
    const many = Array.from({ length: MAX_ORDER * 2 }, (_, index) => `d${index}="${index}"`);
    expect(parseExtInf(`-1 ${many.join(' ')},x`, order).attributes.size).toBe(MAX_ATTRIBUTES);
    expect(order).toHaveLength(MAX_ORDER);
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
