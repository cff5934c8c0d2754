// This file tests the Prometheus text format.
import { describe, expect, test } from 'bun:test';
import { formatMetrics, type Metric, one, type Sample } from '../../src/metrics/prometheus.ts';

function gauge(name: string, samples: readonly Sample[]): Metric {
  return { name, type: 'gauge', help: 'Help.', samples };
}

describe('formatMetrics()', () => {
  test('writes help and type once, then every sample', () => {
    const samples = [
      { labels: { channel: 'a', what: 'x' }, value: 1 },
      { labels: { channel: 'b', what: 'y' }, value: 2.5 },
    ];
    const text = formatMetrics([
      { name: 'weir_a_total', type: 'counter', help: 'How many.', samples },
      gauge('weir_b', one(0)),
    ]);
    expect(text).toBe(
      [
        '# HELP weir_a_total How many.',
        '# TYPE weir_a_total counter',
        'weir_a_total{channel="a",what="x"} 1',
        'weir_a_total{channel="b",what="y"} 2.5',
        '# HELP weir_b Help.',
        '# TYPE weir_b gauge',
        'weir_b 0',
        '',
      ].join('\n'),
    );
  });

  test('leaves out a metric without samples', () => {
    expect(formatMetrics([gauge('weir_a', []), gauge('weir_b', one(1))])).not.toContain('weir_a');
    expect(formatMetrics([])).toBe('');
  });

  const rows: readonly (readonly [name: string, value: string, written: string])[] = [
    ['a quote', 'a"b', 'a\\"b'],
    ['a backslash', 'a\\b', 'a\\\\b'],
    ['a line end', 'a\nb', 'a\\nb'],
    ['a backslash before n', 'a\\nb', 'a\\\\nb'],
    ['all at once, twice', '"\\\n"\\\n', '\\"\\\\\\n\\"\\\\\\n'],
    ['what needs none', 'Ünïcode {a="b"', 'Ünïcode {a=\\"b\\"'],
  ];
  for (const [name, value, written] of rows) {
    test(`escapes ${name}`, () => {
      const text = formatMetrics([gauge('weir_a', [{ labels: { channel: value }, value: 1 }])]);
      expect(text.split('\n').slice(2)).toEqual([`weir_a{channel="${written}"} 1`, '']);
    });
  }
});
