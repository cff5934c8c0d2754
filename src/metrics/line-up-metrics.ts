// This file gives the numbers of the line-ups their names.
import type { LineUpStatus } from '../lineup/import/line-ups.ts';
import { gauge, type Metric } from './prometheus.ts';

/** Nothing where no line-up is configured. */
export function lineUpMetrics(lineUps: readonly LineUpStatus[], nowMs: number): readonly Metric[] {
  if (lineUps.length === 0) return [];
  const each = (value: (lineUp: LineUpStatus) => number | undefined) =>
    lineUps.flatMap((lineUp) => {
      const found = value(lineUp);
      return found === undefined ? [] : [{ labels: { lineup: lineUp.name }, value: found }];
    });
  return [
    gauge(
      'weir_lineup_channels',
      'Channels of a line-up.',
      each(({ kept }) => kept?.channels),
    ),
    gauge(
      'weir_lineup_gone_channels',
      'Channels that left a line-up, and are kept for when they come back.',
      each(({ kept }) => kept?.gone),
    ),
    gauge(
      'weir_lineup_problems',
      'Entries of a line-up that something is wrong with.',
      lineUps.flatMap(({ name, kept }) =>
        Object.entries(kept?.problems.counts ?? {}).map(([reason, value]) => ({
          labels: { lineup: name, reason },
          value,
        })),
      ),
    ),
    gauge(
      'weir_lineup_age_seconds',
      'Seconds since a line-up was read.',
      each(({ kept }) => (kept === undefined ? undefined : (nowMs - kept.fetchedMs) / 1000)),
    ),
    gauge(
      'weir_lineup_waiting',
      '1 while the shared store has not taken what was read of a line-up.',
      each(({ kept }) => (kept?.isWaiting ? 1 : 0)),
    ),
    gauge(
      'weir_lineup_failed',
      '1 where a line-up could not be read, or was refused, the last time.',
      each(({ error }) => (error === undefined ? 0 : 1)),
    ),
  ];
}
