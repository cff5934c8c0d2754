// This file tests the time of an endless stream.
import { describe, expect, test } from 'bun:test';
import { type FrameStep, LeadClock } from '../../../src/media/mpegts/lead-clock.ts';

const S = 90_000;
const WRAP = 2 ** 33;
const dts = (value: number) => ({ pts: value, dts: value });
const pts = (value: number) => ({ pts: value, dts: undefined });
const NONE = { pts: undefined, dts: undefined };

describe('LeadClock', () => {
  const rows: {
    name: string;
    frames: ReturnType<typeof dts | typeof pts>[];
    steps: FrameStep[];
    ticks: number;
  }[] = [
    {
      name: 'counts from the first frame',
      frames: [dts(7 * S), dts(8 * S)],
      steps: ['timed', 'timed'],
      ticks: S,
    },
    {
      name: 'goes on over the end of 33 bits',
      frames: [dts(WRAP - 10), dts(3590)],
      steps: ['timed', 'timed'],
      ticks: 3600,
    },
    {
      name: 'goes on over 2^32',
      frames: [dts(2 ** 32 - 10), dts(2 ** 32 + 3590)],
      steps: ['timed', 'timed'],
      ticks: 3600,
    },
    {
      name: 'stands for a step back that is rounding',
      frames: [dts(S), dts(S - 9), dts(S + 3600)],
      steps: ['timed', 'timed', 'timed'],
      ticks: 3600,
    },
    {
      name: 'knows a jump back',
      frames: [dts(9 * S), dts(9 * S + 3600), dts(8 * S)],
      steps: ['timed', 'timed', 'jump'],
      ticks: 7200,
    },
    {
      name: 'knows a jump forward, and goes on from there',
      frames: [dts(S), dts(12 * S), dts(12 * S + 1800)],
      steps: ['timed', 'jump', 'timed'],
      ticks: 3600 + 1800,
    },
    {
      name: 'stands for reordered frames without DTS',
      frames: [pts(S), pts(S + 10_800), pts(S + 3600), pts(S + 14_400)],
      steps: ['timed', 'timed', 'timed', 'timed'],
      ticks: 14_400,
    },
  ];
  for (const { name, frames, steps, ticks } of rows) {
    test(name, () => {
      const clock = new LeadClock();
      expect(frames.map((frame) => clock.takeFrame(frame))).toEqual(steps);
      expect(clock.ticks).toBe(ticks);
    });
  }

  test('waits for the next timestamp where a frame has none', () => {
    const clock = new LeadClock();
    expect([dts(S), NONE, dts(S + 7200)].map((frame) => clock.takeFrame(frame))).toEqual([
      'timed',
      'untimed',
      'timed',
    ]);
    expect(clock.ticks).toBe(7200);
  });

  test('goes by the PCR where there are no timestamps, and back to them', () => {
    const clock = new LeadClock();
    clock.takeFrame(dts(S));
    for (let at = 0; at <= 4; at++) {
      clock.takePcr(at * S * 0.5);
      clock.takeFrame(NONE);
    }
    clock.takeFrame(dts(S + 2 * S));
    expect([clock.ticks, clock.lastDts]).toEqual([2 * S, 3 * S]);
  });

  test('passes a silence by the clock that went on', () => {
    const clock = new LeadClock();
    clock.takeFrame(dts(S));
    for (const at of [0, 2, 4]) clock.takeSpare(at * S);
    expect(clock.silentTicks).toBe(4 * S);
    clock.passSilence();
    expect([clock.ticks, clock.silentTicks]).toEqual([4 * S, 0]);
    expect(clock.takeFrame(dts(5 * S + 3600))).toBe('timed');
    expect(clock.ticks).toBe(4 * S + 3600);
  });

  test('says where the PCR jumps, over the end of 33 bits or not', () => {
    const clock = new LeadClock();
    const steps = [WRAP - 100, 3500, 3400, 7000, 7000 + 11 * S, 7100 + 11 * S];
    expect(steps.map((base) => clock.takePcr(base))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(clock.lastPcr).toBe(7100 + 11 * S);
  });
});
