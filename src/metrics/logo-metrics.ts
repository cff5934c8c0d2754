// This file gives the numbers of the logos their names.
import type { Logos } from '../lineup/logos/logos.ts';
import { gauge, type Metric, one } from './prometheus.ts';

export function logoMetrics({
  count,
  bytes,
  answered,
  fetched,
}: ReturnType<Logos['stats']>): readonly Metric[] {
  return [
    counted('weir_logo_answers_total', 'Logos asked for, by what came of it.', answered),
    counted('weir_logo_fetches_total', 'Logos asked of upstream, by what came of it.', fetched),
    gauge('weir_logos', 'Logos kept.', one(count)),
    gauge('weir_logo_bytes', 'Bytes of them.', one(bytes)),
  ];
}

function counted(name: string, help: string, counts: Readonly<Record<string, number>>): Metric {
  const samples = Object.entries(counts).map(([outcome, value]) => ({
    labels: { outcome },
    value,
  }));
  return { name, type: 'counter', help, samples };
}
