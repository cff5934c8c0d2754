// This file tests that texts are named by numbers.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { idFromName } from '../../../../src/lineup/channel-id.ts';
import { fingerprint } from '../../../../src/lineup/import/identity/fingerprint.ts';

test('fingerprint() is the same for the same text, and another for another', () => {
  const text = fc.string({ maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(fingerprint(a) === fingerprint(b)).toBe(a === b);
      expect(Number.isSafeInteger(fingerprint(a))).toBe(true);
    }),
  );
});

test('idFromName() makes of plain names what it makes of them beside a letter of another kind', () => {
  const plain = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(plain, (name) => {
      const beside = idFromName(`${name}é`);
      const alone = idFromName(`${name}e`);
      expect(alone).toBe(beside);
    }),
  );
});
