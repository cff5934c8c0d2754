// This file keeps the splicing benchmark from rotting: it runs it for a moment.
import { expect, test } from 'bun:test';
import { benchSplice } from './splice.ts';

test('benchSplice() measures each thing once', () => {
  const measurements = benchSplice(1);
  expect(measurements.map(({ name, unit }) => `${name}, ${unit}`)).toEqual([
    'splice MPEG-TS segment, MB/s',
    'splice MPEG-TS segment, a step at p99, µs',
  ]);
  for (const { value } of measurements) expect(value).toBeGreaterThan(0);
});
