// This file tests the numbers of archives.
import { expect, test } from 'bun:test';
import { archiveMetrics } from '../../src/metrics/archive-metrics.ts';
import { formatMetrics } from '../../src/metrics/prometheus.ts';
import { createArchiveCounts } from '../../src/recording/archive/archive-counts.ts';

test('archiveMetrics() names what each archive holds, lost and let go of', () => {
  const counts = createArchiveCounts();
  counts.gaps.queue = 3;
  counts.dropped.size = 4;
  counts.putsFailed = 5;
  const held = { fromMs: 1_000_000, toMs: 4_600_000 };
  const sums = { segments: 900, bytes: 12_345, queued: 1, queuedBytes: 678 };
  const stats = { ...counts, ...sums, channel: 'news', isKept: true, held };
  const none = { ...createArchiveCounts(), ...sums, channel: 'old', isKept: false, segments: 0 };
  const text = formatMetrics(archiveMetrics([stats, { ...none, held: undefined }]));
  const values = text.split('\n').filter((line) => !line.startsWith('#'));
  for (const line of [
    'weir_archive_kept{channel="news"} 1',
    'weir_archive_kept{channel="old"} 0',
    'weir_archive_segments{channel="news"} 900',
    'weir_archive_bytes{channel="news"} 12345',
    'weir_archive_span_seconds{channel="news"} 3600',
    'weir_archive_span_seconds{channel="old"} 0',
    'weir_archive_queue{channel="news"} 1',
    'weir_archive_queue_bytes{channel="news"} 678',
    'weir_archive_puts_failed_total{channel="news"} 5',
    'weir_archive_gaps_total{channel="news",reason="queue"} 3',
    'weir_archive_gaps_total{channel="news",reason="lost"} 0',
    'weir_archive_dropped_total{channel="news",reason="size"} 4',
    'weir_archive_dropped_total{channel="old",reason="age"} 0',
  ]) {
    expect(values).toContain(line);
  }
  expect(formatMetrics(archiveMetrics([]))).toBe('');
});
