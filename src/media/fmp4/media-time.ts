// This file turns the times of a track into ticks of 90 kHz, without losing any to rounding.
import { FormatError } from '../../base/errors.ts';

/** Units of a track's timescale as whole seconds and what is left: both exact as numbers. */
export type MediaTime = { readonly seconds: number; readonly restUnits: number };

const TICKS_PER_SECOND = 90_000;
/** 3,000 years: clocks that count from 1970 or 1904 are met, and the ticks stay exact numbers. */
const SECONDS_MAX = 100_000_000_000;

/** `at` is where the time stands, for the error. */
export function mediaTime(units: bigint, timescale: number, at: number): MediaTime {
  const scale = BigInt(timescale);
  const seconds = Number(units / scale);
  if (Math.abs(seconds) > SECONDS_MAX) {
    const message = `Cannot read the fragment: its time is ${seconds} s, wanted fewer`;
    throw new FormatError('fmp4', at, message, 'ISO/IEC 14496-12 §8.8.12');
  }
  return { seconds, restUnits: Number(units % scale) };
}

/**
 * The time that comes `units` later, rounded to ticks. Rounded is the sum, so that a fragment that
 * goes on where another ended gives the same tick.
 */
export function ticksAt(time: MediaTime, units: number, timescale: number): number {
  const later = time.restUnits + units;
  return time.seconds * TICKS_PER_SECOND + Math.round((later * TICKS_PER_SECOND) / timescale);
}
