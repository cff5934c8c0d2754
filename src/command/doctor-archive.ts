// This file looks whether what is shown can be kept: the index has to be written, and there must be room.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config/config.ts';
import { formatSize } from '../config/size.ts';
import { askRoom } from '../ring/tiers/disk-room.ts';
import { archiveRows } from './archive-words.ts';
import { checkArchiveFolders } from './doctor-archive-folders.ts';
import type { Finding } from './finding.ts';

/** A channel of 4 Mbit/s. */
const SAMPLE_BYTES_PER_MS = 500;

export async function checkArchive(config: Config): Promise<Finding[]> {
  const kept = config.channels.filter(({ archive }) => archive !== undefined);
  if (kept.length === 0) {
    return [{ state: 'ok', what: 'archive', found: 'no channel is archived' }];
  }
  const { dataDir } = config;
  if (!isWritable(dataDir)) {
    const found = `${dataDir} cannot be written: nothing is archived`;
    return [
      { state: 'fail', what: 'archive', found, advice: 'the index of archives lies in data' },
    ];
  }
  const [first = ''] = archiveRows(config);
  const places = [...(await roomFindings(config)), ...(await checkArchiveFolders(config))];
  return [{ state: 'ok', what: 'archive', found: first }, ...places];
}

/** Where they lie on disks, whether those have room for what is to be kept. */
async function roomFindings({ channels, overflow, archiveBytes }: Config): Promise<Finding[]> {
  const wanted = channels.map(({ archive }) => {
    const bytes = (archive?.keepMs ?? 0) * SAMPLE_BYTES_PER_MS;
    return Math.min(bytes, archive?.sizeBytes ?? bytes);
  });
  const sum = wanted.reduce((all, bytes) => all + bytes, 0);
  const neededBytes = Math.min(sum, archiveBytes ?? sum);
  const findings: Finding[] = [];
  for (const tier of overflow) {
    if (tier.kind !== 'disk') continue;
    const room = await askRoom(existing(tier.path)).catch(() => undefined);
    if (room === undefined) continue;
    const roomBytes = Math.min(tier.sizeBytes, room.freeBytes);
    const found = `${tier.path} has room for ${formatSize(roomBytes)}; at 4 Mbit/s a channel all archives take ${formatSize(neededBytes)}`;
    const advice = 'the oldest goes first where there is no room: raise the size, or keep less';
    findings.push(
      roomBytes >= neededBytes
        ? { state: 'ok', what: 'archive', found }
        : { state: 'warn', what: 'archive', found, advice },
    );
  }
  return findings;
}

function isWritable(path: string): boolean {
  try {
    const folder = existing(path);
    accessSync(folder, constants.W_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

/** The folder, or the next one above that is there: it is made at the start. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
