// This file tests that numbers are found where they are, and that several are told from one.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { KeyIndex, NONE, SEVERAL } from '../../../../src/lineup/import/identity/key-index.ts';

test('KeyIndex finds what is there once, and says what is not there or more than once', () => {
  const key = fc.oneof(fc.nat({ max: 12 }), fc.nat(), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(key), fc.array(key), (keys, others) => {
      const index = new KeyIndex(Float64Array.from(keys));
      for (const wanted of [...keys, ...others]) {
        const places = [...keys.keys()].filter((at) => keys[at] === wanted);
        const alone = places.length === 0 ? NONE : SEVERAL;
        expect(index.find(wanted)).toBe(places.length === 1 ? (places[0] as number) : alone);
      }
    }),
  );
});
