// This file tests the numbers of guides.
import { expect, test } from 'bun:test';
import { guideMetrics } from '../../src/metrics/guide-metrics.ts';
import { formatMetrics } from '../../src/metrics/prometheus.ts';

const FOUND = { id: 'x', name: 'X', score: 1, why: 'the same name', by: 'name' } as const;

test('guides are counted, each under its place', () => {
  const kept = { id: 'g', edition: 2, fetchedMs: 1000, channels: 3, programmes: 40, problems: {} };
  const error = { code: 'GUIDE_STATUS', message: 'Cannot read it', detail: {} };
  const metrics = guideMetrics(
    [
      { place: 'http://one', kept },
      { place: 'two.xml', error },
    ],
    61_000,
    [{ found: FOUND }, { found: { ...FOUND, by: 'id' } }, {}, { found: FOUND }],
  );
  const lines = formatMetrics(metrics)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines).toEqual([
    'weir_guide_programmes{guide="http://one"} 40',
    'weir_guide_channels{guide="http://one"} 3',
    'weir_guide_age_seconds{guide="http://one"} 60',
    'weir_guide_failed{guide="http://one"} 0',
    'weir_guide_failed{guide="two.xml"} 1',
    'weir_guide_matched_channels{by="name"} 2',
    'weir_guide_matched_channels{by="id"} 1',
    'weir_guide_matched_channels{by="none"} 1',
  ]);
});

test('there is nothing where no guide is configured', () => {
  expect(guideMetrics([], 0)).toEqual([]);
});
