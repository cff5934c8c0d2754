// This file tests how the length of a stream is told from its timestamps.
import { describe, expect, test } from 'bun:test';
import { TIMESTAMP_WRAP } from '../../../src/media/mpegts/timestamp.ts';
import { TrackTiming } from '../../../src/media/mpegts/track-timing.ts';

function timing(anchor: number, timestamps: readonly number[]): TrackTiming {
  const track = new TrackTiming(anchor, timestamps[0] as number);
  for (const timestamp of timestamps.slice(1)) track.add(timestamp);
  return track;
}

const regular = (count: number, period: number, from = 0) =>
  Array.from({ length: count }, (_, index) => Math.round(from + index * period) % TIMESTAMP_WRAP);

describe('TrackTiming', () => {
  const rows = [
    { name: '25 frames a second', timestamps: regular(1500, 3600), span: 5_400_000 },
    {
      name: '24000/1001, in ticks of two lengths',
      timestamps: regular(1440, 3753.75),
      span: 5_405_400,
    },
    {
      name: 'over the end of 33 bits',
      timestamps: regular(10, 3600, TIMESTAMP_WRAP - 9000),
      span: 36_000,
    },
    { name: 'a hole of two frames', timestamps: [0, 3600, 7200, 18_000, 21_600], span: 25_200 },
    { name: 'frames of any length', timestamps: [0, 3000, 6000, 9000, 30_000], span: 33_000 },
    { name: 'one frame', timestamps: [77], span: 0 },
  ];
  for (const { name, timestamps, span } of rows) {
    test(name, () => {
      const track = timing(timestamps[0] as number, timestamps);
      expect(track.spanTicks).toBe(span);
      expect(track.count).toBe(timestamps.length);
    });
  }

  test('counts from the anchor, which may be later and beyond the wrap', () => {
    const track = timing(10, [TIMESTAMP_WRAP - 90, 0]);
    expect([track.firstTicks, track.lastTicks]).toEqual([-100, -10]);
  });

  test('says how far each step was, also back', () => {
    const track = timing(0, [9000]);
    expect([track.add(12_600), track.add(9000)]).toEqual([3600, -3600]);
  });

  test('judges the last packet by its size where it is smaller', () => {
    const track = new TrackTiming(0, 0);
    for (const at of [4320, 8640, 12_960]) {
      track.addBytes(100);
      track.addBytes(92);
      track.add(at);
    }
    track.addBytes(96);
    expect(track.lastTicksBySize).toBe(2160);
    track.addBytes(1000);
    expect(track.lastTicksBySize).toBe(4320);
  });
});
