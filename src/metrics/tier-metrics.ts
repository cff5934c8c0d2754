// This file gives the numbers of the tiers their names.
import type { OverflowStats } from '../ring/tiers/overflow.ts';
import type { TierStats } from '../ring/tiers/tier-stats.ts';
import { counter, gauge, type Metric, one, type Sample } from './prometheus.ts';

const LOOKS = ['hits', 'misses', 'late', 'skipped', 'errors'] as const;
const STATES = ['up', 'full', 'down'] as const;

const COUNTERS = [
  ['puts', 'weir_tier_puts_total', 'Bodies that were put into a tier.'],
  ['dropped', 'weir_tier_dropped_total', 'Bodies that were not put: the queue was too long.'],
  ['trips', 'weir_tier_trips_total', 'Times a tier was left alone after it failed.'],
  ['expired', 'weir_tier_expired_total', 'Bodies that became too old for a tier.'],
  ['evicted', 'weir_tier_evicted_total', 'Bodies that had to make room in a tier.'],
] as const;

const GAUGES = [
  ['queued', 'weir_tier_queue', 'Bodies that wait to be put into a tier.'],
  ['queuedBytes', 'weir_tier_queue_bytes', 'Bytes of them.'],
  ['segments', 'weir_tier_bodies', 'Bodies a tier held when it was swept last.'],
  ['bytes', 'weir_tier_bytes', 'Bytes of them.'],
] as const;

/** `stats`: undefined where there are no tiers. */
export function tierMetrics(stats: OverflowStats | undefined): readonly Metric[] {
  if (stats === undefined) return [];
  const { tiers, taken, recalled } = stats;
  const looks = tiers.flatMap((tier) =>
    LOOKS.map((outcome) => sampleOf(tier, tier[outcome], { outcome })),
  );
  const states = tiers.flatMap((tier) =>
    STATES.map((state) => sampleOf(tier, tier.state === state ? 1 : 0, { state })),
  );
  const each = (what: keyof TierStats) => tiers.map((tier) => sampleOf(tier, Number(tier[what])));
  return [
    counter('weir_tier_looks_total', 'Times a tier was looked into, by what came of it.', looks),
    gauge('weir_tier_state', 'Whether a tier works: its breaker.', states),
    ...COUNTERS.map(([what, name, help]) => counter(name, help, each(what))),
    ...GAUGES.map(([what, name, help]) => gauge(name, help, each(what))),
    counter(
      'weir_tier_taken_total',
      'Bodies that a tier had, and that were not fetched from the source.',
      one(taken),
    ),
    counter(
      'weir_tier_recalled_total',
      'Bodies sent to viewers from a tier since they had left the ring.',
      one(recalled),
    ),
  ];
}

function sampleOf(
  { kind, place }: TierStats,
  value: number,
  more: Readonly<Record<string, string>> = {},
): Sample {
  return { labels: { tier: kind, place, ...more }, value };
}
