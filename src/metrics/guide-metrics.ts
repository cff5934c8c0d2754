// This file gives the numbers of the guides their names.
import type { GuideStatus } from '../guide/guides.ts';
import type { MatchedChannel } from '../guide/match/match-guides.ts';
import { byLabel, gauge, type Metric } from './prometheus.ts';

/** Nothing where no guide is configured. */
export function guideMetrics(
  guides: readonly GuideStatus[],
  nowMs: number,
  matches: readonly Pick<MatchedChannel, 'found'>[] = [],
): readonly Metric[] {
  if (guides.length === 0) return [];
  const by = new Map<string, number>();
  for (const { found } of matches) {
    const how = found?.by ?? 'none';
    by.set(how, (by.get(how) ?? 0) + 1);
  }
  const each = (value: (guide: GuideStatus) => number | undefined) =>
    guides.flatMap((guide) => {
      const found = value(guide);
      return found === undefined ? [] : [{ labels: { guide: guide.place }, value: found }];
    });
  return [
    gauge(
      'weir_guide_programmes',
      'Programmes of a guide.',
      each(({ kept }) => kept?.programmes),
    ),
    gauge(
      'weir_guide_channels',
      'Channels of a guide.',
      each(({ kept }) => kept?.channels),
    ),
    gauge(
      'weir_guide_age_seconds',
      'Seconds since a guide was fetched.',
      each(({ kept }) => (kept === undefined ? undefined : (nowMs - kept.fetchedMs) / 1000)),
    ),
    gauge(
      'weir_guide_failed',
      '1 where a guide could not be read the last time.',
      each(({ error }) => (error === undefined ? 0 : 1)),
    ),
    gauge(
      'weir_guide_matched_channels',
      'Channels of ours, by how their guide was found; none: they have none.',
      byLabel('by', Object.fromEntries(by)),
    ),
  ];
}
