// This file tests that the short way of a URL into a line-up leads where the long one does.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { safeUrl } from '../../../src/media/m3u/safe-url.ts';

const HOSTS = [
  ...['tv', 'example', 'xn--a', 'xn--e1afmkfd', 'a-b', '-a', 'a-', '0x7f', '7', '127', '256', '00'],
  ...['1e9', 'TV', 'a_b', 'localhost', 'x'.repeat(64)],
];
const PATHS = ['live', 'a.ts', '.', '..', '...', '.a', 'a.', 'a..b', '%2e', 'A', '~', '', ' ', 'é'];
const PORTS = ['', ':80', ':443', ':8080', ':0', ':00', ':081', ':65536', ':99999', ':'];
const QUERIES = ['', '?', '?a=b&c=', '?quality=720', "?it's", '?a=%2c', '?x,y', '?a#b', '#b'];

const url = fc
  .tuple(
    fc.constantFrom('http://', 'https://', 'HTTP://'),
    fc.array(fc.constantFrom(...HOSTS), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...PORTS),
    fc.array(fc.constantFrom(...PATHS), { maxLength: 4 }),
    fc.constantFrom(...QUERIES),
  )
  .map(([scheme, host, port, path, query]) => {
    return `${scheme}${host.join('.')}${port}/${path.join('/')}${query}`;
  });

describe('safeUrl()', () => {
  test('what stays as it is is written as a parser writes it', () => {
    fc.assert(
      fc.property(url, (text) => {
        const safe = safeUrl(text);
        if (safe === undefined) return;
        expect(URL.parse(safe)?.href).toBe(safe);
        expect(URL.parse(text)?.hostname).toBe(URL.parse(safe)?.hostname as string);
      }),
      { numRuns: 20_000 },
    );
  });

  const same = [
    'http://192.168.1.5:8080/live/news/index.m3u8?quality=720',
    'https://tv.example/logo/news.png',
    'http://tv.example//a',
  ];
  test.each(same)('%s stays', (text) => expect(safeUrl(text)).toBe(text));
});
