// This file tests when the bytes of a stream are let out.
import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { BURST_MS, Pacer } from '../../../src/packaging/mpegts/pacer.ts';

const ticks = (ms: number) => ms * 90;

describe('Pacer', () => {
  test('lets the burst out at once, and the rest as time goes by', () => {
    const pacer = new Pacer();
    expect(pacer.dueMs(ticks(10_000), 500)).toBe(500 - BURST_MS);
    expect(pacer.dueMs(ticks(10_000 + BURST_MS), 500)).toBe(500);
    expect(pacer.dueMs(ticks(10_000 + BURST_MS + 1000), 500)).toBe(1500);
  });

  test('makes up for the burst after a silence, and for no more', () => {
    const pacer = new Pacer();
    pacer.dueMs(0, 0);
    pacer.dueMs(ticks(BURST_MS), 0);
    // Nothing came for a minute; what comes now follows at that distance
    const nowMs = 60_000;
    expect(pacer.dueMs(ticks(BURST_MS + 1000), nowMs)).toBe(nowMs - BURST_MS);
    expect(pacer.dueMs(ticks(2 * BURST_MS + 1000), nowMs)).toBe(nowMs);
    expect(pacer.dueMs(ticks(2 * BURST_MS + 2000), nowMs)).toBe(nowMs + 1000);
  });

  test('a short silence is made up for as a whole', () => {
    const pacer = new Pacer();
    pacer.dueMs(0, 0);
    expect(pacer.dueMs(ticks(4000), 2000)).toBe(1000);
    expect(pacer.dueMs(ticks(5000), 3500)).toBe(2000);
    expect(pacer.dueMs(ticks(7000), 3500)).toBe(4000);
  });

  test('never lets out more than real time and the burst', () => {
    const steps = fc.array(
      fc.record({
        mediaMs: fc.integer({ min: 0, max: 3000 }),
        lateMs: fc.integer({ min: 0, max: 9000 }),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const pacer = new Pacer();
        const out: { readonly atMs: number; readonly mediaMs: number }[] = [];
        let [nowMs, mediaMs] = [0, 0];
        for (const step of list) {
          mediaMs += step.mediaMs;
          nowMs += step.lateMs;
          nowMs = Math.max(nowMs, pacer.dueMs(ticks(mediaMs), nowMs));
          out.push({ atMs: nowMs, mediaMs });
        }
        for (const [index, first] of out.entries()) {
          for (const last of out.slice(index)) {
            const mayBeMs = last.atMs - first.atMs + BURST_MS;
            expect(last.mediaMs - first.mediaMs).toBeLessThanOrEqual(mayBeMs + 1e-6);
          }
        }
      }),
    );
  });
});
