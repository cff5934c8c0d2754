// This file gives the numbers of the store that nodes agree by their names.
import type { SharedStats } from '../channel/shared-store.ts';
import { counter, gauge, type Metric, one } from './prometheus.ts';

/** Nothing where it was not opened. */
export function storeMetrics(stats: SharedStats | undefined): readonly Metric[] {
  if (stats === undefined) return [];
  const { isUp, errors, queued } = stats;
  return [
    gauge('weir_store_up', '1 while what nodes agree by is kept.', one(isUp ? 1 : 0)),
    counter('weir_store_errors_total', 'Reads and writes of the store that failed.', one(errors)),
    gauge('weir_store_queued', 'Claims that wait until the store is back.', one(queued)),
  ];
}
