// This file says in words what is kept of the channels' past.
import type { Config } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import type { ArchiveConfig } from '../config/resolve-archive.ts';
import { formatSize } from '../config/size.ts';

/** Of one channel, for `weir check`. */
export function archiveSentence({ keepMs, sizeBytes, hlsPath }: ArchiveConfig): string {
  const most = sizeBytes === undefined ? '' : `, at most ${formatSize(sizeBytes)}`;
  const where = hlsPath === undefined ? 'in the places beyond memory' : `as HLS in ${hlsPath}`;
  return `kept for ${formatDuration(keepMs)}${most}, ${where}; runs without viewers too`;
}

/** Bytes of a day of one channel at so many bits a second. */
const SAMPLE_BITS_PER_S = 4_000_000;
const DAY_S = 86_400;

/** Of all of them: what an operator wants to reckon with. */
export function archiveRows({ channels, archiveBytes, overflow }: Config): string[] {
  const kept = channels.filter(({ archive }) => archive !== undefined);
  if (kept.length === 0) return [];
  const keptS = kept.reduce((sum, { archive }) => sum + (archive?.keepMs ?? 0) / 1000, 0);
  const needed = formatSize((keptS * SAMPLE_BITS_PER_S) / 8);
  const day = formatSize((DAY_S * SAMPLE_BITS_PER_S) / 8);
  const most = archiveBytes === undefined ? 'as much as it takes' : formatSize(archiveBytes);
  const rows = [
    `${kept.length} of ${channels.length} channels are kept; together at most: ${most}`,
    `at 4 Mbit/s a day of one takes ${day}, all of them ${needed}`,
  ];
  if (kept.every(({ archive }) => archive?.hlsPath !== undefined)) return rows;
  const room = overflow.reduce((sum, tier) => sum + (tier.sizeBytes ?? Infinity), 0);
  if (!Number.isFinite(room)) return rows;
  const held = 'what a place beyond memory has no room for goes from the archive too';
  return [...rows, `the places beyond memory have ${formatSize(room)}: ${held}`];
}
