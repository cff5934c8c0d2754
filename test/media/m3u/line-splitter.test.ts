// This file tests that lines come out the same however the text is cut.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createLineSplitter, MAX_LINE_CHARS } from '../../../src/media/m3u/line-splitter.ts';

type Line = { readonly text: string; readonly number: number; readonly isCut: boolean };

function split(chunks: readonly string[]): Line[] {
  const lines: Line[] = [];
  const splitter = createLineSplitter((text, number, isCut) => {
    lines.push({ text, number, isCut });
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('createLineSplitter()', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['LF', ['a\nb\n'], ['a', 'b']],
    ['CRLF', ['a\r\nb\r\n'], ['a', 'b']],
    ['a lone CR', ['a\rb\r'], ['a', 'b']],
    ['no end', ['a\nb'], ['a', 'b']],
    ['blank lines', ['a\n\n\r\n\rb'], ['a', '', '', '', 'b']],
    ['CRLF cut in two', ['a\r', '\nb'], ['a', 'b']],
    ['CR and CRLF cut in two', ['a\r', '\r\nb'], ['a', '', 'b']],
    ['empty chunks', ['a\r', '', '\nb', '', 'c'], ['a', 'bc']],
    ['nothing', [''], []],
  ];
  test.each(rows)('%s', (_, chunks, expected) => {
    const lines = split(chunks);
    expect(lines.map((line) => line.text)).toEqual([...expected]);
    expect(lines.map((line) => line.number)).toEqual(expected.map((_line, index) => index + 1));
  });

  test('the cuts of the text do not matter', () => {
    const piece = fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (chunks) => {
        const text = chunks.join('');
        const expected = text.split(/\r\n|\r|\n/);
        if (expected.at(-1) === '') expected.pop();
        expect(split(chunks).map((line) => line.text)).toEqual(expected);
        expect(split([text])).toEqual(split([...text]));
      }),
      { numRuns: 500 },
    );
  });

  test('a line over the limit is its beginning, marked as cut', () => {
    const exact = 'x'.repeat(MAX_LINE_CHARS);
    expect(split([`${exact}\n${exact}y\nz`])).toEqual([
      { text: exact, number: 1, isCut: false },
      { text: exact, number: 2, isCut: true },
      { text: 'z', number: 3, isCut: false },
    ]);
  });
});
