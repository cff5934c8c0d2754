// This file gives the numbers of archives their names.
import { ANSWER_KINDS, type ArchiveAnswered } from '../recording/archive/archive-answered.ts';
import { DROP_REASONS, GAP_REASONS } from '../recording/archive/archive-counts.ts';
import type { ArchiveStats } from '../recording/archive/archive-stats.ts';
import type { HlsShelfStats } from '../recording/archive/hls/shelf.ts';
import { counter, gauge, type Metric, type Sample } from './prometheus.ts';

const GAUGES = [
  ['weir_archive_kept', 'Whether what a channel shows now is kept.', (s) => Number(s.isKept)],
  ['weir_archive_segments', 'Segments held in the archive.', (s) => s.segments],
  ['weir_archive_bytes', 'Bytes of them.', (s) => s.bytes],
  ['weir_archive_span_seconds', 'From the oldest to the newest.', spanS],
  ['weir_archive_queue', 'Segments that wait to be written into the archive.', (s) => s.queued],
  ['weir_archive_queue_bytes', 'Bytes of them.', (s) => s.queuedBytes],
] as const satisfies readonly (readonly [string, string, (s: ArchiveStats) => number])[];

const STATES = ['up', 'full', 'down'] as const;

export function archiveMetrics(stats: readonly ArchiveStats[]): readonly Metric[] {
  const each = (of: (one: ArchiveStats) => number) =>
    stats.map((one) => ({ labels: { channel: one.channel }, value: of(one) }));
  const gauges = GAUGES.map(([name, help, of]) => gauge(name, help, each(of)));
  return [
    ...gauges,
    counter(
      'weir_archive_puts_failed_total',
      'Times a segment could not be written into the archive; most are tried again.',
      each(({ putsFailed }) => putsFailed),
    ),
    counter(
      'weir_archive_gaps_total',
      'Gaps in the archive: it never came (source), what it needs did not (asset), too much waited (queue), it was lost where it lay (lost).',
      byReason(stats, GAP_REASONS, ({ gaps }) => gaps),
    ),
    counter(
      'weir_archive_dropped_total',
      'Segments the archive let go of: too old (age), too much of the channel (size) or of all (total), no longer held (expired).',
      byReason(stats, DROP_REASONS, ({ dropped }) => dropped),
    ),
  ];
}

export function archiveAnswerMetric(answered: Readonly<ArchiveAnswered>): Metric {
  return counter(
    'weir_archive_answers_total',
    'What viewers of archives were answered; none: nothing of it is held, late: it did not come in time.',
    ANSWER_KINDS.map((what) => ({ labels: { what }, value: answered[what] })),
  );
}

export function archiveFolderMetrics(folders: readonly HlsShelfStats[]): readonly Metric[] {
  if (folders.length === 0) return [];
  const each = (of: (folder: HlsShelfStats) => number) =>
    folders.map((folder) => ({ labels: { place: folder.place }, value: of(folder) }));
  const states = folders.flatMap(({ place, state }) =>
    STATES.map((each) => ({ labels: { place, state: each }, value: state === each ? 1 : 0 })),
  );
  return [
    gauge(
      'weir_archive_folder_state',
      'Whether a folder of archives as plain HLS takes segments.',
      states,
    ),
    counter(
      'weir_archive_folder_bodies_total',
      'Segments written into a folder of archives.',
      each(({ bodies }) => bodies),
    ),
    counter(
      'weir_archive_folder_refused_total',
      'Times a segment could not be written into a folder of archives.',
      each(({ refused }) => refused),
    ),
  ];
}

function spanS({ held }: ArchiveStats): number {
  return held === undefined ? 0 : (held.toMs - held.fromMs) / 1000;
}

function byReason<R extends string>(
  stats: readonly ArchiveStats[],
  reasons: readonly R[],
  of: (one: ArchiveStats) => Readonly<Record<R, number>>,
): Sample[] {
  return stats.flatMap((one) =>
    reasons.map((reason) => ({ labels: { channel: one.channel, reason }, value: of(one)[reason] })),
  );
}
