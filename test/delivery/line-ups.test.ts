// This file tests what is told of line-ups, as JSON and as numbers.
import { expect, test } from 'bun:test';
import { lineUpsPlugin } from '../../src/delivery/line-ups.ts';
import type { LineUpStatus } from '../../src/lineup/import/line-ups.ts';
import { lineUpMetrics } from '../../src/metrics/line-up-metrics.ts';
import { formatMetrics } from '../../src/metrics/prometheus.ts';

const first = [{ line: 7, reason: 'scheme', message: 'A URL of the scheme udp:' }];
const STATUS: readonly LineUpStatus[] = [
  {
    name: 'http://one.example/list.m3u?token=***',
    isReading: true,
    kept: {
      key: 'http://one.example/list.m3u',
      fetchedMs: 1000,
      channels: 3,
      films: 5,
      gone: 2,
      merged: 1,
      problems: { first, counts: { scheme: 4 } },
      unusedRules: ['include.group "News"'],
      isOutdated: false,
      isWaiting: true,
    },
  },
  {
    name: 'two.m3u',
    isReading: false,
    error: { code: 'LINEUP_FILE', message: 'Cannot read it', detail: {} },
  },
];

test('/api/lineups says of each when it was read, what came of it and what is wrong', async () => {
  const app = lineUpsPlugin(() => STATUS);
  const response = await app.handle(new Request('http://weir.example/api/lineups'));
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual([
    {
      name: 'http://one.example/list.m3u?token=***',
      isReading: true,
      readAt: '1970-01-01T00:00:01.000Z',
      channels: 3,
      films: 5,
      gone: 2,
      merged: 1,
      problems: { scheme: 4 },
      firstProblems: first,
      unusedRules: ['include.group "News"'],
      isWaiting: true,
      error: null,
    },
    {
      name: 'two.m3u',
      isReading: false,
      readAt: null,
      channels: 0,
      films: 0,
      gone: 0,
      merged: 0,
      problems: {},
      firstProblems: [],
      unusedRules: [],
      isWaiting: false,
      error: { code: 'LINEUP_FILE', message: 'Cannot read it' },
    },
  ]);
});

test('line-ups are counted, each under its name', () => {
  const lines = formatMetrics(lineUpMetrics(STATUS, 61_000))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const one = '{lineup="http://one.example/list.m3u?token=***"';
  expect(lines).toEqual([
    `weir_lineup_channels${one}} 3`,
    `weir_lineup_gone_channels${one}} 2`,
    `weir_lineup_problems${one},reason="scheme"} 4`,
    `weir_lineup_age_seconds${one}} 60`,
    `weir_lineup_waiting${one}} 1`,
    'weir_lineup_waiting{lineup="two.m3u"} 0',
    `weir_lineup_failed${one}} 0`,
    'weir_lineup_failed{lineup="two.m3u"} 1',
  ]);
  expect(lineUpMetrics([], 0)).toEqual([]);
});
