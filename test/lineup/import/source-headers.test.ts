// This file tests that a list cannot put anything into our requests but three harmless headers.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sourceHeaders } from '../../../src/lineup/import/source-headers.ts';

describe('sourceHeaders()', () => {
  const allowed: readonly (readonly [string, string])[] = [
    ['user-agent', 'Mozilla/5.0 (X11; Linux) "quoted", 100%'],
    ['user-agent', 'x'],
    ['referer', 'https://site.example/page?a=b'],
    ['origin', 'http://site.example'],
  ];
  test.each(allowed)('%s: %s is let through', (name, value) => {
    const { headers, refused } = sourceHeaders(new Map([[name, value]]));
    expect(headers).toEqual({ [name]: value });
    expect(refused).toEqual([]);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['cookie', 'a=b'],
    ['authorization', 'Basic x'],
    ['host', 'evil.example'],
    ['range', 'bytes=0-'],
    ['x-forwarded-for', '127.0.0.1'],
    ['transfer-encoding', 'chunked'],
    ['__proto__', 'x'],
    ['user-agent\r\nx', 'y'],
    ['user-agent', ''],
    ['user-agent', ' '],
    ['user-agent', ' x'],
    ['user-agent', 'a\r\nX: y'],
    ['user-agent', 'a\nX: y'],
    ['user-agent', 'a\rX: y'],
    ['user-agent', 'a\0b'],
    ['user-agent', 'a\tb'],
    ['user-agent', 'a\u2028b'],
    // Cut to their low byte these are LF and CR LF
    ['user-agent', 'a\u010ab'],
    ['user-agent', 'a\u560d\u560ab'],
    ['user-agent', 'ä'],
    ['user-agent', 'x'.repeat(1025)],
    ['referer', 'site.example'],
    ['referer', 'javascript:alert(1)'],
    ['origin', 'null'],
    ['origin', 'file:///etc'],
  ];
  test.each(refused)('%p: %p is refused', (name, value) => {
    expect(sourceHeaders(new Map([[name, value]]))).toEqual({ headers: {}, refused: [name] });
  });

  test('what is let through is a header for any client', () => {
    const name = fc.constantFrom('user-agent', 'referer', 'origin', 'cookie');
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.constantFrom('\r\n', '%0d%0a'),
    );
    fc.assert(
      fc.property(name, fc.array(value, { maxLength: 3 }), (header, parts) => {
        const { headers } = sourceHeaders(new Map([[header, parts.join('')]]));
        const kept = Object.entries(headers);
        expect([...new Headers(headers)]).toEqual(kept);
        for (const [, text] of kept) expect(text).toMatch(/^[\x20-\x7e]+$/);
      }),
      { numRuns: 1000 },
    );
  });
});
