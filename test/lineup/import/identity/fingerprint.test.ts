// This file tests that several texts are named by one number.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { idFromName } from '../../../../src/lineup/channel-id.ts';
import { fingerprint } from '../../../../src/lineup/import/identity/fingerprint.ts';

test('fingerprint() is the same for the same texts, and another where one differs or has moved', () => {
  const texts = fc.array(fc.string({ maxLength: 6 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b);
      expect(fingerprint(...a) === fingerprint(...b)).toBe(isSame);
    }),
  );
  expect(fingerprint('ab', '')).not.toBe(fingerprint('a', 'b'));
  expect(Number.isSafeInteger(fingerprint('Télé', 'http://h.example/1'))).toBe(true);
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
