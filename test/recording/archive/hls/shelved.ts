// This file makes segments on their way into an archive, and reads what became of them on the disk.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePlaylist } from '../../../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../../../src/media/m3u8/playlist.ts';
import type { ArchivedSegment } from '../../../../src/recording/archive/archived.ts';
import type { ShelfPlace, Shelved } from '../../../../src/recording/archive/shelf.ts';
import { bodyOf } from '../../../ring/tiers/stored-segment.ts';

export const PLACE: ShelfPlace = { channel: 'news', rendition: '720p' };
export const DAY = '2026-03-01';
export const NOON_MS = Date.parse(`${DAY}T12:00:00Z`);
export const SEGMENT_BYTES = 2000;

/** The n-th segment of 4 s since noon, with bytes that only it can have. */
export function shelved(number: number, over: Partial<ArchivedSegment> = {}): Shelved {
  const gap = over.gap ?? false;
  const name = over.name ?? `${number}-abc.ts`;
  const segment: ArchivedSegment = {
    number,
    name,
    startMs: NOON_MS + number * 4000,
    durationS: 4,
    discontinuitySequence: 0,
    discontinuity: false,
    gap,
    sizeBytes: gap ? 0 : SEGMENT_BYTES,
    contentType: 'video/mp2t',
    keys: [],
    ...over,
  };
  const body = new Blob([bodyOf(name, SEGMENT_BYTES) as Uint8Array<ArrayBuffer>]);
  return {
    segment,
    stored: gap ? undefined : { body, contentType: segment.contentType },
    assets: new Map(),
    targetDurationS: 4,
    independentSegments: true,
    untilMs: segment.startMs + 86_400_000,
  };
}

export async function listIn(folder: string): Promise<MediaPlaylist> {
  const playlist = parsePlaylist(await readFile(join(folder, 'index.m3u8'), 'utf8'));
  if (playlist.kind !== 'media') throw new Error(`Cannot read ${folder}: it is no media playlist`);
  return playlist;
}

/** What is wrong with a list and the files beside it; nothing where a player may have it. */
export async function flawsOf(folder: string): Promise<string[]> {
  const { segments, targetDuration } = await listIn(folder);
  const flaws: string[] = [];
  const names = segments.map(({ uri }) => uri);
  if (new Set(names).size < names.length) flaws.push(`listed twice: ${names}`);
  let beforeMs = 0;
  for (const { uri, duration, gap, programDateTimeMs = 0 } of segments) {
    if (Math.round(duration) > targetDuration) flaws.push(`${uri} has ${duration} s`);
    if (programDateTimeMs <= beforeMs) flaws.push(`${uri} is not later than what is before it`);
    beforeMs = programDateTimeMs;
    const size = await stat(join(folder, uri)).catch(() => undefined);
    if (!gap && !size?.size) flaws.push(`${uri} is listed and not there`);
    if (gap && size !== undefined) flaws.push(`${uri} is there and listed as a gap`);
  }
  return flaws;
}

/** The folders of a rendition that have a list, in order. */
export async function daysOf(root: string, place: ShelfPlace = PLACE): Promise<string[]> {
  const days = (await readdir(join(root, place.channel)).catch(() => [])).sort();
  const folders = days.map((day) => join(root, place.channel, day, place.rendition));
  const lists = await Promise.all(
    folders.map((folder) => Bun.file(join(folder, 'index.m3u8')).exists()),
  );
  return folders.filter((_, index) => lists[index]);
}

/** Names of what all lists of a rendition have, gaps in brackets. */
export async function listedOf(root: string): Promise<string[]> {
  const lists = await Promise.all((await daysOf(root)).map(listIn));
  return lists.flatMap(({ segments }) => segments.map(({ uri, gap }) => (gap ? `(${uri})` : uri)));
}
