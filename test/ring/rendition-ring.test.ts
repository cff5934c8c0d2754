// This file tests what a rendition lists, promises and lets go.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RenditionRing, type Segment } from '../../src/ring/rendition-ring.ts';
import { LIST_AGE_MS } from '../../src/ring/window.ts';
import { blobOf, ringSegment } from '../support/ring-segment.ts';

const TARGET_S = 4;

function newRing(): RenditionRing {
  const ring = new RenditionRing('main');
  ring.raiseTargetDuration(TARGET_S);
  return ring;
}

function place(ring: RenditionRing, mediaSequence: number, durationS = TARGET_S): Segment {
  const segment = ringSegment(mediaSequence, { durationS });
  ring.push(segment);
  return segment;
}

function hold(ring: RenditionRing, segment: Segment, sizeBytes = 10): void {
  ring.hold(segment, blobOf(sizeBytes), 'video/mp2t');
}

/** Segments from..to, placed, held and listed one by one. */
function fill(ring: RenditionRing, from: number, to: number, nowMs = 0): void {
  for (let mediaSequence = from; mediaSequence <= to; mediaSequence++) {
    hold(ring, place(ring, mediaSequence));
    ring.advance(nowMs);
  }
}

function listedNumbers(ring: RenditionRing): number[] {
  return ring.listed().map(({ mediaSequence }) => mediaSequence);
}

describe('RenditionRing.cutBack()', () => {
  test('takes back what is placed and not listed, and what it held of it', () => {
    const ring = newRing();
    fill(ring, 1, 3);
    place(ring, 4);
    hold(ring, place(ring, 5), 70);
    const { version, heldBytes } = ring;
    expect(ring.cutBack().map(({ mediaSequence }) => mediaSequence)).toEqual([4, 5]);
    expect([ring.last?.mediaSequence, ring.heldBytes]).toEqual([3, heldBytes - 70]);
    expect(listedNumbers(ring)).toEqual([1, 2, 3]);
    // What is listed did not change
    expect(ring.version).toBe(version);
    expect([ring.find(4), ring.isHeldUp]).toEqual([undefined, false]);
  });

  test('what was taken back is dropped: it cannot be held again', () => {
    const ring = newRing();
    fill(ring, 1, 1);
    const segment = place(ring, 2);
    hold(ring, segment, 70);
    ring.cutBack();
    hold(ring, segment, 70);
    expect([segment.state, segment.body, ring.heldBytes]).toEqual(['dropped', undefined, 10]);
  });

  test('the numbers that were taken back are placed anew', () => {
    const ring = newRing();
    fill(ring, 1, 3);
    place(ring, 4);
    ring.cutBack();
    fill(ring, 4, 5);
    expect(listedNumbers(ring)).toEqual([1, 2, 3, 4, 5]);
  });

  test('takes nothing back where all is listed, or nothing is there', () => {
    const ring = newRing();
    expect(ring.cutBack()).toEqual([]);
    fill(ring, 1, 3);
    expect(ring.cutBack()).toEqual([]);
    place(ring, 4);
    ring.listAll(0);
    expect(ring.cutBack()).toEqual([]);
    expect(listedNumbers(ring)).toEqual([1, 2, 3, 4]);
  });
});

