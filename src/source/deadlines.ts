// This file derives the deadlines of upstream requests from the target duration.
import type { Timeouts } from '../config/config.ts';
import type { OutboundLimits } from '../net/outbound.ts';
import { PLAYLIST_MAX_BYTES } from '../net/text.ts';

/** Assumed until the first playlist has said otherwise: the usual value of encoders. */
export const TARGET_DURATION_DEFAULT_S = 6;

const CONNECT_MS = 3000;

/**
 * A segment that takes longer than it lasts is late for good, so the deadlines follow the target
 * duration; `attempt` (from 0) doubles them, since an upstream that is merely slow must not be
 * asked the same thing for ever.
 */
export function segmentLimits(
  targetDurationS: number,
  timeouts: Timeouts,
  maxBytes: number,
  attempt: number,
): OutboundLimits {
  const targetMs = targetDurationS * 1000;
  const factor = 2 ** Math.min(attempt, 3);
  const firstByteMs = timeouts.firstByteMs ?? Math.max(1000, targetMs / 2) * factor;
  const betweenBytesMs = timeouts.betweenBytesMs ?? Math.max(500, targetMs / 2) * factor;
  const derivedTotalMs = Math.max(2000, targetMs * 1.5) * factor;
  return {
    connectMs: timeouts.connectMs ?? CONNECT_MS,
    firstByteMs,
    betweenBytesMs,
    totalMs: timeouts.totalMs ?? Math.max(derivedTotalMs, firstByteMs + targetMs),
    maxBytes,
  };
}

export function playlistLimits(targetDurationS: number, timeouts: Timeouts): OutboundLimits {
  const targetMs = targetDurationS * 1000;
  return {
    connectMs: timeouts.connectMs ?? CONNECT_MS,
    firstByteMs: timeouts.firstByteMs ?? Math.max(2000, targetMs / 2),
    betweenBytesMs: timeouts.betweenBytesMs ?? Math.max(1000, targetMs / 2),
    totalMs: timeouts.totalMs ?? Math.max(4000, targetMs * 1.5),
    maxBytes: PLAYLIST_MAX_BYTES,
  };
}

/**
 * From being named until it is given up and becomes a gap: a list that waited one target duration
 * to be told of it is then three old, and goes on before it counts as silent.
 */
export function giveUpAfterMs(targetDurationS: number, timeouts: Timeouts): number {
  const derivedMs = Math.max(2000, targetDurationS * 2000);
  return Math.max(derivedMs, timeouts.totalMs ?? timeouts.firstByteMs ?? 0);
}
