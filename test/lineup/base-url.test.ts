// This file tests what may stand at the beginning of the URLs we write.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ownBaseUrl, parseBaseUrl } from '../../src/lineup/base-url.ts';
import { hostileText } from '../media/m3u/hostile.ts';

describe('parseBaseUrl()', () => {
  const good: readonly (readonly [string, string])[] = [
    ['tv.example.com', 'http://tv.example.com'],
    ['tv.example.com:8080', 'http://tv.example.com:8080'],
    ['TV.Example.com', 'http://tv.example.com'],
    ['https://tv.example.com/', 'https://tv.example.com'],
    ['HTTPS://tv.example.com:443', 'https://tv.example.com'],
    ['http://192.0.2.7:80/iptv/v1/', 'http://192.0.2.7/iptv/v1'],
    ['[2001:DB8::1]:8080/x', 'http://[2001:db8::1]:8080/x'],
    ['localhost', 'http://localhost'],
    ['weir_1:8080', 'http://weir_1:8080'],
    ['cdn.example/~a/b-c_d.e', 'http://cdn.example/~a/b-c_d.e'],
  ];
  test.each(good)('%p is %p', (text, base) => {
    expect(parseBaseUrl(text)).toBe(base);
  });

  test('the scheme of the request stands in for a missing one only', () => {
    expect(parseBaseUrl('tv.example', 'https')).toBe('https://tv.example');
    expect(parseBaseUrl('http://tv.example', 'https')).toBe('http://tv.example');
  });

  const refused = [
    '',
    '/',
    ' tv.example',
    'tv.example\n',
    'tv.example\r\nX: y',
    'tv.example, evil.example',
    'ftp://tv.example',
    'javascript:alert(1)',
    '//tv.example',
    'http:///x',
    'user@tv.example',
    'user:pass@tv.example',
    'tv.example:',
    'tv.example:0',
    'tv.example:65536',
    'tv.example:8080:80',
    'tv.example?x=1',
    'tv.example#x',
    'tv.example/a?b',
    'tv.example//evil.example',
    'tv.example/../admin',
    'tv.example/./x',
    'tv.example/a%2fb',
    'tv.example/a b',
    'tv.example/"',
    'tv.example\\evil',
    '-tv.example',
    'tv.example-',
    'tv..example',
    '.tv.example',
    '1.2.3.999',
    '[::1',
    '[::g]',
    '[::1]x',
    '2001:db8::1',
    'tv.exämple',
    'tv.example\u2028',
    '\u0024{jndi}',
    `${'a.'.repeat(127)}example`,
    `tv.example/${'x'.repeat(600)}`,
  ];
  test.each(refused.map((text) => [text]))('%p is refused', (text) => {
    expect(parseBaseUrl(text)).toBeUndefined();
  });

  test('what passes names the host it seems to name, and nothing else', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'http://',
        'https://',
        'tv',
        '.',
        'example',
        ':',
        '80',
        '/',
        '@',
        '[',
        ']',
        '::1',
        '\\',
        '?',
        '#',
        '%',
        '..',
      ),
      hostileText,
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 7 }), (parts) => {
        const text = parts.join('');
        const base = parseBaseUrl(text);
        if (base === undefined) return;
        expect(base).toMatch(
          /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d+)?(?:\/[A-Za-z0-9._~-]+)*$/,
        );
        expect(new URL(base).href.replace(/\/$/, '')).toBe(base);
        expect(parseBaseUrl(base)).toBe(base);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('ownBaseUrl()', () => {
  test('is public_url before the Host header', () => {
    expect(ownBaseUrl('https://tv.example/x/', 'evil.example')).toBe('https://tv.example/x');
    expect(ownBaseUrl(undefined, 'tv.local:8080')).toBe('http://tv.local:8080');
    expect(ownBaseUrl(undefined, 'tv.local', 'https')).toBe('https://tv.local');
  });

  test('is nothing without both, and undefined for a header that is none', () => {
    expect(ownBaseUrl(undefined, null)).toBe('');
    expect(ownBaseUrl(undefined, '')).toBe('');
    for (const header of ['a b', 'a@b', 'http://a', 'a/b', 'a"b', 'a,b', 'a\u2028b', 'a:x']) {
      expect(ownBaseUrl(undefined, header)).toBeUndefined();
    }
  });
});
