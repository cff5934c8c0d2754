// This file writes the folder of an archive: files, lists and what stands for a day.
import { dirname, join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { FolderLock } from '../../../channel/folder-lock.ts';
import type { MultivariantPlaylist } from '../../../media/m3u8/playlist.ts';
import { type AskRoom, lowWaterBytes } from '../../../ring/tiers/disk-room.ts';
import { TierError } from '../../../ring/tiers/errors.ts';
import type { ArchivedSegment } from '../archived.ts';
import type { ShelfPlace, Shelved } from '../shelf.ts';
import { writeDayIndex } from './day-index.ts';
import { DayList } from './day-list.ts';
import type { ArchiveDisk } from './disk.ts';
import { assetsOf, keysOf } from './listed-segment.ts';
import {
  channelPath,
  type DayPlace,
  dayEndMs,
  dayOf,
  dayPath,
  folderName,
  placePath,
} from './names.ts';
import { dropOld } from './retention.ts';
import { leftPlaces, tidy } from './upkeep.ts';

export type HlsFolderOptions = {
  readonly path: string;
  readonly disk: ArchiveDisk;
  readonly clock: Clock;
  readonly askRoom: AskRoom;
  readonly log: Log;
};

/** A segment of a day that is over may come so late; longer than any window of the live. */
const LATE_MS = 300_000;
/** Gaps that wait for a disk on which there is no room to say so: an hour of 4 s segments. */
const GAPS_MAX = 900;

/** The list that a rendition writes on. */
type Open = { readonly place: DayPlace; readonly list: DayList };

/** One call at a time, but for `noteGap` and `describe`; what goes wrong is thrown. */
export class HlsFolder implements Disposable {
  readonly #options: HlsFolderOptions;
  readonly #open = new Map<string, Open>();
  readonly #gaps = new Map<string, Shelved[]>();
  readonly #multivariants = new Map<string, MultivariantPlaylist>();
  #lock: FolderLock | undefined;
  /** The day on which all that was left open was looked for. */
  #tidiedDay = '';
  #isTold = false;

  constructor(options: HlsFolderOptions) {
    this.#options = options;
  }

  async put(place: ShelfPlace, shelved: Shelved, bytes: Uint8Array): Promise<boolean> {
    await this.#prepare();
    await this.#listGaps(place);
    const { segment } = shelved;
    const { disk, path: root } = this.#options;
    const at = { ...place, day: dayOf(segment.startMs) };
    await this.#checkRoom(bytes.length);
    const list = await this.#listOf(at);
    const folder = placePath(root, at);
    if (list === undefined) await this.#makeFolders(at);
    await this.#writeAssets(folder, shelved);
    const path = join(folder, segment.name);
    const isThere = (await disk.sizeOf(path)) === bytes.length;
    if (!(isThere && list?.has(segment.name))) await disk.writeWhole(path, bytes, 0o644);
    if (list?.has(segment.name)) return true;
    await this.#list(at, list, shelved);
    return true;
  }

  /** To be listed once that is possible. */
  noteGap(place: ShelfPlace, shelved: Shelved): void {
    const key = keyOf(place);
    const gaps = this.#gaps.get(key) ?? [];
    if (gaps.length < GAPS_MAX) gaps.push(shelved);
    this.#gaps.set(key, gaps);
  }

  async listGaps(place: ShelfPlace): Promise<void> {
    await this.#prepare();
    await this.#listGaps(place);
  }

  async drop(
    place: ShelfPlace,
    dropped: readonly ArchivedSegment[],
    oldest: ArchivedSegment | undefined,
  ): Promise<boolean> {
    await this.#prepare();
    const { disk, path: root } = this.#options;
    const changed = await dropOld({ disk, root, place, dropped, oldest });
    for (const at of changed) {
      await this.#writeIndex(at);
      const open = this.#open.get(keyOf(place));
      if (open?.place.day === at.day) this.#open.delete(keyOf(place));
    }
    return true;
  }

  /** Whether that is new. */
  describe(channel: string, multivariant: MultivariantPlaylist | undefined): boolean {
    const before = this.#multivariants.get(channel);
    if (multivariant === undefined) this.#multivariants.delete(channel);
    else this.#multivariants.set(channel, multivariant);
    return before !== multivariant;
  }

  /** Of the days that are written now. */
  async writeIndexes(channel: string): Promise<void> {
    for (const { place } of this.#open.values()) {
      if (place.channel === channel) await this.#writeIndex(place);
    }
  }

  /** What is to be done now and then, in steps. */
  async *upkeep(): AsyncGenerator<() => Promise<void>> {
    const { disk, path, clock } = this.#options;
    yield () => this.#closeEnded();
    const today = dayOf(clock.nowMs());
    if (this.#lock?.isOurs() !== true || this.#tidiedDay === today) return;
    this.#tidiedDay = today;
    for await (const left of leftPlaces(disk, path)) {
      const isOpen = () => [...this.#open.values()].some(({ list }) => list.folder === left.folder);
      yield async () => {
        if (!isOpen()) await tidy(disk, left, today);
      };
    }
  }

  async closeAll(): Promise<void> {
    let failure: unknown;
    for (const open of [...this.#open.values()]) {
      await this.#close(open).catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure !== undefined) throw failure;
  }

  async isThere(): Promise<boolean> {
    const { disk, path } = this.#options;
    return (await disk.names(dirname(path))).length > 0 && (await disk.names(path)).length > 0;
  }

  /** It is gone: what comes next makes it anew. */
  leave(): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
    this.#open.clear();
    this.#tidiedDay = '';
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  /** Throws where it cannot be written, or another process does. */
  async #prepare(): Promise<void> {
    const { disk, path, log } = this.#options;
    if (this.#lock === undefined) {
      await disk.prepare(path);
      this.#lock = new FolderLock(path);
    }
    if (this.#lock.isOurs()) {
      if (this.#isTold) log.info('archive folder taken over');
      this.#isTold = false;
      return;
    }
    this.#isTold = true;
    const state = 'another weir writes there, wanted a folder of our own';
    throw new TierError('TIER_REFUSED', `Cannot write to ${path}: ${state}`, { path });
  }

  async #checkRoom(sizeBytes: number): Promise<void> {
    const { askRoom, path } = this.#options;
    const room = await askRoom(path);
    const lowBytes = Math.ceil(lowWaterBytes(room));
    const { freeBytes } = room;
    if (freeBytes - sizeBytes >= lowBytes) return;
    const state = `the disk has ${freeBytes} bytes free, wanted ${lowBytes} after each write`;
    const detail = { path, freeBytes, lowWaterBytes: lowBytes };
    throw new TierError('TIER_FULL', `Cannot write to ${path}: ${state}`, detail);
  }

  async #makeFolders(at: DayPlace): Promise<void> {
    const { disk, path: root } = this.#options;
    await disk.makeFolder(channelPath(root, at.channel));
    await disk.makeFolder(dayPath(root, at));
    await disk.makeFolder(placePath(root, at));
  }

  /** The keys for nobody else on this machine to read. */
  async #writeAssets(folder: string, { segment, assets }: Shelved): Promise<void> {
    const { disk } = this.#options;
    const keys = keysOf(segment);
    for (const name of assetsOf(segment)) {
      const asset = assets.get(name);
      if (asset === undefined) continue;
      const path = join(folder, name);
      if ((await disk.sizeOf(path)) === asset.size) continue;
      await disk.writeWhole(path, await asset.bytes(), keys.has(name) ? 0o600 : 0o644);
    }
  }

  async #listGaps(place: ShelfPlace): Promise<void> {
    for (const day of new Set(this.#gapsOf(place).map(dayOfShelved))) {
      const list = await this.#listOf({ ...place, day });
      const gaps = this.#gapsOf(place).filter((gap) => dayOfShelved(gap) === day);
      const news = gaps.filter(({ segment }) => list?.has(segment.name) === false);
      // Before the first segment of a day they would say nothing
      if (list !== undefined && news.length > 0) await this.#add(place, list, news);
      this.#forgetGaps(place, gaps);
    }
  }

  async #list(at: DayPlace, list: DayList | undefined, shelved: Shelved): Promise<void> {
    if (list !== undefined) {
      await this.#add(at, list, [shelved]);
      return;
    }
    const { disk, path } = this.#options;
    const begun = await DayList.begin({ disk, folder: placePath(path, at) }, [shelved]);
    this.#open.set(keyOf(at), { place: at, list: begun });
    await this.#writeIndex(at);
  }

  /** What is on the disk after a failure nobody knows: it is looked at anew. */
  async #add(place: ShelfPlace, list: DayList, entries: readonly Shelved[]): Promise<void> {
    try {
      await list.add(entries);
    } catch (error) {
      this.#open.delete(keyOf(place));
      throw error;
    }
  }

  /** The list that is written on; one of another day that was is closed. */
  async #listOf(at: DayPlace): Promise<DayList | undefined> {
    const open = this.#open.get(keyOf(at));
    if (open?.place.day === at.day) return open.list;
    if (open !== undefined) await this.#close(open);
    const { disk, path } = this.#options;
    const list = await DayList.open({ disk, folder: placePath(path, at) });
    if (list === undefined) return undefined;
    this.#open.set(keyOf(at), { place: at, list });
    await this.#writeIndex(at);
    return list;
  }

  async #close(open: Open): Promise<void> {
    await open.list.close();
    await this.#writeIndex(open.place);
    this.#open.delete(keyOf(open.place));
  }

  async #closeEnded(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    for (const open of [...this.#open.values()]) {
      if (nowMs > dayEndMs(open.place.day) + LATE_MS) await this.#close(open);
    }
    // Also where nothing is archived any more, what was left open is to be closed
    await this.#prepare();
  }

  async #writeIndex(at: DayPlace): Promise<void> {
    const { disk, path } = this.#options;
    const ofDay = [...this.#open.values()].filter(
      ({ place }) => place.channel === at.channel && place.day === at.day,
    );
    const bandwidths = ofDay.map(
      ({ place, list }) => [folderName(place.rendition), list.peakBandwidth] as const,
    );
    const multivariant = this.#multivariants.get(at.channel);
    const folder = dayPath(path, at);
    await writeDayIndex({ disk, folder, multivariant, bandwidths: new Map(bandwidths) });
  }

  #gapsOf(place: ShelfPlace): readonly Shelved[] {
    return this.#gaps.get(keyOf(place)) ?? [];
  }

  #forgetGaps(place: ShelfPlace, listed: readonly Shelved[]): void {
    const left = this.#gapsOf(place).filter((gap) => !listed.includes(gap));
    if (left.length === 0) this.#gaps.delete(keyOf(place));
    else this.#gaps.set(keyOf(place), left);
  }
}

/** Neither holds a slash. */
function keyOf({ channel, rendition }: ShelfPlace): string {
  return `${channel}/${rendition}`;
}

function dayOfShelved({ segment }: Shelved): string {
  return dayOf(segment.startMs);
}
