// This file tests at which frames a stream is cut.
import { describe, expect, test } from 'bun:test';
import { CutRule } from '../../../src/media/mpegts/cut-rule.ts';
import type { FrameKind } from '../../../src/media/mpegts/frame-kind.ts';

const S = 90_000;
const SPACING = 3600;

/** Cuts at frames given as [second, kind]: the seconds of the cuts, with 4 s wanted. */
function cuts(frames: readonly (readonly [number, FrameKind])[]): number[] {
  const rule = new CutRule({ targetTicks: 4 * S, keylessTicks: 10 * S });
  const found: number[] = [];
  let from = 0;
  for (const [second, kind] of frames) {
    rule.note(kind, second * S);
    if (second === 0 || !rule.isDue(kind, second * S, (second - from) * S, SPACING)) continue;
    found.push(second);
    from = second;
  }
  return found;
}

const every = (seconds: number, end: number, kindAt: (second: number) => FrameKind) =>
  Array.from(
    { length: end / seconds + 1 },
    (_, at) => [at * seconds, kindAt(at * seconds)] as const,
  );

describe('CutRule', () => {
  const rows = [
    {
      name: 'IDR frames after the wanted time',
      frames: every(1, 12, () => 'idr'),
      value: [4, 8, 12],
    },
    {
      name: 'open GOPs after one IDR frame',
      frames: every(2, 12, (at) => (at === 0 ? 'idr' : 'key')),
      value: [4, 8, 12],
    },
    {
      name: 'IDR frames, and not the key frames between',
      frames: every(1, 21, (at) => (at % 3 === 0 ? 'idr' : 'key')),
      value: [6, 12, 18],
    },
    {
      name: 'pictures that grow right where there is nothing better',
      frames: every(1, 9, (at) => (at === 0 ? 'idr' : 'recovery')),
      value: [4, 8],
    },
    {
      name: 'any key frame after twice the time',
      frames: every(1, 18, (at) => (at < 2 ? 'idr' : 'recovery')),
      value: [8, 12, 16],
    },
    {
      name: 'anywhere once there was no key frame for long',
      frames: every(1, 25, (at) => (at === 0 ? 'idr' : 'other')),
      value: [10, 20],
    },
  ] as const;
  for (const { name, frames, value } of rows) {
    test(`cuts at ${name}`, () => expect(cuts(frames)).toEqual([...value]));
  }

  test('takes what timestamps are rounded by for nothing', () => {
    const rule = new CutRule({ targetTicks: 4 * S, keylessTicks: 10 * S });
    rule.note('idr', 4 * S);
    expect([899, 901].map((less) => rule.isDue('idr', 4 * S, 4 * S - less, SPACING))).toEqual([
      true,
      false,
    ]);
  });

  test('begins with a key frame, later with a picture that grows, at last with any', () => {
    const rule = new CutRule({ targetTicks: 4 * S, keylessTicks: 10 * S });
    const begins = (kind: FrameKind, waited: number) => rule.mayBegin(kind, waited * S, waited * S);
    expect([begins('idr', 0), begins('key', 0), begins('recovery', 0), begins('other', 0)]).toEqual(
      [true, true, false, false],
    );
    expect([begins('recovery', 1), begins('other', 9), begins('other', 10)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('knows the longest time between key frames', () => {
    const rule = new CutRule({ targetTicks: 4 * S, keylessTicks: 10 * S });
    expect(rule.intervalMaxTicks).toBe(0);
    for (const [second, kind] of [
      [0, 'idr'],
      [2, 'key'],
      [7, 'other'],
      [8, 'idr'],
      [9, 'idr'],
    ] as const)
      rule.note(kind, second * S);
    expect(rule.intervalMaxTicks).toBe(6 * S);
  });
});