describe('RenditionRing window', () => {
  test('lists what is held, and nothing behind what is awaited', () => {
    const ring = newRing();
    const [a, b, c] = [place(ring, 5), place(ring, 6), place(ring, 7)];
    expect(ring.advance(0)).toBe(false);
    hold(ring, a);
    hold(ring, c);
    expect(ring.advance(0)).toBe(true);
    expect(listedNumbers(ring)).toEqual([5]);
    expect(ring.isHeldUp).toBe(true);
    hold(ring, b);
    const { version } = ring;
    expect(ring.advance(0)).toBe(true);
    expect(listedNumbers(ring)).toEqual([5, 6, 7]);
    expect(ring.isHeldUp).toBe(false);
    expect(ring.version).toBeGreaterThan(version);
    expect(ring.advance(0)).toBe(false);
    expect([ring.firstListed, ring.listedCount, ring.windowDurationS()]).toEqual([a, 3, 12]);
  });

  test('lists nothing from what waits on, and is not held up by what comes before it', () => {
    const ring = newRing();
    fill(ring, 1, 3);
    for (const sequence of [4, 5]) hold(ring, place(ring, sequence));
    expect(ring.advance(0, false, ({ mediaSequence }) => mediaSequence === 4)).toBe(false);
    expect([listedNumbers(ring), ring.isHeldUp]).toEqual([[1, 2, 3], false]);
    expect(ring.advance(0)).toBe(true);
    expect(listedNumbers(ring)).toEqual([1, 2, 3, 4, 5]);
  });

  test('lists a gap only with what follows it', () => {
    const ring = newRing();
    const [a, b, c] = [place(ring, 0), place(ring, 1), place(ring, 2)];
    hold(ring, a);
    ring.advance(0);
    ring.giveUp(b);
    expect(ring.advance(0)).toBe(false);
    expect(listedNumbers(ring)).toEqual([0]);
    hold(ring, c);
    expect(ring.advance(0)).toBe(true);
    expect(listedNumbers(ring)).toEqual([0, 1, 2]);
  });

  test('lists a gap alone where it must move on, but still not what is awaited', () => {
    const ring = newRing();
    const a = place(ring, 0);
    place(ring, 1);
    ring.giveUp(a);
    expect(ring.advance(0, true)).toBe(true);
    expect(listedNumbers(ring)).toEqual([0]);
  });

  test('holds six segments, and more where three target durations need them', () => {
    const ring = newRing();
    fill(ring, 0, 9);
    expect(listedNumbers(ring)).toEqual([4, 5, 6, 7, 8, 9]);
    const short = newRing();
    for (let n = 0; n < 30; n++) {
      hold(short, place(short, n, 1));
      short.advance(0);
    }
    expect(short.windowDurationS()).toBe(3 * TARGET_S);
    expect(short.listedCount).toBe(12);
  });

  test('can be set, but not below three segments', () => {
    for (const [wanted, listed] of [
      [10, 10],
      [4, 4],
      [0, 3],
    ] as const) {
      const ring = newRing();
      ring.wantedSegments = wanted;
      fill(ring, 0, 20);
      expect(ring.listedCount).toBe(listed);
    }
  });

  test('lists all at the first answer of a cold channel, held or not', () => {
    const ring = newRing();
    for (let n = 0; n < 3; n++) place(ring, n);
    ring.listAll(0);
    expect(listedNumbers(ring)).toEqual([0, 1, 2]);
  });

  test('its target duration only grows', () => {
    const ring = newRing();
    const { version } = ring;
    ring.raiseTargetDuration(2);
    expect([ring.targetDurationS, ring.version]).toEqual([TARGET_S, version]);
    ring.raiseTargetDuration(7);
    expect(ring.targetDurationS).toBe(7);
    expect(ring.version).toBeGreaterThan(version);
  });

  test('refuses a hole in the numbers', () => {
    const ring = newRing();
    place(ring, 5);
    for (const wrong of [4, 5, 7]) expect(() => place(ring, wrong)).toThrow('media sequence');
    expect(ring.last?.mediaSequence).toBe(5);
  });

  test('holds over any history: contiguous, never back, never short, never behind awaited', () => {
    const step = fc.record({
      outcome: fc.constantFrom('hold', 'gap', 'late'),
      durationS: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (steps, w) => {
        const ring = newRing();
        ring.raiseTargetDuration(6);
        ring.wantedSegments = w;
        const late: Segment[] = [];
        let [first, end, wasEnough] = [-1, -1, false];
        steps.forEach(({ outcome, durationS }, index) => {
          const segment = place(ring, index, durationS);
          if (outcome === 'late') late.push(segment);
          else if (outcome === 'gap') ring.giveUp(segment);
          else hold(ring, segment);
          if (late.length > 2) hold(ring, late.shift() as Segment);
          ring.advance(index * 1000);
          const listed = ring.listed();
          const numbers = listedNumbers(ring);
          expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] as number) + at));
          expect(listed.every(({ state }) => state === 'held' || state === 'gap')).toBe(true);
          if (listed.length > 0) expect(listed.at(-1)?.state).toBe('held');
          const now = [numbers[0] ?? first, numbers.at(-1) ?? end] as const;
          expect(now[0]).toBeGreaterThanOrEqual(first);
          expect(now[1]).toBeGreaterThanOrEqual(end);
          [first, end] = now;
          const isEnough = ring.windowDurationS() >= 18 && listed.length >= Math.max(3, w);
          if (wasEnough) expect(isEnough).toBe(true);
          wasEnough = isEnough;
          for (const { mediaSequence } of ring.all()) {
            expect(ring.find(mediaSequence)?.mediaSequence).toBe(mediaSequence);
          }
        });
      }),
    );
  });
});

