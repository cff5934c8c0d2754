// This file tests that the vectors are cut at key frames and without loss.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property } from 'fast-check';
import type { FrameKind } from '../../../src/media/mpegts/frame-kind.ts';
import { bytesOf, cut, payloads, pidAt } from '../../support/stream-pieces.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { PMT } from '../../support/ts-stream.ts';
import { readTsVector, TS_VECTORS, type TsVector } from '../../support/ts-vectors.ts';
import { cutAt, cutsOf } from '../chunks.ts';

/** Milliseconds, and the kind each piece begins with; made with 2 s wanted. */
const CUT: Readonly<Record<TsVector, readonly (readonly [number, FrameKind])[]>> = {
  'ffmpeg-aac-only': [
    [2229.12, 'idr'],
    [2229.11, 'idr'],
    [2229.11, 'idr'],
    [2229.12, 'idr'],
    [371.52, 'idr'],
  ],
  'ffmpeg-h264-aac-across-wrap': [
    [2000, 'idr'],
    [2000, 'idr'],
    [2000, 'idr'],
  ],
  'ffmpeg-h264-aac-null-packets': [[2000, 'idr']],
  'ffmpeg-h264-bframes-aac': [
    [2000, 'idr'],
    [2000, 'idr'],
    [2000, 'idr'],
    [2000, 'idr'],
  ],
  'ffmpeg-h264-ntsc': [
    [3336.67, 'idr'],
    [2669.33, 'idr'],
  ],
  'ffmpeg-h264-two-audio': [
    [2000, 'idr'],
    [2000, 'idr'],
    [2000, 'idr'],
  ],
  'ffmpeg-hevc': [[4000, 'idr']],
  'ffmpeg-mp2-only': [
    [2160, 'idr'],
    [2160, 'idr'],
    [2160, 'idr'],
    [2160, 'idr'],
    [360, 'idr'],
  ],
  'ffmpeg-mpeg2': [
    [2320, 'key'],
    [1680, 'key'],
  ],
};

describe('StreamCutter on what ffmpeg makes', () => {
  for (const name of TS_VECTORS) {
    test(`${name}: every piece is as long as it says`, async () => {
      const { pieces, stats } = cut([await readTsVector(name)]);
      const seen = pieces.map(({ durationMs, startKind }) => [
        Math.round(durationMs * 100) / 100,
        startKind,
      ]);
      expect(seen).toEqual(CUT[name].map(([ms, kind]) => [ms, kind]));
      expect(stats).toMatchObject({
        skippedBytes: 0,
        continuityErrors: 0,
        pcrJumps: 0,
        pieces: pieces.length,
      });
      for (const piece of pieces) {
        expect(piece).toMatchObject({
          startsWithKeyFrame: true,
          isDiscontinuous: false,
          isScrambled: false,
        });
        expect(bytesOf([piece]).length).toBe(piece.sizeBytes);
      }
    });

    test(`${name}: each piece begins with PAT and PMT, then the frame it says`, async () => {
      const { pieces } = cut([await readTsVector(name)]);
      for (const piece of pieces) {
        const bytes = bytesOf([piece]);
        expect([pidAt(bytes, 0), pidAt(bytes, 188)]).toEqual([0, PMT]);
        const { tracks, problems } = inspectTs(bytes, { pcrIntervalMaxMs: 500 });
        expect(problems).toEqual([]);
        expect(tracks.get(256)?.pts[0]).toBe(piece.firstPts as number);
        // Every unit is whole: none begins in one piece and ends in the other
        expect(pidAt(bytes, 2 * 188)).toBe(256);
      }
    });

    test(`${name}: together they hold every stream as it was, without a gap`, async () => {
      const source = await readTsVector(name);
      const whole = bytesOf(cut([source]).pieces);
      expect(payloads(whole)).toEqual(payloads(source));
      expect(inspectTs(whole, { pcrIntervalMaxMs: 500 }).problems).toEqual([]);
    });

    test(`${name}: is cut alike in chunks of any size`, async () => {
      const source = await readTsVector(name);
      const wanted = cut([source]).pieces.map((piece) => ({
        ...piece,
        chunks: Bun.hash(bytesOf([piece])),
      }));
      check(
        property(cutsOf(source), integer({ min: 100, max: 5000 }), (cuts, step) => {
          const regular = Array.from(
            { length: Math.floor(source.length / step) },
            (_, at) => at * step,
          );
          for (const places of [cuts, regular]) {
            const { pieces } = cut(cutAt(source, places));
            expect(
              pieces.map((piece) => ({ ...piece, chunks: Bun.hash(bytesOf([piece])) })),
            ).toEqual(wanted);
          }
        }),
        { numRuns: 10 },
      );
    });
  }
});
