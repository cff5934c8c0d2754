// This file tests that frames of sound are put together anew, whatever packets they came in.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { writeAdtsFrame } from '../../../src/media/codec/adts-header.ts';
import { readAac, readAc3 } from '../../../src/media/codec/sound-frame.ts';
import type { MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { regrouped } from '../../../src/media/remux/sound-groups.ts';
import { eac3Frames } from '../../support/eac3-frames.ts';

/** 1,024 samples at 48 kHz. */
const FRAME_TICKS = 1920;
const CONFIG = { objectType: 2, frequencyIndex: 3, sampleRate: 48_000, channelConfig: 2 };

function frame(index: number): Uint8Array {
  const body = new Uint8Array(20 + (index % 9)).fill(index);
  const bytes = new Uint8Array(7 + body.length);
  writeAdtsFrame(bytes, 0, body, CONFIG as never);
  return bytes;
}

function unit(dts: number, bytes: Uint8Array): MuxUnit {
  return { track: 0, dts, pts: dts, isKey: true, isUnaligned: false, bytes };
}

/** PES packets of so many frames each, the first frame of all at 0. */
function packets(counts: readonly number[]): MuxUnit[] {
  let index = 0;
  return counts.map((count) => {
    const dts = index * FRAME_TICKS;
    const frames = Array.from({ length: count }, () => frame(index++));
    return unit(dts, new Uint8Array(Buffer.concat(frames)));
  });
}

const bytesOf = (units: readonly MuxUnit[]) => Buffer.concat(units.map(({ bytes }) => bytes));

describe('regrouped()', () => {
  test('is three frames each, whatever packets they came in', () => {
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(counts, (each) => {
        const units = packets(each);
        const groups = regrouped(units, readAac);
        expect(Buffer.compare(bytesOf(groups), bytesOf(units))).toBe(0);
        expect(groups.map(({ dts }) => dts)).toEqual(groups.map((_, at) => at * 3 * FRAME_TICKS));
      }),
      { numRuns: 50 },
    );
  });

  test('begins anew where time does', () => {
    const [first, second] = packets([2, 2]) as [MuxUnit, MuxUnit];
    const later = { ...second, dts: 90_000, pts: 90_000 };
    expect(regrouped([first, later], readAac).map(({ dts }) => dts)).toEqual([0, 90_000]);
  });

  // With each part copied anew this takes minutes
  test('keeps the parts of a frame together, however many somebody sends', () => {
    const bytes = eac3Frames(200_000);
    expect(regrouped([unit(0, bytes)], readAc3)).toEqual([unit(0, bytes)]);
    const few = unit(0, new Uint8Array(Buffer.concat([eac3Frames(1), eac3Frames(0)])));
    expect(regrouped([few], readAc3)).toEqual([few]);
  }, 10_000);

  test('leaves a packet as it is that is not of whole frames', () => {
    const [whole] = packets([1]) as [MuxUnit];
    const cut = unit(FRAME_TICKS, frame(1).slice(0, 15));
    const rest = unit(2 * FRAME_TICKS, frame(1).slice(15));
    const noise = unit(3 * FRAME_TICKS, new Uint8Array(100));
    const units = [whole, cut, rest, noise, unit(4 * FRAME_TICKS, new Uint8Array())];
    expect(regrouped(units, readAac).slice(0, 4)).toEqual(units.slice(0, 4));
  });
});
