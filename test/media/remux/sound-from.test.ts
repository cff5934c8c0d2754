// This file tests that sound is cut between its frames.
import { describe, expect, test } from 'bun:test';
import { createMuxTrack, type MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { soundFrom } from '../../../src/media/remux/sound-from.ts';
import { adtsSound } from '../../support/adts-sound.ts';

/** At 48 kHz. */
const FRAME_TICKS = 1920;
const FRAMES = 12;
const BYTES = adtsSound((FRAMES * 1024) / 48_000);
const FRAME_BYTES = BYTES.length / FRAMES;
const TRACKS = [createMuxTrack('aac')];

const unitAt = (dts: number, bytes: Uint8Array = BYTES): MuxUnit => ({
  track: 0,
  dts,
  pts: dts,
  isKey: true,
  bytes,
});

describe('soundFrom()', () => {
  test.each([
    ['before it: whole', 0, 0, 12],
    ['a tick of rounding', 1, 0, 12],
    ['within the first frame', 500, 1, 11],
    ['where a frame begins', 3 * FRAME_TICKS, 3, 9],
    ['within the last frame: none is left', 11 * FRAME_TICKS + 500, 12, 0],
    ['behind it: none', 50 * FRAME_TICKS, 12, 0],
  ])('%s', (_, fromTicks, first, left) => {
    const units = soundFrom([unitAt(0)], TRACKS, fromTicks);
    expect(units.map(({ dts, pts, bytes }) => [dts, pts, bytes.length / FRAME_BYTES])).toEqual(
      left === 0 ? [] : [[first * FRAME_TICKS, first * FRAME_TICKS, left]],
    );
  });

  test('what comes later stays as it is', () => {
    const units = [unitAt(0), unitAt(FRAMES * FRAME_TICKS)];
    expect(soundFrom(units, TRACKS, FRAME_TICKS)[1]).toBe(units[1]!);
  });

  test('what cannot be told apart goes as a whole', () => {
    const unit = unitAt(0, new Uint8Array(100));
    expect(soundFrom([unit], TRACKS, 500)).toEqual([]);
    expect(soundFrom([unit], [{ ...TRACKS[0]!, streamType: 0x11 }], 500)).toEqual([]);
    expect(soundFrom([unit], TRACKS, 0)).toEqual([unit]);
  });
});
