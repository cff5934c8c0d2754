// This file says how much room a disk must keep free.
import { statfs } from 'node:fs/promises';

export type DiskRoom = { readonly freeBytes: number; readonly totalBytes: number };

/** What asks the file system that `path` is on. */
export type AskRoom = (path: string) => Promise<DiskRoom>;

/**
 * A disk that is filled to its end stops everything else on the machine: logs, databases, weir's own
 * numbers. A twentieth is what file systems need to stay fast; of a large disk half a gigabyte is
 * enough for all the rest to be noticed in time.
 */
const LOW_WATER_SHARE = 0.05;
const LOW_WATER_MAX_BYTES = 512 * 1024 * 1024;

/** Below this nothing more is written. */
export function lowWaterBytes({ totalBytes }: DiskRoom): number {
  return Math.min(totalBytes * LOW_WATER_SHARE, LOW_WATER_MAX_BYTES);
}

/** What must be let go so that writing can go on for a while. */
export function lackingBytes(room: DiskRoom): number {
  const low = lowWaterBytes(room);
  return room.freeBytes >= low ? 0 : 2 * low - room.freeBytes;
}

export async function askRoom(path: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
