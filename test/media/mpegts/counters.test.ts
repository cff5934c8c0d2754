// This file tests how continuity counters are followed.
import { describe, expect, test } from 'bun:test';
import { Counters, counterStep } from '../../../src/media/mpegts/counters.ts';
import { parsePacket } from '../../../src/media/mpegts/packet.ts';
import { tsPacket } from '../../support/ts-packets.ts';

const packet = (pid: number, counter: number, payload?: readonly number[]) =>
  parsePacket(tsPacket({ pid, counter, ...(payload === undefined ? {} : { payload }) }), 0);

describe('Counters', () => {
  test('keep the first and the last of each PID, none for null packets', () => {
    const counters = new Counters();
    for (const next of [packet(1, 3, [0]), packet(2, 9), packet(8191, 5, [0]), packet(1, 4, [0])]) {
      counters.add(next);
    }
    expect([...counters.spans]).toEqual([
      [1, { first: 3, last: 4, firstHasPayload: true }],
      [2, { first: 9, last: 9, firstHasPayload: false }],
    ]);
    counters.clear();
    expect(counters.get(1)).toBeUndefined();
  });
});

describe('counterStep()', () => {
  const span = (first: number, last: number, firstHasPayload = true) => ({
    first,
    last,
    firstHasPayload,
  });
  const rows = [
    { name: 'already follows', before: span(0, 15), after: span(0, 3), step: 0 },
    { name: 'begins anew', before: span(0, 4), after: span(0, 4), step: 5 },
    { name: 'is ahead', before: span(0, 4), after: span(9, 4), step: 12 },
    { name: 'begins without payload', before: span(0, 4), after: span(0, 4, false), step: 4 },
  ];
  for (const { name, before, after, step } of rows) {
    test(name, () => expect(counterStep(before, after)).toBe(step));
  }
});