describe('RenditionRing promise', () => {
  test('keeps what left the list for its own duration and that of the list it was in', () => {
    const ring = newRing();
    fill(ring, 0, 5);
    ring.markServed();
    fill(ring, 6, 6, 1000);
    const gone = ring.find(0) as Segment;
    expect(listedNumbers(ring)).toEqual([1, 2, 3, 4, 5, 6]);
    // Six segments were listed with it: RFC 8216 §6.2.2 wants 24 s and its own 4 s
    const promisedMs = 1000 + (24 + TARGET_S) * 1000;
    expect(ring.isPromised(gone, promisedMs)).toBe(true);
    expect(ring.oldestFree(promisedMs)).toBeUndefined();
    const laterMs = promisedMs + LIST_AGE_MS;
    expect(ring.isPromised(gone, laterMs)).toBe(false);
    expect(ring.oldestFree(laterMs)).toBe(gone);
  });

  test('keeps it by the longest list that was served with it, not by those that were not', () => {
    const ring = newRing();
    fill(ring, 0, 2);
    ring.markServed();
    fill(ring, 3, 5);
    // Served as three, then grown to six, of which nobody was told
    fill(ring, 6, 6, 1000);
    const promisedMs = 1000 + (3 * TARGET_S + TARGET_S) * 1000 + LIST_AGE_MS;
    expect(ring.isPromised(ring.find(0) as Segment, promisedMs - 1)).toBe(true);
    expect(ring.isPromised(ring.find(0) as Segment, promisedMs)).toBe(false);
    ring.markServed();
    fill(ring, 7, 9, 2000);
    // The fourth was never in a list that was served before it had six
    const later = ring.find(3) as Segment;
    expect(ring.isPromised(later, 2000 + 7 * TARGET_S * 1000 + LIST_AGE_MS - 1)).toBe(true);
    expect(ring.isPromised(later, 2000 + 7 * TARGET_S * 1000 + LIST_AGE_MS)).toBe(false);
  });

  test('a window made shorter keeps what the longer one promised, and promises less', () => {
    const ring = newRing();
    fill(ring, 0, 5);
    ring.markServed();
    ring.limitWindow(3);
    expect(listedNumbers(ring)).toHaveLength(6);
    fill(ring, 6, 6, 1000);
    expect(listedNumbers(ring)).toEqual([4, 5, 6]);
    ring.markServed();
    const longMs = 1000 + 7 * TARGET_S * 1000;
    for (const n of [0, 3]) expect(ring.isPromised(ring.find(n) as Segment, longMs)).toBe(true);
    fill(ring, 7, 9, 2000);
    const shortMs = 2000 + 4 * TARGET_S * 1000 + LIST_AGE_MS;
    expect(ring.isPromised(ring.find(6) as Segment, shortMs - 1)).toBe(true);
    expect(ring.isPromised(ring.find(6) as Segment, shortMs)).toBe(false);
    expect(ring.isPromised(ring.find(5) as Segment, shortMs)).toBe(true);
    ring.limitWindow(99);
    fill(ring, 10, 20, 3000);
    expect(ring.listedCount).toBe(6);
    ring.limitWindow(0);
    fill(ring, 21, 21, 4000);
    expect(ring.listedCount).toBe(3);
  });

  test('promisedBytes() is what cannot be let go of', () => {
    const ring = newRing();
    fill(ring, 0, 5);
    ring.markServed();
    fill(ring, 6, 8, 1000);
    expect(ring.promisedBytes(1000)).toBe(90);
    expect(ring.promisedBytes(1e9)).toBe(60);
  });

  test('does not keep what no playlist that was served named', () => {
    const ring = newRing();
    fill(ring, 0, 7);
    expect(ring.oldestFree(0)).toBe(ring.find(0) as Segment);
    expect(ring.isPromised(ring.find(1) as Segment, 0)).toBe(false);
  });

  test('never lets go of what is listed or will be', () => {
    const ring = newRing();
    fill(ring, 0, 5);
    place(ring, 6);
    hold(ring, place(ring, 7));
    expect(ring.oldestFree(Number.MAX_VALUE)).toBeUndefined();
    expect(ring.isPromised(ring.find(7) as Segment, Number.MAX_VALUE)).toBe(true);
  });
});

