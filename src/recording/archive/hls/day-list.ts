// This file is the media playlist of one rendition on one day, on the disk, while segments come.
import { join } from 'node:path';
import {
  formatMediaHead,
  formatMediaSegment,
  nothingWritten,
  type Written,
} from '../../../media/m3u8/format-media.ts';
import type { MediaPlaylist, MediaSegment } from '../../../media/m3u8/playlist.ts';
import { mediaVersion } from '../../../media/m3u8/version.ts';
import type { Shelved } from '../shelf.ts';
import type { ArchiveDisk } from './disk.ts';
import { END_LIST, lastEntry, readHead } from './list-text.ts';
import { listedSegment } from './listed-segment.ts';
import { LIST_FILE } from './names.ts';

/** What was written last is asked for again only by who was interrupted before he knew. */
const RECENT_COUNT = 64;

type Place = {
  readonly disk: ArchiveDisk;
  /** Of the rendition's day. */
  readonly folder: string;
};

type State = {
  readonly head: MediaPlaylist;
  readonly version: number;
  readonly headBytes: number;
  /** Behind the last entry; ENDLIST, or what is torn, may follow there. */
  readonly endBytes: number;
  readonly written: Written;
};

/**
 * What is added is added at the end, so that a day costs no more than its bytes; the whole list is
 * written anew only where its head has to change, which is when a segment is longer than any before.
 */
export class DayList {
  readonly folder: string;
  readonly #disk: ArchiveDisk;
  readonly #recent: string[];
  #state: State;
  /** Bits per second of the busiest segment since we wrote here. */
  #peakBandwidth = 0;

  private constructor({ disk, folder }: Place, state: State, recent: string[]) {
    this.#disk = disk;
    this.folder = folder;
    this.#state = state;
    this.#recent = recent;
  }

  /** Undefined where there is none, or nothing that could be gone on with. */
  static async open(place: Place): Promise<DayList | undefined> {
    const bytes = await place.disk.read(join(place.folder, LIST_FILE));
    const head = bytes === undefined ? undefined : readHead(bytes);
    if (bytes === undefined || head === undefined) return undefined;
    const endBytes = await endOfHeld(place, bytes, head.sizeBytes);
    const { playlist, version, sizeBytes: headBytes } = head;
    const state = { head: playlist, version, headBytes, endBytes, written: unknown(bytes) };
    return new DayList(place, state, recentOf(bytes, headBytes, endBytes));
  }

  /** Begins the list with these; what was there under its name is replaced. */
  static async begin(place: Place, entries: readonly [Shelved, ...Shelved[]]): Promise<DayList> {
    const head = headFrom(entries[0]);
    const state = { head, version: 0, headBytes: 0, endBytes: 0, written: nothingWritten() };
    const list = new DayList(place, state, []);
    await list.add(entries);
    return list;
  }

  get peakBandwidth(): number {
    return this.#peakBandwidth;
  }

  get independentSegments(): boolean {
    return this.#state.head.independentSegments;
  }

  has(name: string): boolean {
    return this.#recent.includes(name);
  }

