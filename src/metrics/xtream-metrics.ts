// This file gives the number of those who watch as users its name.
import type { ConnectionCounts } from '../lineup/xtream/connections.ts';
import { byLabel, gauge, type Metric } from './prometheus.ts';

/** By what they are for; never by user, whose names are nobody's business who reads metrics. */
export function connectionMetrics(counts: ConnectionCounts | undefined): readonly Metric[] {
  if (counts === undefined) return [];
  const help = 'Streams, files and lists that users watch.';
  return [gauge('weir_user_connections', help, byLabel('kind', counts))];
}
