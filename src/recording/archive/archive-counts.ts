// This file counts what a channel's archive has done since weir was started.

/** Why a list has a gap: it never came, its key did not, the queue was too long, it was lost. */
export const GAP_REASONS = ['source', 'asset', 'queue', 'lost'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** Why what was held is not any more: too old, too much of the channel, of all, or by itself. */
export const DROP_REASONS = ['age', 'size', 'total', 'expired'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

export type ArchiveCounts = {
  readonly gaps: Record<GapReason, number>;
  readonly dropped: Record<DropReason, number>;
  putsFailed: number;
};

export function createArchiveCounts(): ArchiveCounts {
  return {
    gaps: { source: 0, asset: 0, queue: 0, lost: 0 },
    dropped: { age: 0, size: 0, total: 0, expired: 0 },
    putsFailed: 0,
  };
}
