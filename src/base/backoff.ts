// This file computes how long to wait before trying again.
import type { Random } from './random.ts';

export type Backoff = { readonly baseMs: number; readonly maxMs: number };

/**
 * Full jitter: a delay between half of and the whole of base · 2^attempt, at most `maxMs`.
 * `attempt` counts from 0.
 */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: Random): number {
  const ceilingMs = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt, 30));
  return ceilingMs / 2 + random() * (ceilingMs / 2);
}
