// This file tests the names of segments and assets.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { assetName, mediaSequenceOf, segmentName } from '../../src/ring/name.ts';
import { listedSegment } from '../support/listed.ts';

describe('segmentName()', () => {
  test('is the same in every run: it stands in the playlists of viewers', () => {
    const listed = listedSegment(7, { identity: 'a7.ts' });
    expect(segmentName(12, listed)).toBe(segmentName(12, { ...listed, durationS: 9, title: 'x' }));
    // A literal: another hash would make one name mean other bytes after an update
    expect(segmentName(12, listed)).toBe('12-2z2flrr6.ts');
  });

  const LISTED = listedSegment(7, { identity: 'a7.ts' });
  for (const [what, other, mediaSequence] of [
    ['our number', LISTED, 13],
    ['the number of the source', { ...LISTED, sequence: 8 }, 12],
    ['the content', { ...LISTED, identity: 'b7.ts' }, 12],
    ['the container', { ...LISTED, extension: 'm4s' }, 12],
  ] as const) {
    test(`differs by ${what}`, () => {
      expect(segmentName(mediaSequence, other)).not.toBe(segmentName(12, LISTED));
    });
  }

  test('is a plain file name, whatever the source calls it, and tells its number', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.string(), (mediaSequence, identity) => {
        const name = segmentName(mediaSequence, listedSegment(1, { identity }));
        expect(name).toMatch(/^\d+-[a-z0-9]{1,8}\.ts$/);
        expect(mediaSequenceOf(name)).toBe(mediaSequence);
      }),
    );
  });
});

describe('assetName()', () => {
  test('says what it is and where it is from, by a hash', () => {
    const name = assetName('init', 'http://a.example/init.mp4?secret', 'mp4');
    expect(name).toMatch(/^init-[a-z0-9]+\.mp4$/);
    expect(name).not.toContain('secret');
    expect(assetName('init', 'http://a.example/init.mp4?secret', 'mp4')).toBe(name);
    expect(assetName('init', 'http://a.example/other.mp4', 'mp4')).not.toBe(name);
    expect(assetName('key', 'http://a.example/k', 'key')).toMatch(/^key-[a-z0-9]+\.key$/);
  });
});

describe('mediaSequenceOf()', () => {
  for (const [name, expected] of [
    ['0-a.ts', 0],
    ['12-abc.ts', 12],
    ['012-abc.ts', 12],
    ['999999999999999-a.ts', 999_999_999_999_999],
    ['1234567890123456-a.ts', undefined],
    [`${'9'.repeat(400)}-a.ts`, undefined],
    ['', undefined],
    ['-', undefined],
    ['-1-a.ts', undefined],
    ['12', undefined],
    ['12.ts', undefined],
    ['1e3-a.ts', undefined],
    ['0x10-a.ts', undefined],
    ['+5-a.ts', undefined],
    [' 5-a.ts', undefined],
    ['5 -a.ts', undefined],
    ['1.5-a.ts', undefined],
    ['٣-a.ts', undefined],
    ['init-abc.mp4', undefined],
    ['key-abc.key', undefined],
    ['../12-a.ts', undefined],
    ['12/-a.ts', undefined],
    ['1\0-a.ts', undefined],
    ['__proto__-a', undefined],
  ] as const) {
    test(`of ${JSON.stringify(name.slice(0, 24))} is ${expected}`, () => {
      expect(mediaSequenceOf(name)).toBe(expected as number);
    });
  }
});