  /** Their files are on the disk. Either all of them are listed afterwards, or none. */
  async add(entries: readonly Shelved[]): Promise<void> {
    const { head, version, headBytes, endBytes } = this.#state;
    const segments = entries.map(({ segment }) => listedSegment(segment));
    const written = { ...this.#state.written };
    const text = segments.map((each) => formatMediaSegment(each, written)).join('');
    const textBytes = Buffer.byteLength(text);
    const needed = headFor(head, entries, segments);
    const neededVersion = Math.max(version, mediaVersion({ ...head, segments }));
    if (needed === head && neededVersion === version) {
      await this.#disk.append(this.#path, endBytes, text);
      this.#state = { ...this.#state, endBytes: endBytes + textBytes, written };
    } else {
      const next = Buffer.from(formatMediaHead(needed, neededVersion));
      const before = (await this.#disk.read(this.#path))?.subarray(headBytes, endBytes);
      const whole = Buffer.concat([next, before ?? Buffer.alloc(0), Buffer.from(text)]);
      await this.#disk.writeWhole(this.#path, whole, 0o644);
      const grown = { headBytes: next.length, endBytes: whole.length };
      this.#state = { head: needed, version: neededVersion, ...grown, written };
    }
    this.#note(entries);
  }

  /** Finished; what is added nevertheless takes the place of ENDLIST. */
  async close(): Promise<void> {
    await this.#disk.append(this.#path, this.#state.endBytes, END_LIST);
  }

  /** Cuts off what is torn. */
  async mend(): Promise<void> {
    await this.#disk.append(this.#path, this.#state.endBytes, '');
  }

  get #path(): string {
    return join(this.folder, LIST_FILE);
  }

  #note(entries: readonly Shelved[]): void {
    for (const { segment } of entries) {
      this.#recent.push(segment.name);
      const bits = (segment.sizeBytes * 8) / Math.max(segment.durationS, 0.001);
      this.#peakBandwidth = Math.max(this.#peakBandwidth, Math.ceil(bits));
    }
    this.#recent.splice(0, this.#recent.length - RECENT_COUNT);
  }
}

/** Behind the last entry whose file is there. A disk that lies about its flushes may lose one. */
async function endOfHeld({ disk, folder }: Place, bytes: Buffer, headBytes: number) {
  let entry = lastEntry(bytes, headBytes, bytes.length);
  while (entry !== undefined) {
    const size = entry.gap ? 1 : await disk.sizeOf(join(folder, entry.uri));
    if (size !== undefined && size > 0) return entry.endBytes;
    entry = lastEntry(bytes, headBytes, entry.startBytes);
  }
  return headBytes;
}

function recentOf(bytes: Buffer, headBytes: number, endBytes: number): string[] {
  const names: string[] = [];
  let entry = lastEntry(bytes, headBytes, endBytes);
  while (entry !== undefined && names.length < RECENT_COUNT) {
    names.unshift(entry.uri);
    entry = lastEntry(bytes, headBytes, entry.startBytes);
  }
  return names;
}

/** A key that may be in force is written again, or taken back; an init segment is written again. */
function unknown(bytes: Buffer): Written {
  const mayHaveKeys = bytes.includes('#EXT-X-KEY:');
  const keys = mayHaveKeys ? [{ method: 'UNKNOWN', attributes: new Map() }] : [];
  return { keys, map: undefined, bitrate: undefined };
}

function headFrom({ segment, ...shelved }: Shelved): MediaPlaylist {
  const own = segment.discontinuity ? 1 : 0;
  return {
    kind: 'media',
    version: 3,
    targetDuration: 0,
    mediaSequence: segment.number,
    // RFC 8216 §4.3.3.3: that of the first segment, without its own tag
    discontinuitySequence: Math.max(0, segment.discontinuitySequence - own),
    hasDiscontinuitySequence: true,
    endList: false,
    type: 'EVENT',
    iFramesOnly: false,
    independentSegments: shelved.independentSegments,
    segments: [],
  };
}

/** `head` itself where it holds for these too. */
function headFor(
  head: MediaPlaylist,
  entries: readonly Shelved[],
  segments: readonly MediaSegment[],
): MediaPlaylist {
  // RFC 8216 §4.3.3.1: each EXTINF, rounded to the nearest integer, is at most the target duration
  const longest = segments.map(({ duration }) => Math.round(duration));
  const targets = entries.map(({ targetDurationS }) => Math.ceil(targetDurationS));
  const targetDuration = Math.max(1, head.targetDuration, ...longest, ...targets);
  const independentSegments =
    head.independentSegments && entries.every((entry) => entry.independentSegments);
  const isSame =
    targetDuration === head.targetDuration && independentSegments === head.independentSegments;
  return isSame ? head : { ...head, targetDuration, independentSegments };
}
