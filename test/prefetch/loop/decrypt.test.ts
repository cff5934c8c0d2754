// This file tests the decryption of whole segments.
import { describe, expect, test } from 'bun:test';
import { createCipheriv } from 'node:crypto';
import { bigInt, assert as check, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import type { Key } from '../../../src/media/m3u8/playlist.ts';
import { aesKeyOf, decryptSegment, ivOf } from '../../../src/prefetch/loop/decrypt.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

const KEY = bytesOf('2b7e151628aed2a6abf7158809cf4f3c');
const IV = '000102030405060708090a0b0c0d0e0f';
/** NIST SP 800-38A §F.2.1, CBC-AES128: the plain text, and its blocks in cipher. */
const PLAIN =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
  '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710';
const CIPHER =
  '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2' +
  '73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7';

function encrypt(bytes: Uint8Array, key: Uint8Array, iv: string, pads = true): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex'));
  cipher.setAutoPadding(pads);
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]));
}

const key = (fields: Partial<Key>): Key => ({
  method: 'AES-128',
  uri: 'live.key',
  attributes: new Map(),
  ...fields,
});

describe('decryptSegment()', () => {
  test('opens what the standard gives as an example, its padding added', () => {
    const padding = encrypt(bytesOf(PLAIN), KEY, IV).subarray(PLAIN.length / 2);
    const segment = Buffer.concat([bytesOf(CIPHER), padding]);
    expect(Buffer.from(decryptSegment(segment, KEY, IV)).toString('hex')).toBe(PLAIN);
  });

  test('gives back what was encrypted, whatever its length', () => {
    const keys = uint8Array({ minLength: 16, maxLength: 16 });
    const ivs = bigInt(0n, 2n ** 128n - 1n);
    check(
      property(uint8Array({ maxLength: 100 }), keys, ivs, (bytes, secret, number) => {
        const iv = number.toString(16).padStart(32, '0');
        expect([...decryptSegment(encrypt(bytes, secret, iv), secret, iv)]).toEqual([...bytes]);
      }),
    );
  });

  const clear = new Uint8Array(32);
  const rows = [
    { name: 'a short key', key: KEY.subarray(1), says: 'its key has 15 bytes, wanted 16' },
    { name: 'an error page for a key', key: new Uint8Array(500), says: 'its key has 500 bytes' },
    { name: 'a cut segment', segment: new Uint8Array(33), says: 'its last block has 1 bytes' },
    { name: 'nothing', segment: new Uint8Array(0), says: 'it is empty, wanted whole blocks' },
    { name: 'a short IV', iv: '00', says: 'its IV is malformed, wanted 32 hex digits' },
    { name: 'no padding', segment: encrypt(clear, KEY, IV, false), says: 'its padding is wrong' },
    {
      name: 'padding of 17',
      segment: encrypt(clear.fill(17, 16), KEY, IV, false),
      says: 'its padding is wrong',
    },
    {
      name: 'padding that is not all alike',
      segment: encrypt(new Uint8Array(32).fill(3, 30), KEY, IV, false),
      says: 'its padding is wrong',
    },
  ];
  for (const {
    name,
    segment = encrypt(clear, KEY, IV),
    key: secret = KEY,
    iv = IV,
    says,
  } of rows) {
    test(`says what is wrong: ${name}`, () => {
      const open = () => decryptSegment(segment, secret, iv);
      expect(open).toThrow(FormatError);
      expect(open).toThrow(`Cannot decrypt the segment: ${says}`);
    });
  }
});

describe('ivOf()', () => {
  const rows = [
    { name: 'the IV of the key', fields: { iv: IV }, sequence: 7, value: IV },
    { name: 'sequence 0', fields: {}, sequence: 0, value: '0'.repeat(32) },
    {
      name: 'a large sequence',
      fields: {},
      sequence: 2 ** 40 + 10,
      value: `${'0'.repeat(21)}1000000000a`,
    },
  ];
  for (const { name, fields, sequence, value } of rows) {
    test(name, () => expect(ivOf(key(fields), sequence)).toBe(value));
  }
});

describe('aesKeyOf()', () => {
  const plain = key({});
  const named = key({ keyFormat: 'identity' });
  const drm = key({ method: 'SAMPLE-AES', keyFormat: 'com.apple.streamingkeydelivery' });
  const rows = [
    { name: 'no key', keys: [], value: undefined },
    { name: 'one without a format', keys: [plain], value: plain },
    { name: 'one beside a DRM', keys: [drm, named], value: named },
  ];
  for (const { name, keys, value } of rows) {
    test(name, () => expect(aesKeyOf(keys)).toBe(value as Key));
  }

  test('says so where none of them opens a whole segment', () => {
    const says = 'its keys are SAMPLE-AES com.apple.streamingkeydelivery, wanted AES-128 identity';
    expect(() => aesKeyOf([drm])).toThrow(`Cannot decrypt the segment: ${says}`);
    expect(() => aesKeyOf([key({ keyFormat: 'com.example' })])).toThrow(FormatError);
  });
});
