// This file writes the playlist that stands for a whole day of a channel.
import { join } from 'node:path';
import { FormatError } from '../../../base/errors.ts';
import { bare } from '../../../media/m3u8/attribute-kind.ts';
import { formatMultivariantPlaylist } from '../../../media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../../../media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist, Variant } from '../../../media/m3u8/playlist.ts';
import { renditionIdIn } from '../../../source/pull/renditions.ts';
import type { ArchiveDisk } from './disk.ts';
import { folderName, LIST_FILE } from './names.ts';

/** RFC 8216 §4.3.4.2: a variant has to say it; where nothing was measured yet any number will do. */
const UNMEASURED_BANDWIDTH = 1_000_000;

export type DayIndex = {
  readonly disk: ArchiveDisk;
  /** Of the day. */
  readonly folder: string;
  /** What belongs together, as the source has it; its URIs are ids, or end in /index.m3u8. */
  readonly multivariant: MultivariantPlaylist | undefined;
  /** Bits per second by folder of the rendition, of those written now. */
  readonly bandwidths: ReadonlyMap<string, number>;
};

/** Written only where it says something new. */
export async function writeDayIndex(day: DayIndex): Promise<void> {
  const path = join(day.folder, LIST_FILE);
  const before = (await day.disk.read(path))?.toString();
  const present = await renditionFolders(day.disk, day.folder);
  const text = dayIndexText(day, present, before);
  if (text === before) return;
  if (text === undefined) await day.disk.remove(path);
  else await day.disk.writeWhole(path, Buffer.from(text), 0o644);
}

/** Those that have a list. */
export async function renditionFolders(disk: ArchiveDisk, folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of [...(await disk.names(folder))].sort()) {
    if (name === LIST_FILE || name.startsWith('.')) continue;
    if (await disk.sizeOf(join(folder, name, LIST_FILE)).catch(() => undefined)) found.push(name);
  }
  return found;
}

function dayIndexText(
  { multivariant, bandwidths }: DayIndex,
  present: readonly string[],
  before: string | undefined,
): string | undefined {
  if (present.length === 0) return undefined;
  const known = multivariant === undefined ? undefined : reduced(multivariant, new Set(present));
  if (known !== undefined) return formatMultivariantPlaylist(known);
  const said = bandwidthsIn(before);
  const variants = present.map((name): Variant => {
    const measured = Math.max(bandwidths.get(name) ?? 0, said.get(name) ?? 0);
    const bandwidth = measured || UNMEASURED_BANDWIDTH;
    const attributes = new Map([['BANDWIDTH', bare(bandwidth)]]);
    return { uri: listUri(name), bandwidth, attributes };
  });
  return formatMultivariantPlaylist({ ...EMPTY, variants });
}

const EMPTY: MultivariantPlaylist = {
  kind: 'multivariant',
  version: 3,
  independentSegments: false,
  variants: [],
  renditions: [],
  iFrames: [],
  sessionData: [],
  sessionKeys: [],
  defines: new Map(),
};

/** What of it lies here; undefined where that is nothing to play. */
function reduced(
  playlist: MultivariantPlaylist,
  present: ReadonlySet<string>,
): MultivariantPlaylist | undefined {
  const isHere = ({ uri }: { readonly uri?: string }) =>
    uri === undefined || present.has(folderOf(uri));
  const variants = playlist.variants.filter(isHere).map(pointed);
  if (variants.length === 0) return undefined;
  const renditions = playlist.renditions.filter(isHere).map((tag) => {
    return tag.uri === undefined ? tag : { ...tag, uri: listUri(folderOf(tag.uri)) };
  });
  const groups = new Set(renditions.map(({ groupId }) => groupId));
  const iFrames = playlist.iFrames.filter(isHere).map(pointed);
  const whole = variants.map((variant) => withoutGroups(variant, groups));
  return { ...playlist, variants: whole, renditions, iFrames };
}

/** RFC 8216 §4.3.4.2: a group that a variant names has to be there. */
function withoutGroups(variant: Variant, groups: ReadonlySet<string>): Variant {
  const { audio, video, subtitles, attributes, ...rest } = variant;
  const isGone = (name: string, group: string | undefined) =>
    ['AUDIO', 'VIDEO', 'SUBTITLES'].includes(name) && !groups.has(group ?? '');
  const left = [...attributes].filter(([name, { value }]) => !isGone(name, value));
  const kept = (group: string | undefined) => group !== undefined && groups.has(group);
  return {
    ...rest,
    ...(kept(audio) ? { audio: audio as string } : {}),
    ...(kept(video) ? { video: video as string } : {}),
    ...(kept(subtitles) ? { subtitles: subtitles as string } : {}),
    attributes: new Map(left),
  };
}

function pointed(variant: Variant): Variant {
  return { ...variant, uri: listUri(folderOf(variant.uri)) };
}

function folderOf(uri: string): string {
  return folderName(uri.endsWith(`/${LIST_FILE}`) ? renditionIdIn(uri) : uri);
}

function listUri(folder: string): string {
  return `${folder}/${LIST_FILE}`;
}

/** What an index of ours says, of renditions that were measured before a restart. */
function bandwidthsIn(text: string | undefined): ReadonlyMap<string, number> {
  if (text === undefined) return new Map();
  try {
    const playlist = parsePlaylist(text);
    if (playlist.kind !== 'multivariant') return new Map();
    const isMeasured = ({ bandwidth }: Variant) => bandwidth !== UNMEASURED_BANDWIDTH;
    const measured = playlist.variants.filter(isMeasured);
    return new Map(measured.map(({ uri, bandwidth }) => [renditionIdIn(uri), bandwidth]));
  } catch (error) {
    if (error instanceof FormatError) return new Map();
    throw error;
  }
}
