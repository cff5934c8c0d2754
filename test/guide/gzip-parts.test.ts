// This file tests that parts compressed by themselves make one gzip file that anybody can read.
import { describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { GzipFile, gzipPart } from '../../src/guide/gzip-parts.ts';

function fileOf(texts: readonly string[]): Uint8Array {
  const file = new GzipFile();
  const pieces = [file.begin(), ...texts.map((text) => file.add(gzipPart(text))), file.end()];
  return new Uint8Array(Buffer.concat(pieces));
}

describe('GzipFile', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['nothing', []],
    ['an empty part', ['']],
    ['one part', ['hello']],
    ['empty ones between', ['a', '', 'b', '']],
    ['letters of several bytes', ['Zürich ', '日本', '\u{1f600}']],
    ['what compresses well', ['a'.repeat(1_000_000), 'b'.repeat(3)]],
  ];
  test.each(cases)('%s', (_, texts) => {
    expect(gunzipSync(fileOf(texts)).toString()).toBe(texts.join(''));
  });

  test('of any parts in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 })), (texts) => {
        expect(gunzipSync(fileOf(texts)).toString()).toBe(texts.join(''));
      }),
    );
  });

  test('gzip itself takes it', async () => {
    const bytes = fileOf(['one ', 'two ', 'three']);
    const gzip = Bun.spawn(['gzip', '-dc'], { stdin: bytes, stdout: 'pipe' });
    expect(await new Response(gzip.stdout).text()).toBe('one two three');
    expect(await gzip.exited).toBe(0);
  });
});
