// This file is what there is of each archive, for metrics and the API.
import type { ArchiveRows } from '../../channel/archive-rows.ts';
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
  return [...archivist.all()].map((channel) => {
    const renditions = rows.renditions(channel.id);
    const { counts, queued, queuedBytes } = channel;
    let held: TimeSpan | undefined;
    for (const { id } of renditions) {
      const fromMs = rows.first(id)?.startMs;
      const toMs = rows.last(id)?.endMs;
      if (fromMs === undefined || toMs === undefined) continue;
      held = {
        fromMs: Math.min(fromMs, held?.fromMs ?? fromMs),
        toMs: Math.max(toMs, held?.toMs ?? toMs),
      };
    }
    return {
      ...counts,
      channel: channel.id,
      isKept: archivist.keeps(channel.id),
      segments: renditions.reduce((sum, { segments }) => sum + segments, 0),
      bytes: renditions.reduce((sum, { bytes }) => sum + bytes, 0),
      held,
      queued,
      queuedBytes,
    };
  });
}
