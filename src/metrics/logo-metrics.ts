// This file gives the numbers of the logos their names.
import type { Logos } from '../lineup/logos/logos.ts';
import { byLabel, counter, gauge, type Metric, one } from './prometheus.ts';

export function logoMetrics({
  count,
  bytes,
  answered,
  fetched,
}: ReturnType<Logos['stats']>): readonly Metric[] {
  return [
    counter(
      'weir_logo_answers_total',
      'Logos asked for, by what came of it.',
      byLabel('outcome', answered),
    ),
    counter(
      'weir_logo_fetches_total',
      'Logos asked of upstream, by what came of it.',
      byLabel('outcome', fetched),
    ),
    gauge('weir_logos', 'Logos kept.', one(count)),
    gauge('weir_logo_bytes', 'Bytes of them.', one(bytes)),
  ];
}
