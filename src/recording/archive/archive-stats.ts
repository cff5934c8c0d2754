// This file is what there is of each archive, for metrics and the API.
import type { ArchiveRows, HeldRow } from '../../channel/archive-rows.ts';
import type { ArchiveCounts } from './archive-counts.ts';
import type { TimeSpan } from './archived.ts';
import type { Archivist } from './archivist.ts';

export type ArchiveStats = Readonly<ArchiveCounts> & {
  readonly channel: string;
  /** Whether what is shown now is kept. */
  readonly isKept: boolean;
  readonly segments: number;
  readonly bytes: number;
  /** Of all its renditions together; undefined where nothing is held. */
  readonly held: TimeSpan | undefined;
  readonly queued: number;
  readonly queuedBytes: number;
};

/** Of the channels that are archived, or were. */
export function archiveStats(archivist: Archivist, rows: ArchiveRows): readonly ArchiveStats[] {
  const held = Map.groupBy(rows.held(), ({ channel }) => channel);
  return [...archivist.all()].map((channel) => {
    const renditions = held.get(channel.id) ?? [];
    const { counts, queued, queuedBytes } = channel;
    return {
      ...counts,
      channel: channel.id,
      isKept: archivist.keeps(channel.id),
      segments: renditions.reduce((sum, { segments }) => sum + segments, 0),
      bytes: renditions.reduce((sum, { bytes }) => sum + bytes, 0),
      held: spanOf(renditions),
      queued,
      queuedBytes,
    };
  });
}

function spanOf(renditions: readonly HeldRow[]): TimeSpan | undefined {
  const spans = renditions.flatMap(({ fromMs, toMs }) =>
    fromMs === null || toMs === null ? [] : [{ fromMs, toMs }],
  );
  if (spans.length === 0) return undefined;
  return {
    fromMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...spans.map(({ toMs }) => toMs)),
  };
}
