// This file tests that only the sealer of a channel opens what it sealed.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Sealed, Sealer } from '../../src/delivery/seal.ts';

const sealer = new Sealer(new Uint8Array(32).fill(7));
const SAMPLE: Sealed = { kind: 'body', url: 'https://cdn.example/a/1.ts?token=s%2Fecret#x' };

const anySealed = fc.record({
  kind: fc.constantFrom('playlist' as const, 'body' as const),
  url: fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string({ unit: 'grapheme' })),
});

describe('Sealer', () => {
  test('opens what it sealed, whatever the channel and the URL', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 64 }), anySealed, (channel, sealed) => {
        const token = sealer.seal(channel, sealed);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(sealer.open(channel, token)).toEqual(sealed);
      }),
      { numRuns: 200 },
    );
  });

  test('gives one URL the same name for ever, and another name in each channel and kind', () => {
    const token = sealer.seal('news', SAMPLE);
    expect(sealer.seal('news', { ...SAMPLE })).toBe(token);
    expect(new Sealer(new Uint8Array(32).fill(7)).seal('news', SAMPLE)).toBe(token);
    const others = [
      sealer.seal('sport', SAMPLE),
      sealer.seal('news', { ...SAMPLE, kind: 'playlist' }),
      sealer.seal('news', { ...SAMPLE, url: `${SAMPLE.url}1` }),
      new Sealer(new Uint8Array(32).fill(8)).seal('news', SAMPLE),
    ];
    expect(new Set([token, ...others]).size).toBe(5);
    // The nonce is its beginning: no two texts may share one
    expect(new Set([token, ...others].map((each) => each.slice(0, 16))).size).toBe(5);
  });

  test('does not show the URL', () => {
    const token = sealer.seal('news', SAMPLE);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('cdn.example');
  });

  test('opens nothing of another channel or under another key', () => {
    const token = sealer.seal('news', SAMPLE);
    expect(sealer.open('sport', token)).toBeUndefined();
    expect(sealer.open('', token)).toBeUndefined();
    expect(new Sealer(new Uint8Array(32)).open('news', token)).toBeUndefined();
  });

  test('refuses a token with any one bit flipped, and any part of one', () => {
    const bytes = Buffer.from(sealer.seal('news', SAMPLE), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(sealer.open('news', forged.toString('base64url'))).toBeUndefined();
    }
    for (let size = 0; size < bytes.length; size++) {
      expect(sealer.open('news', bytes.subarray(0, size).toString('base64url'))).toBeUndefined();
    }
  });

  const hostile: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['a path', '../../etc/passwd'],
    ['padding', `${sealer.seal('news', SAMPLE)}=`],
    ['a line end', `${sealer.seal('news', SAMPLE)}\n`],
    ['plain base64', 'ab+/'],
    ['NUL', 'abc\0'],
    ['a lone surrogate', '\ud800'],
    ['only a nonce and a tag', Buffer.alloc(28).toString('base64url')],
    ['zeros', Buffer.alloc(64).toString('base64url')],
    ['more than any URL', 'A'.repeat(10_000_000)],
  ];
  for (const [name, token] of hostile) {
    test(`refuses ${name}`, () => expect(sealer.open('news', token)).toBeUndefined());
  }

  test('refuses whatever it did not make, without throwing', () => {
    const base64 = fc
      .uint8Array({ maxLength: 120 })
      .map((b) => Buffer.from(b).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), base64), (token) => {
        expect(sealer.open('news', token)).toBeUndefined();
      }),
    );
  });
});
