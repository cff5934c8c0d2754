// This file tests that names of a line-up are right in whatever encoding they come.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createM3uDecoder } from '../../../src/media/m3u/decode.ts';

const LIST = '#EXTM3U\r\n#EXTINF:-1,Größe 艺术 📺\nhttp://h/1\n';

function decode(bytes: Uint8Array, sizeBytes = bytes.length): string {
  const decoder = createM3uDecoder();
  let text = '';
  for (let at = 0; at < bytes.length; at += sizeBytes) {
    // As a reader gives it that fills the same memory again
    const piece = new Uint8Array(bytes.subarray(at, at + sizeBytes));
    text += decoder.push(piece);
    piece.fill(0);
  }
  return text + decoder.end();
}

const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

const ROWS: readonly (readonly [string, Uint8Array, string])[] = [
  ['UTF-8', Buffer.from(LIST), LIST],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${LIST}`), LIST],
  ['UTF-16 with a mark', wide(`\ufeff${LIST}`), LIST],
  ['UTF-16 without a mark', wide(LIST), LIST],
  ['UTF-16, the other end first, with a mark', wide(`\ufeff${LIST}`).swap16(), LIST],
  ['UTF-16, the other end first', wide(LIST).swap16(), LIST],
  [
    'Latin-1',
    latin('#EXTM3U\n#EXTINF:-1,Größe\nhttp://h/1'),
    '#EXTM3U\n#EXTINF:-1,Größe\nhttp://h/1',
  ],
  ['Windows-1252', latin('#EXTINF:-1,\x80 \x96 \x92\n'), '#EXTINF:-1,€ – ’\n'],
  [
    'a list in UTF-8 joined with one in Latin-1',
    Buffer.concat([Buffer.from('#EXTINF:-1,Größe 艺术\n'), latin('#EXTINF:-1,Größe\n')]),
    '#EXTINF:-1,Größe 艺术\n#EXTINF:-1,Größe\n',
  ],
  ['a lone CR between', latin('#EXTM3U\rGröße\rx'), '#EXTM3U\rGröße\rx'],
  ['a character that is cut off', Buffer.from('#EXTM3U\nü').subarray(0, -1), '#EXTM3U\nÃ'],
  ['one byte', latin('#'), '#'],
  ['nothing', latin(''), ''],
];

describe('createM3uDecoder()', () => {
  test.each(ROWS)('%s', (_, bytes, text) => {
    for (const sizeBytes of [bytes.length || 1, 7, 1]) expect(decode(bytes, sizeBytes)).toBe(text);
  });

  test('UTF-8 comes out the same however it is cut, line ends or none', () => {
    const piece = fc.constantFrom('a', 'ü', '艺', '📺', '\n', '\r\n', '\r', ' ');
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 9 }), (pieces, sizeBytes) => {
        const text = `#${pieces.join('')}`;
        expect(decode(Buffer.from(text), sizeBytes)).toBe(text);
      }),
    );
  });

  test('a line without an end is not held, nor is a character of it torn', () => {
    const decoder = createM3uDecoder();
    const unit = Buffer.from('x艺📺');
    const bytes = Buffer.concat(Array.from({ length: 200_000 }, () => unit));
    let text = '';
    let mostHeld = 0;
    for (let at = 0; at < bytes.length; at += 10_007) {
      text += decoder.push(bytes.subarray(at, at + 10_007));
      mostHeld = Math.max(mostHeld, at + 10_007 - Buffer.byteLength(text));
    }
    text += decoder.end();
    expect(text === 'x艺📺'.repeat(200_000)).toBe(true);
    expect(mostHeld).toBeLessThan(100_000);
  });
});
