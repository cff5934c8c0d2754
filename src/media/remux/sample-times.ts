// This file counts the times of samples in the units of their track.
import { FormatError } from '../../base/errors.ts';
import type { WrittenRun, WrittenSample } from '../fmp4/segment-writer.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';

export type TimedSample = {
  /** 90 kHz, not rounded. */
  readonly dts: number;
  readonly pts: number;
  readonly isSync: boolean;
  /** 0: until the next; of pictures nothing tells it. */
  readonly durationTicks: number;
  readonly bytes: Uint8Array;
};

/** A picture alone in its segment, where none came before. */
const FRAME_TICKS = 3600;
/** Where encoders round, times may stand still; more is another time, or a broken segment. */
const OVERLAP_MAX_TICKS = TICKS_PER_SECOND;

/** `shiftTicks` is added to all. There is a sample at least. */
// ISO/IEC 14496-12 §8.6.1: durations are the differences of decode times
export function timeSamples(
  trackId: number,
  timescale: number,
  samples: readonly TimedSample[],
  shiftTicks: number,
): WrittenRun {
  const unitsAt = (ticks: number) =>
    Math.round((ticks + shiftTicks) * (timescale / TICKS_PER_SECOND));
  const times: number[] = [];
  for (const [index, { dts }] of samples.entries()) {
    const before = times[index - 1];
    const units = unitsAt(dts);
    if (before !== undefined && dts < samples[index - 1]!.dts - OVERLAP_MAX_TICKS) {
      throw backwards(samples[index - 1]!.dts - dts);
    }
    times.push(before === undefined ? units : Math.max(units, before + 1));
  }
  const written = samples.map((sample, index): WrittenSample => {
    const { pts, isSync, bytes } = sample;
    const at = times[index]!;
    const next = times[index + 1] ?? at + lastDuration(samples, times, timescale);
    return { duration: next - at, compositionOffset: unitsAt(pts) - at, isSync, bytes };
  });
  return { trackId, decodeTime: times[0] ?? 0, samples: written };
}

/** As long as it says, or as the one before it. */
function lastDuration(
  samples: readonly TimedSample[],
  times: readonly number[],
  timescale: number,
): number {
  const last = samples.at(-1)!;
  const own = Math.round(last.durationTicks * (timescale / TICKS_PER_SECOND));
  if (own > 0) return own;
  const [end = 0, before] = times.slice(-2).reverse();
  if (before !== undefined) return end - before;
  return Math.round(FRAME_TICKS * (timescale / TICKS_PER_SECOND));
}

function backwards(ticks: number): FormatError {
  const seen = `times go back by ${Math.round(ticks / 90)} ms within a segment`;
  const message = `Cannot write fMP4: ${seen}, wanted them to rise`;
  return new FormatError('mpegts', 0, message, 'ISO/IEC 14496-12 §8.8.12');
}
