// This file checks how URLs are read into what is dialled and sent.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NetError } from '../../src/net/errors.ts';
import { inheritUserinfo, parseTarget } from '../../src/net/target.ts';

function parts(url: string): readonly unknown[] {
  const { host, port, origin, authority, path, isAddress } = parseTarget(url);
  return [host, port, origin, authority, path, isAddress];
}

describe('parseTarget()', () => {
  const READ: readonly (readonly [url: string, ...parts: unknown[]])[] = [
    ['http://a.test', 'a.test', 80, 'http://a.test', 'a.test', '/', false],
    ['HTTPS://A.Test:443/x?y#z', 'a.test', 443, 'https://a.test', 'a.test', '/x?y', false],
    ['http://a.test:443/', 'a.test', 443, 'http://a.test:443', 'a.test:443', '/', false],
    ['http://a.test./x', 'a.test', 80, 'http://a.test', 'a.test', '/x', false],
    ['http://127.1/', '127.0.0.1', 80, 'http://127.0.0.1', '127.0.0.1', '/', true],
    ['http://127.0.0.1./', '127.0.0.1', 80, 'http://127.0.0.1', '127.0.0.1', '/', true],
    ['http://0x7f000001/', '127.0.0.1', 80, 'http://127.0.0.1', '127.0.0.1', '/', true],
    ['http://[::1]:81/', '::1', 81, 'http://[::1]:81', '[::1]:81', '/', true],
    [
      'http://bücher.test/ä',
      'xn--bcher-kva.test',
      80,
      'http://xn--bcher-kva.test',
      'xn--bcher-kva.test',
      '/%C3%A4',
      false,
    ],
    [
      'http://ｅxample.test/',
      'example.test',
      80,
      'http://example.test',
      'example.test',
      '/',
      false,
    ],
    ['http://a.test/a b\n', 'a.test', 80, 'http://a.test', 'a.test', '/a%20b', false],
    ['http://u:p@a.test/', 'a.test', 80, 'http://a.test', 'a.test', '/', false],
  ];
  test.each([...READ])('reads %s', (url, ...expected) => {
    expect(parts(url as string)).toEqual(expected);
  });

  const REFUSED = [
    '',
    'a.test/x',
    '//a.test/x',
    'file:///etc/passwd',
    'ftp://a.test/',
    'data:text/plain,x',
    'javascript:1',
    'gopher://a.test:70/',
    'ws://a.test/',
    's3://bucket/key',
    'unix:/var/run/docker.sock',
    'blob:http://a.test/x',
    'http://',
    'http://:80/',
    'http://./',
    'http://a.test:0/',
    'http://a.test:65536/',
    'http://a b.test/',
    'http://[::1/',
    'http://1.2.3.4.5/',
    'http://256.1.1.1/',
    `http://a.test/${'x'.repeat(17_000)}`,
  ];
  test.each(REFUSED)('refuses %.40s', (url) => {
    expect(() => parseTarget(url)).toThrow(NetError);
  });

  test('resolves a relative reference as a URL does, userinfo included', () => {
    const base = parseTarget('http://u:p@a.test/x/list.m3u8?t=1');
    expect(parseTarget('../seg.ts?u=2', base).href).toBe('http://u:p@a.test/seg.ts?u=2');
    expect(parseTarget('//b.test/seg.ts', base).href).toBe('http://b.test/seg.ts');
  });

  // RFC 7617 §2
  const USERINFO: readonly (readonly [url: string, pair: string | undefined])[] = [
    ['http://a.test/', undefined],
    ['http://u:p@a.test/', 'u:p'],
    ['http://u@a.test/', 'u:'],
    ['http://:p@a.test/', ':p'],
    ['http://u%40x:p%3Aq@a.test/', 'u@x:p:q'],
    ['http://ü:%C3%A4@a.test/', 'ü:ä'],
    ['http://u:100%@a.test/', 'u:100%'],
  ];
  test.each([...USERINFO])('turns the userinfo of %s into Basic', (url, pair) => {
    const { authorization } = parseTarget(url);
    const decoded = authorization && Buffer.from(authorization.slice(6), 'base64').toString();
    expect(decoded).toBe(pair);
  });

  test('names no userinfo, path or query in an error', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        try {
          parseTarget(url.replace(/^https?:\/\//, 'ftp://SECRET:SECRET@').concat('/SECRET'));
        } catch (error) {
          expect((error as Error).message).not.toContain('SECRET');
          return;
        }
        throw new Error('ftp was taken');
      }),
      { numRuns: 30 },
    );
  });
});

describe('inheritUserinfo()', () => {
  const CASES: readonly (readonly [from: string, to: string, href: string])[] = [
    ['http://u:p@a.test/1', 'http://a.test/2', 'http://u:p@a.test/2'],
    ['http://u:p@a.test/1', 'http://v:q@a.test/2', 'http://v:q@a.test/2'],
    ['http://u:p@a.test/1', 'http://a.test:81/2', 'http://a.test:81/2'],
    ['http://u:p@a.test/1', 'https://a.test/2', 'https://a.test/2'],
    ['http://u:p@a.test/1', 'http://b.test/2', 'http://b.test/2'],
    ['http://a.test/1', 'http://a.test/2', 'http://a.test/2'],
  ];
  test.each([...CASES])('%s → %s', (from, to, href) => {
    const target = inheritUserinfo(parseTarget(to), parseTarget(from));
    expect(target.href).toBe(href);
    expect(target.authorization).toBe(parseTarget(href).authorization!);
  });
});
