// This file tests the guess which segment is the newest, and what it learns from the origin.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { EdgeClock } from '../../../src/source/pull/edge-clock.ts';

const DURATION_MS = 4000;
const DELAY_MS = 1000;
const AT_MS = 100_000;
const FIRST = 10;

function newClock(): EdgeClock {
  return new EdgeClock({
    atMs: AT_MS,
    first: FIRST,
    durationMs: DURATION_MS,
    delayMs: DELAY_MS,
  });
}

/** When a segment is named by the clock alone. */
function dueMs(sequence: number): number {
  return AT_MS + (sequence - FIRST + 1) * DURATION_MS + DELAY_MS;
}

function newest(edge: EdgeClock, nowMs: number): number {
  return edge.range(nowMs, 10).newest;
}

/** A clock that has seen every segment up to `sequence` come on time. */
function followed(sequence: number): EdgeClock {
  const edge = newClock();
  for (let n = sequence - 20; n <= sequence; n++) {
    newest(edge, dueMs(n));
    edge.found(n, dueMs(n));
  }
  return edge;
}

describe('EdgeClock by the clock alone', () => {
  test('names a segment its delay after its end, not sooner', () => {
    const edge = newClock();
    expect(edge.guess(dueMs(FIRST) - 1)).toBe(FIRST - 1);
    expect(edge.guess(dueMs(FIRST))).toBe(FIRST);
    expect(edge.guess(dueMs(1000) - 1)).toBe(999);
    expect(edge.guess(dueMs(1000))).toBe(1000);
    expect(edge.beginMs(FIRST)).toBe(AT_MS);
    expect(edge.beginMs(12)).toBe(AT_MS + 8000);
  });

  test('names no segment before the first', () => {
    const edge = newClock();
    expect(edge.range(dueMs(FIRST + 2), 10)).toEqual({ oldest: FIRST, newest: FIRST + 2 });
    expect(edge.range(dueMs(100), 10)).toEqual({ oldest: 91, newest: 100 });
  });
});

describe('EdgeClock that learns', () => {
  test('asks later where the origin is late', () => {
    const edge = followed(100);
    newest(edge, dueMs(101));
    edge.missing(101, dueMs(101));
    edge.found(101, dueMs(101) + 1500);
    expect(edge.driftMs).toBe(1500);
    expect(newest(edge, dueMs(102) + 1499)).toBe(101);
    expect(newest(edge, dueMs(102) + 1500)).toBe(102);
  });

  test('forgets lateness by and by, so that one slow segment does not delay all others', () => {
    const edge = followed(100);
    edge.missing(101, dueMs(101));
    edge.found(101, dueMs(101) + 1500);
    let before = edge.driftMs;
    for (let n = 102; n < 400; n++) {
      edge.found(n, dueMs(n) + edge.driftMs);
      expect(edge.driftMs).toBeLessThan(before);
      before = edge.driftMs;
    }
    expect(before).toBeLessThan(50);
    expect(before).toBeGreaterThanOrEqual(0);
  });

  test('a lost segment says nothing of the clock where a later one is there', () => {
    const edge = followed(100);
    edge.missing(101, dueMs(101));
    edge.found(102, dueMs(102));
    expect(edge.driftMs).toBe(0);
    expect(edge.isLost(dueMs(102) + 60_000)).toBe(false);
    expect(newest(edge, dueMs(103))).toBe(103);
  });

  test('runs no further ahead of what it has seen than two segments', () => {
    const edge = followed(100);
    expect(newest(edge, dueMs(150))).toBe(102);
    edge.found(101, dueMs(150));
    expect(newest(edge, dueMs(150))).toBe(103);
  });

  test('goes on past what was given up for another reason than that it is not there', () => {
    const edge = followed(100);
    for (let n = 101; n < 120; n++) {
      expect(newest(edge, dueMs(n))).toBe(n);
      edge.gaveUp(n);
    }
    expect(edge.generation).toBe(0);
  });
});

