// This file looks whether archives can be written as plain HLS where they are to lie.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { formatSize } from '../config/size.ts';
import { askRoom, type DiskRoom, lowWaterBytes } from '../ring/tiers/disk-room.ts';
import { absentFolder } from './doctor-places.ts';
import type { Finding } from './finding.ts';

/** A channel of 4 Mbit/s. */
const SAMPLE_BYTES_PER_MS = 500;
const WHAT = 'archive folder';

/** One of each folder that a channel names. */
export async function checkArchiveFolders({ channels, dataDir }: Config): Promise<Finding[]> {
  const neededBytes = new Map<string, number>();
  for (const { archive } of channels) {
    if (archive?.hlsPath === undefined) continue;
    const bytes = archive.keepMs * SAMPLE_BYTES_PER_MS;
    const before = neededBytes.get(archive.hlsPath) ?? 0;
    neededBytes.set(archive.hlsPath, before + Math.min(bytes, archive.sizeBytes ?? bytes));
  }
  const find = ([path, bytes]: [string, number]) =>
    absentFolder(dataDir, 'hls', path) ?? findingOf(path, bytes);
  return await Promise.all([...neededBytes].map(find));
}

async function findingOf(path: string, neededBytes: number): Promise<Finding> {
  const place = existing(path);
  const flaw = flawOf(place);
  if (flaw !== undefined) {
    const advice = 'archives with as: hls are written there: see to its owner, or name another';
    return { state: 'fail', what: WHAT, found: `${place} ${flaw}`, advice };
  }
  const room = await askRoom(place).catch(() => undefined);
  return roomFinding(path, neededBytes, room);
}

function roomFinding(path: string, neededBytes: number, room: DiskRoom | undefined): Finding {
  if (room === undefined) return { state: 'ok', what: WHAT, found: `${path} can be written` };
  const roomBytes = Math.max(0, room.freeBytes - lowWaterBytes(room));
  const needed = `at 4 Mbit/s a channel its archives take ${formatSize(neededBytes)}`;
  const found = `${path} has room for ${formatSize(roomBytes)}; ${needed}`;
  if (roomBytes >= neededBytes) return { state: 'ok', what: WHAT, found };
  const advice = 'a full disk means gaps until the oldest is too old: set size, or keep less';
  return { state: 'warn', what: WHAT, found, advice };
}

function flawOf(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return 'is a file, and no folder';
    accessSync(path, constants.W_OK);
    return undefined;
  } catch {
    return 'cannot be written';
  }
}

/** The folder, or the next one above that is there: it is made at the start. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
