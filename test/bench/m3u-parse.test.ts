// This file keeps the line-up benchmark from rotting: it runs it over a short list.
import { expect, test } from 'bun:test';
import { benchM3uParse } from './m3u-parse.ts';

test('benchM3uParse() measures each thing once', () => {
  const measurements = benchM3uParse(50);
  expect(measurements.map(({ name, unit }) => `${name}, ${unit}`)).toEqual([
    'M3U parse, entries/s',
    'M3U parse, MB/s',
    'M3U import, entries/s',
    'line-up compose, entries/s',
    'line-up format, entries/s',
  ]);
  for (const { value } of measurements) expect(value).toBeGreaterThan(0);
});
