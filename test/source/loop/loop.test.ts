// This file tests that a loop follows from the time alone.
import { describe, expect, test } from 'bun:test';
import { assert as check, constantFrom, integer, property } from 'fast-check';
import type { LoopIndex } from '../../../src/media/mpegts/loop-index.ts';
import { indexLoop } from '../../../src/media/mpegts/loop-indexer.ts';
import { createLoop, type Loop, placeOf, placesBefore } from '../../../src/source/loop/loop.ts';
import { loopListing } from '../../../src/source/loop/loop-listing.ts';
import { readTsVector, TS_VECTORS, type TsVector } from '../../support/ts-vectors.ts';

/** A loop as the demo is: 15 segments of 4 s. */
function evenIndex(segments: number, seconds: number): LoopIndex {
  const durationTicks = seconds * 90_000;
  return {
    durationTicks: segments * durationTicks,
    firstTimestamp: 133_200,
    segments: Array.from({ length: segments }, (_, index) => ({
      startTicks: index * durationTicks,
      durationTicks,
      offset: index * 188,
      sizeBytes: 188,
      preamble: new Uint8Array(),
      preambleCounters: new Map(),
    })),
    counters: new Map([[256, { first: 0, last: 4, firstHasPayload: true }]]),
    isIndependent: true,
    hasVideo: true,
  };
}

const minute = createLoop([evenIndex(15, 4)]);
const at = (text: string) => Date.parse(text);

async function loopOf(...names: readonly TsVector[]): Promise<Loop> {
  return createLoop(
    await Promise.all(names.map(async (name) => indexLoop(await readTsVector(name)))),
  );
}

describe('placesBefore()', () => {
  const rows = [
    { name: 'as a segment ends', now: '2026-03-01T10:20:04.000Z', newest: '10:20:00' },
    { name: 'a moment before', now: '2026-03-01T10:20:03.999Z', newest: '10:19:56' },
    { name: 'as the round ends', now: '2026-03-01T10:21:00.000Z', newest: '10:20:56' },
    { name: 'early in a round', now: '2026-03-01T10:21:01.000Z', newest: '10:20:56' },
    { name: 'in mid-round', now: '2026-03-01T10:21:34.500Z', newest: '10:21:28' },
  ];
  for (const { name, now, newest } of rows) {
    test(`names what has ended, ${name}`, () => {
      const places = placesBefore(minute, at(now), 6);
      const starts = places.map(({ startTicks }) => startTicks / 90);
      const last = at(`2026-03-01T${newest}Z`);
      expect(starts).toEqual([20, 16, 12, 8, 4, 0].map((seconds) => last - seconds * 1000));
      const sequences = places.map(({ sequence }) => sequence);
      expect(sequences).toEqual(starts.map((ms) => ms / 4000));
    });
  }

  test('names less where the epoch has hardly begun', () => {
    expect(placesBefore(minute, 0, 6)).toEqual([]);
    expect(placesBefore(minute, 9000, 6).map(({ sequence }) => sequence)).toEqual([0, 1]);
  });

  test('agrees with itself at any time: ascending, ended, the next one not yet', async () => {
    const loops = [
      minute,
      await loopOf('ffmpeg-aac-only'),
      await loopOf('ffmpeg-h264-ntsc', 'ffmpeg-mp2-only', 'ffmpeg-h264-aac-null-packets'),
    ];
    const nowMs = integer({ min: 0, max: 2 ** 42 });
    check(
      property(constantFrom(...loops), nowMs, (loop, now) => {
        const places = placesBefore(loop, now, 6);
        const last = places.at(-1);
        for (const [index, place] of places.entries()) {
          const next = places[index + 1] ?? placeOf(loop, place.sequence + 1);
          const endTicks = place.startTicks + place.segment.durationTicks;
          expect([next.sequence, next.startTicks]).toEqual([place.sequence + 1, endTicks]);
          expect(endTicks).toBeLessThanOrEqual(now * 90);
        }
        if (last === undefined) return;
        const next = placeOf(loop, last.sequence + 1);
        expect(next.startTicks + next.segment.durationTicks).toBeGreaterThan(now * 90);
      }),
    );
  });
});

describe('placeOf()', () => {
  test('shifts the first frame of a round to its wall time, mod 2^33', () => {
    const { shift, startTicks } = placeOf(minute, 15 * 29_000_000);
    expect(startTicks).toBe(29_000_000 * 5_400_000);
    const shown = (133_200 + shift.ticks) % 2 ** 33;
    expect(shown).toBe(startTicks % 2 ** 33);
  });

  test('lets the counters of a round go on where those of the one before end', () => {
    const counters = [0, 1, 2, 3, 16, 17].map((round) =>
      placeOf(minute, round * 15).shift.counters.get(256),
    );
    expect(counters).toEqual([0, 5, 10, 15, 0, 5]);
  });

  test('counts a discontinuity at each file of several, none for one', async () => {
    const loop = await loopOf('ffmpeg-aac-only', 'ffmpeg-h264-bframes-aac');
    const places = Array.from({ length: 12 }, (_, index) => placeOf(loop, 10 + index));
    expect(places.map((place) => [place.discontinuity, place.discontinuitySequence])).toEqual([
      [true, 4],
      [false, 4],
      [false, 4],
      [true, 5],
      [false, 5],
      [true, 6],
      [false, 6],
      [false, 6],
      [true, 7],
      [false, 7],
      [true, 8],
      [false, 8],
    ]);
    expect(placeOf(minute, 15).discontinuity).toBe(false);
    expect(placeOf(minute, 15).discontinuitySequence).toBe(0);
  });

  test('refuses what is no sequence', () => {
    expect(() => placeOf(minute, -1)).toThrow(/Assertion/);
    expect(() => placeOf(minute, 1.5)).toThrow(/Assertion/);
  });
});

describe('loopListing()', () => {
  test('is the live list of the minute', () => {
    const listing = loopListing(minute, 35, at('2026-03-01T10:20:04.000Z'));
    expect(listing.segments.length).toBe(6);
    expect(listing).toMatchObject({
      targetDurationS: 4,
      ended: false,
      independentSegments: true,
      generation: 35,
    });
    const sequence = at('2026-03-01T10:20:00.000Z') / 4000;
    expect(listing.segments.at(-1)).toEqual({
      sequence,
      identity: `z-${sequence}`,
      ref: { kind: 'loop', sequence },
      durationS: 4,
      title: '',
      discontinuity: false,
      discontinuitySequence: 0,
      programDateTimeMs: at('2026-03-01T10:20:00.000Z'),
      keys: [],
      gap: false,
      extension: 'ts',
    });
  });

  test('promises the longest segment of all files, whichever are listed', async () => {
    const loop = await loopOf(...TS_VECTORS);
    for (let now = 0; now < 60_000; now += 1700) {
      const { targetDurationS, segments } = loopListing(loop, 1, 1_767_225_600_000 + now);
      expect(targetDurationS).toBe(6);
      const longest = Math.max(...segments.map(({ durationS }) => Math.round(durationS)));
      expect(longest).toBeLessThanOrEqual(targetDurationS);
    }
  });

  test('never changes what it once said of a sequence', () => {
    const said = new Map<number, string>();
    for (let now = 0; now < 200_000; now += 700) {
      for (const segment of loopListing(minute, 1, 1_767_225_600_000 + now).segments) {
        const text = JSON.stringify(segment);
        expect(said.get(segment.sequence) ?? text).toBe(text);
        said.set(segment.sequence, text);
      }
    }
    expect(said.size).toBe(55);
  });
});
