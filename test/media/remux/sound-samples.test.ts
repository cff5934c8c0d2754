// This file tests what becomes samples of frames that come in parts.
import { expect, test } from 'bun:test';
import { readAc3 } from '../../../src/media/codec/sound-frame.ts';
import type { MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { SoundSamples } from '../../../src/media/remux/sound-samples.ts';
import { eac3Frames } from '../../support/eac3-frames.ts';

function unit(dts: number, bytes: Uint8Array): MuxUnit {
  return { track: 0, dts, pts: dts, isKey: true, isUnaligned: false, bytes };
}

test('SoundSamples has the parts of a frame in one sample, over PES packets too', () => {
  const bytes = eac3Frames(2);
  const cut = [unit(0, bytes.subarray(0, 70)), unit(2880, bytes.subarray(70))];
  const [sample, ...others] = new SoundSamples(readAc3).take(cut);
  expect(others).toEqual([]);
  expect(Buffer.compare(sample!.bytes, bytes)).toBe(0);
});

// With each part copied anew this takes minutes
test('SoundSamples leaves out what are more parts than a frame can have', () => {
  const [first, second, ...others] = new SoundSamples(readAc3).take([
    unit(0, eac3Frames(200_000)),
    unit(2880, eac3Frames(8)),
  ]);
  expect([first, second].map((sample) => sample?.bytes.length)).toEqual([64 + 80, 64 + 80]);
  expect(others).toEqual([]);
}, 10_000);
