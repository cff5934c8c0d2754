// This file gives the numbers of HDHomeRun tuners their names.
import type { HeldDevice } from '../lineup/hdhomerun/devices.ts';
import { counter, gauge, type Metric } from './prometheus.ts';

/** By the name of the device in its address. Nothing where there is none. */
export function tunerMetrics(devices: readonly HeldDevice[]): readonly Metric[] {
  if (devices.length === 0) return [];
  const counted = devices.map(({ setting, tuners }) => {
    return { labels: { device: setting.id }, ...tuners.stats() };
  });
  return [
    gauge(
      'weir_tuners',
      'Tuners of HDHomeRun devices, by whether somebody watches by them.',
      counted.flatMap(({ labels, used, free }) => [
        { labels: { ...labels, state: 'used' }, value: used },
        { labels: { ...labels, state: 'free' }, value: free },
      ]),
    ),
    counter(
      'weir_tuners_refused_total',
      'Clients that found the tuner, or all of them, in use.',
      counted.map(({ labels, refused }) => ({ labels, value: refused })),
    ),
  ];
}
