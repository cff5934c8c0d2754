// This file takes what is too old out of a folder of plain HLS.
import { join } from 'node:path';
import { othersTurn } from '../../../base/turn.ts';
import { formatMediaHead } from '../../../media/m3u8/format-media.ts';
import { isSegmentName } from '../../../ring/name.ts';
import type { ArchivedSegment } from '../archived.ts';
import type { ShelfPlace } from '../shelf.ts';
import { renditionFolders } from './day-index.ts';
import type { ArchiveDisk } from './disk.ts';
import { END_LIST, entryNamed, readHead } from './list-text.ts';
import { restated } from './listed-segment.ts';
import {
  channelPath,
  type DayPlace,
  dayOf,
  dayPath,
  isDay,
  isFileName,
  isHalfName,
  LIST_FILE,
  placePath,
} from './names.ts';

/** Names of what is taken away between two turns of others. */
const STEP_COUNT = 500;

export type Dropping = {
  readonly disk: ArchiveDisk;
  readonly root: string;
  readonly place: ShelfPlace;
  readonly dropped: readonly ArchivedSegment[];
  readonly oldest: ArchivedSegment | undefined;
};

/** The days of which the list was changed or taken away: whoever writes there looks anew. */
export async function dropOld(dropping: Dropping): Promise<readonly DayPlace[]> {
  const { disk, root, place, oldest } = dropping;
  const lastDay = oldest === undefined ? undefined : dayOf(oldest.startMs);
  const changed: DayPlace[] = [];
  const days = await disk.names(channelPath(root, place.channel));
  for (const day of days.filter(isDay).sort()) {
    const at = { ...place, day };
    const isOver = lastDay === undefined || day < lastDay;
    if (isOver ? await removeDay(dropping, at) : day === lastDay && (await cutDay(dropping, at))) {
      changed.push(at);
    }
  }
  return changed;
}

/** The list first: what it names is there as long as it is. Folders go with the last that is in them. */
async function removeDay({ disk, root }: Dropping, place: DayPlace): Promise<boolean> {
  const folder = placePath(root, place);
  const names = await disk.names(folder);
  if (names.length === 0) return false;
  const listed = await namesIn(disk, join(folder, LIST_FILE));
  await disk.remove(join(folder, LIST_FILE));
  for (const name of names) {
    if (isOurs(name, listed)) await disk.remove(join(folder, name));
  }
  await disk.removeFolder(folder);
  const day = dayPath(root, place);
  if ((await renditionFolders(disk, day)).length > 0) return true;
  await disk.remove(join(day, LIST_FILE));
  if (await disk.removeFolder(day)) await disk.removeFolder(channelPath(root, place.channel));
  return true;
}

/** Files that somebody put beside ours stay, and their folder with them. */
function isOurs(name: string, listed: ReadonlySet<string>): boolean {
  return listed.has(name) || isSegmentName(name) || isAsset(name) || isHalfName(name);
}

function isAsset(name: string): boolean {
  return /^(?:init|key)-[0-9a-z]+\.[0-9a-z]+$/.test(name);
}

/** Takes the beginning off a list, up to what is the oldest now. */
async function cutDay(dropping: Dropping, place: DayPlace): Promise<boolean> {
  const { disk, root, oldest } = dropping;
  const folder = placePath(root, place);
  const path = join(folder, LIST_FILE);
  const bytes = await disk.read(path);
  const head = bytes === undefined ? undefined : readHead(bytes);
  if (bytes === undefined || head === undefined || oldest === undefined) return false;
  const at = cutPoint(bytes, head.sizeBytes, dropping);
  const gone = bytes.toString('utf8', head.sizeBytes, at);
  const names = entryNames(gone);
  if (names.length === 0) return false;
  const rest = bytes.subarray(at);
  if (rest.length === 0 || rest.equals(Buffer.from(END_LIST)))
    return await removeDay(dropping, place);
  const { type: _event, ...playlist } = head.playlist;
  const cut = {
    ...playlist,
    mediaSequence: playlist.mediaSequence + names.length,
    // RFC 8216 §6.2.2: incremented for each tag that goes with its segment
    discontinuitySequence: playlist.discontinuitySequence + countOf(gone, '#EXT-X-DISCONTINUITY\n'),
  };
  // RFC 8216 §4.3.3.5: from a list of type EVENT nothing may be removed, so it is none any more
  const text = formatMediaHead(cut, head.version) + restated(oldest);
  await writeCut(dropping, path, Buffer.concat([Buffer.from(text), rest]), folder, names);
  return true;
}

async function writeCut(
  { disk }: Dropping,
  path: string,
  bytes: Buffer,
  folder: string,
  names: readonly string[],
): Promise<void> {
  try {
    await disk.writeWhole(path, bytes, 0o644);
    await removeFiles(disk, folder, names);
  } catch {
    // A disk without room for the list gets it from what the list is to name no more
    await removeFiles(disk, folder, names);
    await disk.writeWhole(path, bytes, 0o644);
  }
}

async function removeFiles(disk: ArchiveDisk, folder: string, names: readonly string[]) {
  for (const name of names) if (isFileName(name)) await disk.remove(join(folder, name));
}

/** Behind what goes. A list may lack the oldest (gaps at its beginning are not listed). */
function cutPoint(bytes: Buffer, headBytes: number, { dropped, oldest }: Dropping): number {
  const first = oldest === undefined ? undefined : entryNamed(bytes, headBytes, oldest.name);
  if (first !== undefined) return first.startBytes;
  for (const { name } of dropped.toReversed()) {
    const last = entryNamed(bytes, headBytes, name);
    if (last !== undefined) return last.endBytes;
  }
  return headBytes;
}

async function namesIn(disk: ArchiveDisk, path: string): Promise<ReadonlySet<string>> {
  const bytes = await disk.read(path);
  const names = new Set<string>();
  if (bytes === undefined) return names;
  for (const name of entryNames(bytes.toString())) {
    if (isFileName(name)) names.add(name);
    if (names.size % STEP_COUNT === 0) await othersTurn();
  }
  return names;
}

function entryNames(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}
