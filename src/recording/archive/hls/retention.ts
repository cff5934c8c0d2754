// This file takes what is too old out of a folder of plain HLS.
import { join } from 'node:path';
import { othersTurn } from '../../../base/turn.ts';
import { formatMediaHead } from '../../../media/m3u8/format-media.ts';
import type { MediaPlaylist } from '../../../media/m3u8/playlist.ts';
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

/** Files taken away between two turns of others: a slow disk needs a second for so many. */
const STEP_COUNT = 200;

/**
 * To cut a list is to write it anew. One this long is cut when so much of it is to go, which its
 * folder holds meanwhile: a hundredth of what it keeps.
 */
const LONG_LIST_BYTES = 128 * 1024;
const LONG_CUT_COUNT = 100;

export type Dropping = {
  readonly disk: ArchiveDisk;
  readonly root: string;
  readonly place: ShelfPlace;
  readonly dropped: readonly ArchivedSegment[];
  readonly oldest: ArchivedSegment | undefined;
  /** The list of that day was written, or taken away. */
  readonly changed: (place: DayPlace) => Promise<void>;
  /** Segments that are to go and were left, by the path of their list. */
  readonly left: Map<string, number>;
  /** Where the disk is short of room nothing is left. */
  readonly isUrgent: boolean;
};

/** In steps, between which lists may be written on. */
export async function* dropOld(dropping: Dropping): AsyncGenerator<void> {
  const { disk, root, place, oldest } = dropping;
  const lastDay = oldest === undefined ? undefined : dayOf(oldest.startMs);
  const days = await disk.names(channelPath(root, place.channel));
  for (const day of days.filter(isDay).sort()) {
    const at = { ...place, day };
    if (lastDay === undefined || day < lastDay) yield* removeDay(dropping, at);
    else if (day === lastDay) yield* cutDay(dropping, at);
  }
}

/** The list first: what it names is there as long as it is. Folders go with the last that is in them. */
async function* removeDay(
  { disk, root, changed, left }: Dropping,
  place: DayPlace,
): AsyncGenerator<void> {
  const folder = placePath(root, place);
  left.delete(join(folder, LIST_FILE));
  const names = await disk.names(folder);
  if (names.length === 0) return;
  const listed = await namesIn(disk, join(folder, LIST_FILE));
  await disk.remove(join(folder, LIST_FILE));
  await changed(place);
  yield;
  const ours = names.filter((name) => name !== LIST_FILE && isOurs(name, listed));
  yield* removeFiles(disk, folder, ours);
  await disk.removeFolder(folder);
  const day = dayPath(root, place);
  if ((await renditionFolders(disk, day)).length > 0) return;
  if (await disk.removeFolder(day)) await disk.removeFolder(channelPath(root, place.channel));
}

/** Files that somebody put beside ours stay, and their folder with them. */
function isOurs(name: string, listed: ReadonlySet<string>): boolean {
  return listed.has(name) || isSegmentName(name) || isAsset(name) || isHalfName(name);
}

function isAsset(name: string): boolean {
  return /^(?:init|key)-[0-9a-z]+\.[0-9a-z]+$/.test(name);
}

/** Takes the beginning off a list, up to what is the oldest now. */
async function* cutDay(dropping: Dropping, place: DayPlace): AsyncGenerator<void> {
  const { disk, root, oldest, changed } = dropping;
  const folder = placePath(root, place);
  const path = join(folder, LIST_FILE);
  if (await mayWait(dropping, path)) return;
  const bytes = await disk.read(path);
  const head = bytes === undefined ? undefined : readHead(bytes);
  if (bytes === undefined || head === undefined || oldest === undefined) return;
  const at = cutPoint(bytes, head.sizeBytes, dropping);
  const gone = bytes.toString('utf8', head.sizeBytes, at);
  const names = entryNames(gone);
  if (names.length === 0) return;
  const rest = bytes.subarray(at);
  if (rest.length === 0 || rest.equals(Buffer.from(END_LIST))) {
    yield* removeDay(dropping, place);
    return;
  }
  const cut = formatMediaHead(cutHead(head.playlist, gone, names.length), head.version);
  const whole = Buffer.concat([Buffer.from(cut + restated(oldest)), rest]);
  try {
    await disk.writeWhole(path, whole, 0o644);
  } catch {
    // A disk without room for the list gets it from what the list is to name no more
    for await (const _step of removeFiles(disk, folder, names));
    await disk.writeWhole(path, whole, 0o644);
  }
  await changed(place);
  yield;
  yield* removeFiles(disk, folder, names);
}

async function mayWait({ disk, dropped, left, isUrgent }: Dropping, path: string) {
  const count = (left.get(path) ?? 0) + dropped.length;
  const sizeBytes = (await disk.sizeOf(path)) ?? 0;
  if (!isUrgent && sizeBytes > LONG_LIST_BYTES && count < LONG_CUT_COUNT) {
    left.set(path, count);
    return true;
  }
  left.delete(path);
  return false;
}

function cutHead(playlist: MediaPlaylist, gone: string, count: number): MediaPlaylist {
  // RFC 8216 §4.3.3.5: from a list of type EVENT nothing may be removed, so it is none any more
  const { type: _event, ...head } = playlist;
  return {
    ...head,
    mediaSequence: head.mediaSequence + count,
    // RFC 8216 §6.2.2: incremented for each tag that goes with its segment
    discontinuitySequence: head.discontinuitySequence + countOf(gone, '#EXT-X-DISCONTINUITY\n'),
  };
}

async function* removeFiles(
  disk: ArchiveDisk,
  folder: string,
  names: readonly string[],
): AsyncGenerator<void> {
  for (const [index, name] of names.entries()) {
    if (isFileName(name) || isHalfName(name)) await disk.remove(join(folder, name));
    if (index % STEP_COUNT === STEP_COUNT - 1) yield;
  }
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
