// This file tests that what is written as fMP4 is read as what it was.
import { describe, expect, test } from 'bun:test';
import { array, boolean, assert as check, integer, property, record, uint8Array } from 'fast-check';
import { checkWhole } from '../../../src/media/container.ts';
import { parseInit } from '../../../src/media/fmp4/init.ts';
import { writeInit } from '../../../src/media/fmp4/init-writer.ts';
import { parseMediaSegment } from '../../../src/media/fmp4/media-segment.ts';
import { writeSoundEntry, writeVideoEntry } from '../../../src/media/fmp4/sample-entry.ts';
import { writeMediaSegment } from '../../../src/media/fmp4/segment-writer.ts';
import { PPS, SPS } from '../../support/live/parameter-sets.ts';

const SETS = [Uint8Array.from(SPS), Uint8Array.from(PPS)];
const AAC = {
  codec: 'aac',
  aac: { objectType: 2, frequencyIndex: 3, channelConfig: 2 },
  sampleRate: 48_000,
  channels: 2,
} as const;

const VIDEO = {
  trackId: 3,
  kind: 'video',
  timescale: 12_800,
  entry: writeVideoEntry('h264', SETS)!,
} as const;
const AUDIO = {
  trackId: 7,
  kind: 'audio',
  timescale: 48_000,
  entry: writeSoundEntry(AAC),
  language: 'deu',
} as const;

describe('writeInit()', () => {
  test('is read as it was meant', () => {
    const init = writeInit([VIDEO, AUDIO]);
    expect(checkWhole([init], { role: 'init' })).toBeUndefined();
    expect(parseInit(init).tracks).toMatchObject([
      {
        trackId: 3,
        kind: 'video',
        timescale: 12_800,
        descriptions: [{ codec: 'h264', nal: { lengthBytes: 4, parameterSets: SETS } }],
      },
      {
        trackId: 7,
        kind: 'audio',
        timescale: 48_000,
        language: 'deu',
        descriptions: [
          { codec: 'aac', aac: { objectType: 2, frequencyIndex: 3, channelConfig: 2 } },
        ],
      },
    ]);
  });

  test('parameter sets that are not all there make no entry', () => {
    expect(writeVideoEntry('h264', SETS.slice(1))).toBeUndefined();
    expect(writeVideoEntry('h264', SETS.slice(0, 1))).toBeUndefined();
    expect(writeVideoEntry('hevc', SETS)).toBeUndefined();
  });
});

describe('writeMediaSegment()', () => {
  const init = parseInit(writeInit([VIDEO, AUDIO]));
  const samples = array(
    record({
      duration: integer({ min: 0, max: 100_000 }),
      compositionOffset: integer({ min: -1000, max: 100_000 }),
      isSync: boolean(),
      bytes: uint8Array({ maxLength: 30 }),
    }),
    { minLength: 1, maxLength: 20 },
  );

  test('gives back its samples, each in its track', () => {
    check(
      property(samples, samples, integer({ min: 0, max: 2 ** 40 }), (pictures, sounds, start) => {
        const bytes = writeMediaSegment(1, [
          { trackId: 3, decodeTime: start, samples: pictures },
          { trackId: 7, decodeTime: 9, samples: sounds },
        ]);
        expect(checkWhole([bytes], { role: 'media' })).toBeUndefined();
        const frames = parseMediaSegment(bytes, init);
        const of = (id: number) => frames.filter(({ track }) => track.trackId === id);
        for (const [id, wanted] of [
          [3, pictures],
          [7, sounds],
        ] as const) {
          expect(of(id).map((frame) => [frame.isSync, [...frame.bytes]])).toEqual(
            wanted.map((sample) => [sample.isSync, [...sample.bytes]]),
          );
        }
        expect(of(3)[0]?.dts).toBe(
          Math.floor(start / 12_800) * 90_000 + Math.round(((start % 12_800) * 90_000) / 12_800),
        );
      }),
    );
  });
});
