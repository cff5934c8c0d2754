// This file is what a tier is counted by.
import type { ErrorRecord } from '../../base/errors.ts';
import type { Tier } from './tier.ts';

export type TierCounts = {
  hits: number;
  misses: number;
  /** Answers that did not come in time; what came later was dropped. */
  late: number;
  /** Not asked: it was down, or had too much to do. */
  skipped: number;
  errors: number;
  puts: number;
  expired: number;
  evicted: number;
  /** What it held when it was swept last. */
  segments: number;
  bytes: number;
};

export type TierStats = Readonly<TierCounts> & {
  readonly kind: Tier['kind'];
  readonly place: string;
  /** Full: it is read and not written. */
  readonly state: 'up' | 'full' | 'down';
  /** Why it is down or full; undefined also where it has not been opened yet. */
  readonly trouble: ErrorRecord | undefined;
  /** How often it went down. */
  readonly trips: number;
  readonly queued: number;
  readonly queuedBytes: number;
  readonly dropped: number;
};

export function createTierCounts(): TierCounts {
  return {
    hits: 0,
    misses: 0,
    late: 0,
    skipped: 0,
    errors: 0,
    puts: 0,
    expired: 0,
    evicted: 0,
    segments: 0,
    bytes: 0,
  };
}
