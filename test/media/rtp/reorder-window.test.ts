// This file tests how RTP packets are put back in order.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ReorderWindow } from '../../../src/media/rtp/reorder-window.ts';

const packet = (sequence: number, ssrc = 1) => ({
  payloadType: 33,
  sequence: sequence & 0xffff,
  ssrc,
  payload: Uint8Array.of((sequence >> 8) & 255, sequence & 255),
});

/** Sequences or 'break', as they were passed on; packets come a millisecond apart. */
function run(
  sequences: readonly (number | readonly [number, number])[],
  window = new ReorderWindow(),
) {
  const passed: (number | 'break')[] = [];
  let nowMs = 0;
  for (const entry of sequences) {
    const [sequence, ssrc] = typeof entry === 'number' ? [entry, 1] : entry;
    for (const released of window.push(packet(sequence, ssrc), nowMs++)) {
      passed.push(released === 'break' ? 'break' : released[0]! * 256 + released[1]!);
    }
  }
  return { passed, counts: window.takeCounts(), window, nowMs };
}

const upTo = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe('ReorderWindow', () => {
  test.each([
    { name: 'in order', come: [1, 2, 3], go: [1, 2, 3], lost: 0, reordered: 0, duplicates: 0 },
    {
      name: 'two swapped',
      come: [1, 3, 2, 4],
      go: [1, 2, 3, 4],
      lost: 0,
      reordered: 1,
      duplicates: 0,
    },
    { name: 'one twice', come: [1, 2, 2, 3], go: [1, 2, 3], lost: 0, reordered: 0, duplicates: 1 },
    {
      name: 'one that waits twice',
      come: [1, 3, 3, 2],
      go: [1, 2, 3],
      lost: 0,
      reordered: 1,
      duplicates: 1,
    },
    {
      name: 'over the wrap',
      come: [65_534, 0, 65_535, 1],
      go: [65_534, 65_535, 0, 1],
      lost: 0,
      reordered: 1,
      duplicates: 0,
    },
    {
      name: 'one lost, many after it',
      come: [1, ...upTo(3, 64)],
      go: [1, ...upTo(3, 64)],
      lost: 1,
      reordered: 0,
      duplicates: 0,
    },
    {
      name: 'one that comes too late',
      come: [1, ...upTo(3, 64), 2],
      go: [1, ...upTo(3, 64)],
      lost: 1,
      reordered: 0,
      duplicates: 0,
    },
    {
      name: 'one stray of another sender',
      come: [1, [900, 2], 2, 3],
      go: [1, 2, 3],
      lost: 0,
      reordered: 0,
      duplicates: 0,
    },
    {
      name: 'another sender',
      come: [1, 2, [900, 2], [901, 2], [902, 2]],
      go: [1, 2, 'break', 900, 901, 902],
      lost: 0,
      reordered: 0,
      duplicates: 0,
    },
    {
      name: 'the same sender, begun anew',
      come: [1, 2, 30_000, 30_001],
      go: [1, 2, 'break', 30_000, 30_001],
      lost: 0,
      reordered: 0,
      duplicates: 0,
    },
    {
      name: 'what waited, before another sender',
      come: [1, 3, [9, 2], [10, 2]],
      go: [1, 3, 'break', 9, 10],
      lost: 0,
      reordered: 0,
      duplicates: 0,
    },
  ] as const)('$name', ({ name: _, come, go, ...counts }) => {
    const { passed, counts: seen } = run(come);
    expect<readonly (number | string)[]>(passed).toEqual([...go]);
    expect(seen).toEqual(counts);
  });

  test('a hole is waited for 200 ms', () => {
    const { window, nowMs } = run([1, 3]);
    expect(window.due(nowMs + 150)).toEqual([]);
    expect(window.due(nowMs + 200)).toEqual([Uint8Array.of(0, 3)]);
    expect(window.takeCounts().lost).toBe(1);
  });

  test('mixed up by less than the window, all come in order and none is lost', () => {
    const shuffles = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 300 });
    const first = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(shuffles, first, (delays, start) => {
        const order = delays
          .map((delay, index) => ({ index, at: index === 0 ? -1 : index + delay }))
          .sort((a, b) => a.at - b.at)
          .map(({ index }) => (start + index) & 0xffff);
        const { passed, window, nowMs } = run(order);
        for (const last of window.due(nowMs + 1000)) {
          if (last !== 'break') passed.push(last[0]! * 256 + last[1]!);
        }
        expect(passed).toEqual(delays.map((_, index) => (start + index) & 0xffff));
        expect(window.takeCounts().lost).toBe(0);
      }),
    );
  });

  test('whatever comes, what is passed on came, once, and little is kept', () => {
    const any = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 2 })),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(any, (entries) => {
        const { passed } = run(entries);
        const left = entries.map(([sequence]) => sequence);
        for (const sequence of passed) {
          if (sequence === 'break') continue;
          expect(left).toContain(sequence);
          left.splice(left.indexOf(sequence), 1);
        }
      }),
    );
  });
});