describe('RenditionRing bodies', () => {
  test('counts what it holds, each body once', () => {
    const ring = newRing();
    const segment = place(ring, 0);
    hold(ring, segment, 100);
    hold(ring, segment, 70);
    expect([ring.heldBytes, segment.body?.size]).toEqual([100, 100]);
    fill(ring, 1, 8);
    expect(ring.drop(segment)).toBe(100);
    expect(ring.drop(segment)).toBe(0);
    expect([ring.heldBytes, segment.state, segment.body]).toEqual([80, 'dropped', undefined]);
    hold(ring, segment, 50);
    expect([ring.heldBytes, segment.state]).toEqual([80, 'dropped']);
  });

  test('what is held is not given up', () => {
    const ring = newRing();
    const segment = place(ring, 0);
    hold(ring, segment);
    ring.giveUp(segment);
    expect(segment.state).toBe('held');
  });

  test('a gap whose body comes late after all is held', () => {
    const ring = newRing();
    const segment = place(ring, 0);
    ring.giveUp(segment);
    hold(ring, segment);
    expect(ring.find(0)?.state).toBe('held');
  });

  test('forgets dropped segments and gaps before the list, and only there', () => {
    const ring = newRing();
    hold(ring, place(ring, 0));
    ring.giveUp(place(ring, 1));
    fill(ring, 2, 9);
    expect(ring.first?.mediaSequence).toBe(0);
    ring.drop(ring.find(2) as Segment);
    expect(ring.find(2)?.state).toBe('dropped');
    ring.drop(ring.find(0) as Segment);
    expect(ring.first?.mediaSequence).toBe(3);
    for (const gone of [0, 1, 2, 10, -1]) expect(ring.find(gone)).toBeUndefined();
    expect(listedNumbers(ring)).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test('clear() forgets all and gives back what it held', () => {
    const ring = newRing();
    fill(ring, 0, 8);
    const segment = ring.find(8) as Segment;
    ring.ended = true;
    const { version } = ring;
    expect(ring.clear()).toBe(90);
    expect([ring.heldBytes, ring.listedCount, ring.all().length]).toEqual([0, 0, 0]);
    expect([ring.ended, ring.onDemand, segment.state]).toEqual([false, false, 'dropped']);
    expect(ring.version).toBeGreaterThan(version);
    expect([ring.first, ring.last, ring.firstListed, ring.find(8)]).toEqual(
      Array(4).fill(undefined),
    );
    fill(ring, 100, 101);
    expect(listedNumbers(ring)).toEqual([100, 101]);
  });
});

describe('RenditionRing on demand', () => {
  function finished(): RenditionRing {
    const ring = newRing();
    ring.onDemand = true;
    ring.ended = true;
    for (let n = 0; n < 40; n++) place(ring, n);
    ring.listAll(0);
    return ring;
  }

  test('lists everything, and goes on doing so', () => {
    const ring = finished();
    expect(ring.listedCount).toBe(40);
    for (const n of [0, 20, 39]) hold(ring, ring.find(n) as Segment);
    ring.advance(0);
    expect(ring.listedCount).toBe(40);
  });

  test('promises nothing: what is dropped may be fetched again', () => {
    const ring = finished();
    ring.markServed();
    const segment = ring.find(20) as Segment;
    hold(ring, segment);
    expect(ring.oldestFree(0)).toBe(segment);
    ring.drop(segment);
    expect(segment.state).toBe('awaited');
    expect(ring.listedCount).toBe(40);
    hold(ring, segment);
    expect(ring.heldBytes).toBe(10);
  });
});
