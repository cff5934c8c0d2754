// This file tests what the markup of guides cannot hold.
import { describe, expect, test } from 'bun:test';
import { attribute, escapeMarkup, unescapeMarkup } from '../../../src/media/xmltv/markup.ts';

describe('escapeMarkup()', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['signs of its own', `<a b="c"> & 'd'`, `&lt;a b=&quot;c&quot;&gt; &amp; 'd'`],
    ['characters that XML has not', 'a\0b\u001fc\ufffed\uffff', 'abcd'],
    ['those it has', 'a\tb\nc\u0085d\u{1f600}\ufffd', 'a\tb\nc\u0085d\u{1f600}\ufffd'],
  ];
  test.each(rows)('%s', (_, text, written) => {
    expect(escapeMarkup(text)).toBe(written);
  });

  test.each(['<a b="c"> & d', '&amp;amp; &nope; &', ''])('undone, %p is what it was', (text) => {
    expect(unescapeMarkup(escapeMarkup(text))).toBe(text);
  });
});

describe('attributes', () => {
  test('are on one line, and have the spaces of the ids in line-ups', () => {
    expect(attribute('b', 'c\r\n\td')).toBe(' b="c d"');
    expect(attribute('b', '5\u00a0USA \u3000x')).toBe(' b="5\u00a0USA \u3000x"');
  });
  test('that have no value are not written', () => {
    expect(attribute('b', undefined)).toBe('');
    expect(attribute('b', '')).toBe(' b=""');
  });
});
