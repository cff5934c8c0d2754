// This file tests how lost packets are noticed.
import { describe, expect, test } from 'bun:test';
import { Continuity } from '../../../src/media/mpegts/continuity.ts';

/** [counter, has payload, is as it should be] */
type Step = readonly [number, boolean, boolean];

const ROWS: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: 'goes up with each payload, and begins anywhere',
    steps: [
      [7, true, true],
      [8, true, true],
    ],
  },
  {
    name: 'begins anew after 15',
    steps: [
      [15, true, true],
      [0, true, true],
    ],
  },
  {
    name: 'stands where there is no payload',
    steps: [
      [4, true, true],
      [4, false, true],
      [5, true, true],
    ],
  },
  {
    name: 'goes up without payload',
    steps: [
      [4, true, true],
      [5, false, false],
    ],
  },
  {
    name: 'misses one',
    steps: [
      [4, true, true],
      [6, true, false],
      [7, true, true],
    ],
  },
  {
    name: 'is sent twice',
    steps: [
      [4, true, true],
      [4, true, true],
      [5, true, true],
    ],
  },
  {
    name: 'is sent three times',
    steps: [
      [4, true, true],
      [4, true, true],
      [4, true, false],
    ],
  },
];

describe('Continuity', () => {
  for (const { name, steps } of ROWS) {
    test(name, () => {
      const continuity = new Continuity();
      const seen = steps.map(([counter, hasPayload]) => continuity.take(256, counter, hasPayload));
      expect(seen).toEqual(steps.map(([, , isRight]) => isRight));
    });
  }

  test('keeps PIDs apart, and forgets one', () => {
    const continuity = new Continuity();
    continuity.take(1, 3, true);
    continuity.take(0x1ffe, 9, true);
    continuity.forget(1);
    expect([continuity.take(1, 12, true), continuity.take(0x1ffe, 12, true)]).toEqual([
      true,
      false,
    ]);
  });

  test('says which packet is sent a second time', () => {
    const continuity = new Continuity();
    const repeats = [3, 3, 4, 4].map((counter) => {
      continuity.take(256, counter, true);
      return continuity.isRepeat(256);
    });
    expect(repeats).toEqual([false, true, false, true]);
    expect(continuity.isRepeat(257)).toBe(false);
  });
});