describe('EdgeClock that is lost', () => {
  test('is so once what should be there was missing for half a segment', () => {
    const edge = followed(100);
    expect(edge.isLost(dueMs(101))).toBe(false);
    edge.missing(101, dueMs(101));
    edge.missing(101, dueMs(101) + 1000);
    expect(edge.isLost(dueMs(101) + DURATION_MS / 2)).toBe(false);
    expect(edge.isLost(dueMs(101) + DURATION_MS / 2 + 1)).toBe(true);
    edge.found(101, dueMs(101) + 3000);
    expect(edge.isLost(dueMs(101) + 60_000)).toBe(false);
  });

  test('a 404 to what was there says nothing', () => {
    const edge = followed(100);
    edge.missing(95, dueMs(101));
    expect(edge.isLost(dueMs(101) + 60_000)).toBe(false);
  });

  test('waits through a pause and goes on with the number after it', () => {
    const edge = followed(100);
    expect(newest(edge, dueMs(101))).toBe(101);
    edge.missing(101, dueMs(101));
    const lookMs = dueMs(101) + 2500;
    expect(edge.anchor(100, lookMs)).toBe(false);
    for (const afterMs of [4000, 60_000, 600_000]) {
      expect(newest(edge, lookMs + afterMs)).toBe(101);
      expect(edge.isLost(lookMs + afterMs)).toBe(true);
    }
    const backMs = lookMs + 600_000;
    expect(edge.anchor(101, backMs)).toBe(false);
    expect(edge.isLost(backMs)).toBe(false);
    expect(newest(edge, backMs)).toBe(101);
    expect(newest(edge, backMs + DURATION_MS)).toBe(102);
    expect(edge.generation).toBe(0);
  });

  test('what was given up in a pause comes back as a new count: it would never be asked for', () => {
    const edge = followed(100);
    newest(edge, dueMs(101));
    edge.missing(101, dueMs(101));
    edge.gaveUp(101);
    expect(edge.anchor(101, dueMs(101) + 600_000)).toBe(true);
    expect(edge.generation).toBe(1);
    expect(edge.range(dueMs(101) + 600_000, 10)).toEqual({ oldest: 101, newest: 101 });
  });

  test('lower numbers are a new count, which names nothing of the old', () => {
    const edge = followed(100);
    edge.missing(101, dueMs(101));
    const lookMs = dueMs(101) + 5000;
    expect(edge.anchor(30, lookMs)).toBe(true);
    expect(edge.generation).toBe(1);
    expect(edge.range(lookMs, 10)).toEqual({ oldest: 28, newest: 30 });
    expect(newest(edge, lookMs + DURATION_MS)).toBe(31);
    edge.found(31, lookMs + DURATION_MS);
    edge.found(32, lookMs + 2 * DURATION_MS);
    expect(newest(edge, lookMs + 3 * DURATION_MS)).toBe(33);
  });

  test('higher numbers move the clock by whole segments', () => {
    const edge = followed(100);
    const grid = edge.beginMs(0) % DURATION_MS;
    const nowMs = dueMs(100) + 700;
    expect(edge.anchor(500, nowMs)).toBe(false);
    expect(newest(edge, nowMs)).toBe(500);
    expect(((edge.beginMs(0) % DURATION_MS) + DURATION_MS) % DURATION_MS).toBe(grid);
    // What came after 500 while it was looked for is named when its turn is
    expect(newest(edge, nowMs + DURATION_MS)).toBe(501);
  });

  test('a cached playlist does not make late what was found on time', () => {
    const edge = followed(100);
    expect(edge.anchor(97, dueMs(100))).toBe(false);
    expect([edge.driftMs, edge.generation, edge.newestFound]).toEqual([0, 0, 100]);
    expect(newest(edge, dueMs(101))).toBe(101);
  });
});

describe('EdgeClock that goes on for another', () => {
  test('names what the other had named, and looks whether it is there', () => {
    const edge = newClock();
    edge.resume(100, dueMs(100));
    expect(newest(edge, dueMs(100))).toBe(100);
    expect(edge.isLost(dueMs(100))).toBe(true);
    edge.found(100, dueMs(100));
    expect(edge.isLost(dueMs(100))).toBe(false);
    expect(newest(edge, dueMs(101))).toBe(101);
  });

  test('takes over how far the source is from the clock', () => {
    const edge = newClock();
    edge.resume(5000, dueMs(100));
    edge.found(5000, dueMs(100));
    expect(newest(edge, dueMs(101))).toBe(5001);
  });
});

describe('EdgeClock over random histories', () => {
  test('what was named stays named until the source counts anew', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 9000 }),
      what: fc.constantFrom('found', 'missing', 'gaveUp', 'anchor', 'nothing'),
      offset: fc.integer({ min: -6, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const edge = followed(100);
        let nowMs = dueMs(100);
        let named = newest(edge, nowMs);
        for (const { afterMs, what, offset } of steps) {
          nowMs += afterMs;
          const { generation } = edge;
          const sequence = Math.max(FIRST, named + offset);
          if (what === 'anchor') edge.anchor(sequence, nowMs);
          else if (what === 'gaveUp') edge.gaveUp(sequence);
          else if (what !== 'nothing') edge[what](sequence, nowMs);
          const range = edge.range(nowMs, 10);
          if (edge.generation === generation) expect(range.newest).toBeGreaterThanOrEqual(named);
          expect(range.oldest).toBeGreaterThanOrEqual(FIRST);
          expect(range.newest - range.oldest).toBeLessThan(10);
          expect(edge.driftMs).toBeGreaterThanOrEqual(0);
          named = range.newest;
        }
      }),
      { numRuns: 300 },
    );
  });
});
