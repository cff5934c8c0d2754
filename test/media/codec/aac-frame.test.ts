// This file tests which frames of AAC count as silent.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isSilentAac } from '../../../src/media/codec/aac-frame.ts';

const LC = 2;

/** What encoders write for nothing, and what stands beside it. */
const SILENT: readonly (readonly [name: string, hex: string])[] = [
  ['fdk mono', '00c800802380'],
  ['fdk stereo', '21004990021900 2380'],
  ['fdk three channels', '00c800802084012640 0864008e'],
  ['fdk four channels', '00c8008020840126400864 00802c80080238'],
  ['fdk five channels', '00c8008020840126400864 0082300499002190 0238'],
  ['fdk six channels', '00c8008020840126400864 0082300499002190 0200b2002008e0'],
  ['fdk HE-AAC', `01402280a34ee680ba080000001c06f1c10a${'5a'.repeat(40)}5e`],
  ['fdk HE-AAC v2', `01402280a35ee680ba08000000009500 06f1a10a${'5a'.repeat(38)}5e`],
  ['ffmpeg mono', '01182007'],
  ['ffmpeg stereo', '211004608c1c'],
  ['ffmpeg six channels', '011820010880230460231004608c0c230000e0'],
];

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Bits from text: spaces are for the reader. */
function bits(text: string): Uint8Array {
  const digits = text.replaceAll(' ', '');
  const padded = digits.padEnd(Math.ceil(digits.length / 8) * 8, '0');
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
}

/** id_syn_ele SCE, tag, global_gain; ics_info of a long window with as many bands; sections. */
const channel = (bands: string, sections: string, tools: string) =>
  `000 0000 01100100 0 00 0 ${bands} 0 ${sections} ${tools}`;
const END = '111';

const MADE: readonly (readonly [name: string, bits: string, isSilent: boolean])[] = [
  ['no bands at all', `${channel('000000', '', '000')} ${END}`, true],
  ['zeros in one section', `${channel('000100', '0000 00100', '000')} ${END}`, true],
  ['zeros in a long section', `${channel('101000', '0000 11111 01001', '000')} ${END}`, true],
  ['one band of something', `${channel('000010', '0000 00001 0001 00001', '000')} ${END}`, false],
  ['noise that the decoder makes', `${channel('000001', '1101 00001', '000')} ${END}`, false],
  ['a pulse', `${channel('000000', '', '1')} ${END}`, false],
  ['gain control', `${channel('000000', '', '001')} ${END}`, false],
  ['a filter of noise', `${channel('000000', '', `01 01 0 000000 00001 0 0 101 0`)} ${END}`, true],
  ['nothing but an end', END, false],
  [
    'data and fill beside it',
    `110 0001 10101010 100 0000 1 00000001 0 11111111 ${channel('000000', '', '000')} ${END}`,
    true,
  ],
  ['no end', channel('000000', '', '000'), false],
  ['a coupling channel', `010 ${'0'.repeat(60)}`, false],
];

describe('isSilentAac()', () => {
  test.each(SILENT)('%s', (_name, hex) => {
    expect(isSilentAac(bytesOf(hex), LC)).toBe(true);
  });

  test.each(MADE)('%s', (_name, text, isSilent) => {
    expect(isSilentAac(bits(text), LC)).toBe(isSilent);
  });

  test('a second block that is cut off is no silence, one that is silent is', () => {
    const one = bytesOf('01182007');
    expect(isSilentAac(one, LC, 2)).toBe(false);
    expect(isSilentAac(Uint8Array.of(...one, ...one), LC, 2)).toBe(true);
  });

  test('what predicts from frames before may sound', () => {
    expect(isSilentAac(bytesOf('01182007'), 1)).toBe(false);
    expect(isSilentAac(bytesOf('01182007'), 4)).toBe(false);
  });

  test('a silent frame that is cut anywhere is not silent', () => {
    for (const [, hex] of SILENT) {
      const whole = bytesOf(hex);
      for (let size = 0; size < whole.length - 1; size++) {
        expect(isSilentAac(whole.subarray(0, size), LC)).toBe(false);
      }
    }
  });

  test('takes any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 800 }),
        fc.integer({ min: 1, max: 4 }),
        (frame, count) => {
          expect(typeof isSilentAac(frame, LC, count)).toBe('boolean');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
