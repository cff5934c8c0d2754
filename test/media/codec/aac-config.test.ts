// This file tests AudioSpecificConfig, and the ADTS that is written by it.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { type AacConfig, parseAacConfig } from '../../../src/media/codec/aac-config.ts';
import { AdtsCounter } from '../../../src/media/codec/adts.ts';
import { adtsFrameBytes, writeAdtsFrame } from '../../../src/media/codec/adts-header.ts';

/** Fields as "value:bits", filled up to bytes. */
function bits(fields: string): Uint8Array {
  const digits = fields
    .split(' ')
    .map((field) => field.split(':').map(Number))
    .map(([value = 0, count = 0]) => value.toString(2).padStart(count, '0'))
    .join('');
  const bytes = digits.padEnd(Math.ceil(digits.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2));
}

const GA = '0:1 0:1 0:1'; // frameLengthFlag, dependsOnCoreCoder, extensionFlag
const LC = { objectType: 2, frequencyIndex: 4, channelConfig: 2 };
/** Tag, LC, 44.1 kHz; one pair in front and one behind; no mixdowns. */
const PCE = '0:4 1:2 4:4 1:4 0:4 1:4 0:2 0:3 0:4 0:1 0:1 0:1 1:1 0:4 1:1 1:4';

describe('parseAacConfig()', () => {
  const rows = [
    { name: 'LC', config: `2:5 4:4 2:4 ${GA}`, value: LC },
    {
      name: 'LC that names SBR behind',
      config: `2:5 7:4 2:4 ${GA} 695:11 5:5 1:1 4:4`,
      value: { ...LC, frequencyIndex: 7 },
    },
    { name: 'HE-AAC', config: `5:5 7:4 2:4 4:4 2:5 ${GA}`, value: { ...LC, frequencyIndex: 7 } },
    {
      name: 'HE-AAC v2',
      config: `29:5 7:4 1:4 4:4 2:5 ${GA}`,
      value: { ...LC, frequencyIndex: 7, channelConfig: 1 },
    },
    {
      name: 'HE-AAC with its rate written out',
      config: `5:5 7:4 2:4 15:4 44100:24 2:5 ${GA}`,
      value: { ...LC, frequencyIndex: 7 },
    },
    {
      name: 'a rate written out that has a number',
      config: `2:5 15:4 48000:24 6:4 ${GA}`,
      value: { ...LC, frequencyIndex: 3, channelConfig: 6 },
    },
    {
      name: 'one that depends on a core coder',
      config: '1:5 0:4 7:4 0:1 1:1 99:14 0:1',
      value: { objectType: 1, frequencyIndex: 0, channelConfig: 7 },
    },
  ];
  for (const { name, config, value } of rows) {
    test(name, () => expect(parseAacConfig(bits(config), 0)).toEqual(value));
  }

  test('channels of its own make an element before each frame, aligned anew', () => {
    const config = parseAacConfig(bits(`2:5 4:4 0:4 ${GA} ${PCE} 0:4 2:8 65:8 66:8`), 0);
    const element = bits(`5:3 ${PCE} 0:1 2:8 65:8 66:8`);
    expect(config).toEqual({
      objectType: 2,
      frequencyIndex: 4,
      channelConfig: 0,
      programConfig: element,
    });
  });

  const refused = [
    { name: 'nothing', config: '', says: 'it has 0 bytes, wanted more' },
    { name: 'a cut', config: '2:5 4:3', says: 'it has 1 bytes, wanted more' },
    {
      name: 'xHE-AAC',
      config: '31:5 10:6 4:4 2:4',
      says: 'its audio object type is 42, wanted AAC Main',
    },
    { name: 'object type 0', config: `0:5 4:4 2:4 ${GA}`, says: 'its audio object type is 0' },
    {
      name: 'SBR of something else',
      config: `5:5 4:4 2:4 4:4 23:5 ${GA}`,
      says: 'its audio object type is 23',
    },
    {
      name: 'a reserved rate',
      config: `2:5 13:4 2:4 ${GA}`,
      says: 'its sampling rate is reserved',
    },
    {
      name: 'a rate ADTS does not know',
      config: `2:5 15:4 47999:24 2:4 ${GA}`,
      says: 'its sampling rate is 47999',
    },
    {
      name: 'frames of 960',
      config: '2:5 4:4 2:4 1:1 0:1 0:1',
      says: 'its frames have 960 samples',
    },
    {
      name: 'eleven channels and more',
      config: `2:5 4:4 12:4 ${GA}`,
      says: 'its channel configuration is 12',
    },
    {
      name: 'channels of its own, cut off',
      config: `2:5 4:4 0:4 ${GA} 0:4 1:2`,
      says: 'its program config is cut off',
    },
    {
      name: 'a comment cut off',
      config: `2:5 4:4 0:4 ${GA} ${PCE} 0:4 255:8 1:8`,
      says: 'its program config is cut off',
    },
  ];
  for (const { name, config, says } of refused) {
    test(`refuses ${name}`, () => {
      const parse = () => parseAacConfig(config === '' ? new Uint8Array() : bits(config), 77);
      expect(parse).toThrow(`Cannot read the AudioSpecificConfig: ${says}`);
      expect(parse).toThrow(FormatError);
    });
  }

  test('noise is a config or is refused', () => {
    check(
      property(uint8Array({ maxLength: 12 }), (noise) => {
        try {
          expect(parseAacConfig(noise, 0).objectType).toBeLessThan(5);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

describe('writeAdtsFrame()', () => {
  test('writes profile, rate, channels and length where they belong', () => {
    // sync; LC, 44.1 kHz; stereo, 371 bytes; fullness unknown; one block
    const out = new Uint8Array(371);
    expect(writeAdtsFrame(out, 0, new Uint8Array(364), LC)).toBe(371);
    expect(Buffer.from(out.subarray(0, 7)).toString('hex')).toBe('fff150802e7ffc');
  });

  test('a reader finds frame after frame', () => {
    const configs: readonly AacConfig[] = [
      LC,
      { ...LC, channelConfig: 0, programConfig: new Uint8Array(9) },
    ];
    check(
      property(integer({ min: 0, max: 8000 }), integer({ min: 0, max: 1 }), (size, which) => {
        const config = configs[which]!;
        const frame = new Uint8Array(size);
        const frameBytes = adtsFrameBytes(frame, config, 0);
        const out = new Uint8Array(2 * frameBytes);
        expect(writeAdtsFrame(out, writeAdtsFrame(out, 0, frame, config), frame, config)).toBe(
          out.length,
        );
        const counter = new AdtsCounter();
        counter.read(out, 0, out.length);
        expect(counter.seconds).toBeCloseTo((2 * 1024) / 44_100, 9);
      }),
    );
  });

  test('refuses a frame longer than its length field', () => {
    expect(() => adtsFrameBytes(new Uint8Array(8185), LC, 5)).toThrow(
      'a frame has 8192 bytes, wanted 8191 at most',
    );
  });
});
