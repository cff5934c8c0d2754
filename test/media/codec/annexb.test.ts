// This file tests how frames of H.264 and HEVC get their start codes and parameter sets.
import { describe, expect, test } from 'bun:test';
import { array, boolean, assert as check, constantFrom, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { type NalConfig, toAnnexB } from '../../../src/media/codec/annexb.ts';
import { type Bytes, join } from '../../support/fmp4-boxes.ts';

const SPS = Uint8Array.of(0x67, 1);
const PPS = Uint8Array.of(0x68, 2);
const AVC: NalConfig = { codec: 'h264', lengthBytes: 4, parameterSets: [SPS, PPS] };
const VPS = Uint8Array.of(0x40, 1, 3);
const HEVC: NalConfig = { codec: 'hevc', lengthBytes: 4, parameterSets: [VPS] };
const AUD = [0x09, 0xf0];
const HEVC_AUD = [0x46, 0x01, 0x50];
const IDR = [0x65, 9, 9];
const SLICE = [0x41, 8];
const SEI = [0x06, 5, 2, 0xaa, 0xbb, 0x80];
/** Payload 300 of 256 bytes, then the recovery point. */
const RECOVERY = [0x06, 0xff, 45, 0xff, 1, ...new Array<number>(256).fill(6), 6, 1, 0xc4, 0x80];

function sampleOf(units: readonly Bytes[], lengthBytes = 4): Uint8Array {
  const length = (size: number) => [size >> 24, size >> 16, size >> 8, size].slice(4 - lengthBytes);
  return join(...units.flatMap((unit) => [length(unit.length), unit]));
}

function streamOf(units: readonly Bytes[]): Uint8Array {
  return join(...units.flatMap((unit) => [[0, 0, 0, 1], unit]));
}

type Row = {
  readonly name: string;
  readonly config?: NalConfig;
  readonly isSync?: boolean;
  readonly units: readonly Bytes[];
  readonly value: readonly Bytes[];
  readonly isKey: boolean;
};

const ROWS: readonly Row[] = [
  { name: 'a key frame', units: [IDR], value: [AUD, SPS, PPS, IDR], isKey: true },
  { name: 'a picture between', units: [SLICE, SLICE], value: [AUD, SLICE, SLICE], isKey: false },
  {
    name: 'delimiters that are there',
    units: [[9, 0x10], SLICE, AUD],
    value: [AUD, SLICE],
    isKey: false,
  },
  {
    name: 'sets that are there',
    units: [[0x67, 7], [0x68, 7], IDR],
    value: [AUD, [0x67, 7], [0x68, 7], IDR],
    isKey: true,
  },
  {
    name: 'the SPS alone is there',
    units: [[0x67, 7], IDR],
    value: [AUD, PPS, [0x67, 7], IDR],
    isKey: true,
  },
  { name: 'empty units', units: [[], SLICE, []], value: [AUD, SLICE], isKey: false },
  { name: 'nothing at all', units: [], value: [AUD], isKey: false },
  {
    name: 'a word alone makes no key frame',
    isSync: true,
    units: [SEI, SLICE],
    value: [AUD, SEI, SLICE],
    isKey: false,
  },
  {
    name: 'a recovery point alone too',
    units: [RECOVERY, SLICE],
    value: [AUD, RECOVERY, SLICE],
    isKey: false,
  },
  {
    name: 'both do',
    isSync: true,
    units: [RECOVERY, SLICE],
    value: [AUD, SPS, PPS, RECOVERY, SLICE],
    isKey: true,
  },
  {
    name: 'an SEI cut short',
    isSync: true,
    units: [[6, 0xff], SLICE],
    value: [AUD, [6, 0xff], SLICE],
    isKey: false,
  },
  {
    name: 'HEVC: a picture between',
    config: HEVC,
    units: [[0x02, 1, 5]],
    value: [HEVC_AUD, [0x02, 1, 5]],
    isKey: false,
  },
  {
    name: 'HEVC: IDR',
    config: HEVC,
    units: [[0x28, 1, 5]],
    value: [HEVC_AUD, VPS, [0x28, 1, 5]],
    isKey: true,
  },
  {
    name: 'HEVC: CRA',
    config: HEVC,
    units: [[0x46, 1, 0x10], VPS, [0x2a, 1]],
    value: [HEVC_AUD, VPS, [0x2a, 1]],
    isKey: true,
  },
];

describe('toAnnexB()', () => {
  for (const { name, config = AVC, isSync = false, units, value, isKey } of ROWS) {
    test(name, () => {
      const unit = toAnnexB(sampleOf(units), config, isSync);
      expect(unit).toEqual({ bytes: streamOf(value) as Uint8Array<ArrayBuffer>, isKey });
    });
  }

  test('lengths of 1, 2, 3 and 4 bytes give the same', () => {
    const units = array(
      uint8Array({ minLength: 1, maxLength: 255 }).map((bytes) => join([0x41], bytes.subarray(1))),
    );
    check(
      property(units, constantFrom(1, 2, 3), boolean(), (list, lengthBytes, isSync) => {
        const short = toAnnexB(sampleOf(list, lengthBytes), { ...AVC, lengthBytes }, isSync);
        expect(short).toEqual(toAnnexB(sampleOf(list), AVC, isSync));
        expect(short.bytes).toEqual(streamOf([AUD, ...list]) as Uint8Array<ArrayBuffer>);
      }),
    );
  });

  const refused = [
    {
      name: 'a unit past the end',
      bytes: [0, 0, 0, 5, 1, 2],
      says: 'a NAL unit has 5 bytes, wanted 2 at most',
    },
    {
      name: 'a unit of 2^32 - 1',
      bytes: [0xff, 0xff, 0xff, 0xff, 1],
      says: 'a NAL unit has 4294967295 bytes, wanted 1 at most',
    },
    {
      name: 'a length cut off',
      bytes: [0, 9],
      says: 'a NAL unit has 589824 bytes, wanted 0 at most',
    },
    {
      name: 'units without end',
      bytes: sampleOf(Array.from({ length: 10_001 }, () => [1])),
      says: 'more than 10000 NAL units',
    },
  ];
  for (const { name, bytes, says } of refused) {
    test(`refuses ${name}`, () => {
      const turn = () => toAnnexB(Uint8Array.from(bytes), AVC, false, 1000);
      expect(turn).toThrow(`Cannot read the frame: ${says}`);
      expect(turn).toThrow(FormatError);
    });
  }

  test('noise is a frame or is refused, and never more than it may grow', () => {
    check(
      property(uint8Array({ maxLength: 60 }), constantFrom(1, 2, 4), (noise, lengthBytes) => {
        try {
          const { bytes } = toAnnexB(noise, { ...AVC, lengthBytes }, true);
          expect(bytes.length).toBeLessThan(100 + 5 * noise.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});
