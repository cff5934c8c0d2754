// This file tests that what an archive writes down is read as it was.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseAttributeList } from '../../../src/media/m3u8/attribute-list.ts';
import type { Key } from '../../../src/media/m3u8/playlist.ts';
import {
  formatNeeds,
  parseNeeds,
  type SegmentNeeds,
} from '../../../src/recording/archive/archive-about.ts';

const SCOPE = { options: { uri: 'http://h/' }, defines: new Map<string, string>(), addedChars: 0 };

const text = fc.string({ maxLength: 30 });
const key: fc.Arbitrary<Key> = fc
  .record(
    { method: text, iv: text, keyFormat: text, attributes: fc.array(fc.tuple(text, text)) },
    { requiredKeys: ['method', 'attributes'] },
  )
  .map(({ attributes, ...rest }) => ({
    ...rest,
    attributes: new Map(attributes.map(([name, value]) => [name, { value, quoted: true }])),
  }));
const keys = fc.array(fc.record({ key, asset: text }, { requiredKeys: ['key'] }), { maxLength: 3 });
const needs: fc.Arbitrary<SegmentNeeds> = fc.record(
  { contentType: text, keys, map: fc.record({ asset: text, keys }) },
  { requiredKeys: ['contentType', 'keys'] },
);

describe('parseNeeds()', () => {
  test('reads what formatNeeds() has written', () => {
    fc.assert(
      fc.property(needs, (one) => {
        expect(parseNeeds(formatNeeds(one))).toEqual(one);
      }),
    );
  });

  test('keeps attributes that nobody knows', () => {
    const attributes = parseAttributeList('METHOD=SAMPLE-AES,URI="skd://x",X-OWN="ü"', SCOPE, 1);
    const one: SegmentNeeds = {
      contentType: 'video/mp4',
      keys: [{ key: { method: 'SAMPLE-AES', uri: 'skd://x', attributes } }],
    };
    expect(parseNeeds(formatNeeds(one))).toEqual(one);
  });
});
