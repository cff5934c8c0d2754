// This file writes the folder of an archive: one process at a time, and never the last of the disk.
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import { FolderLock } from '../../../channel/folder-lock.ts';
import { type AskRoom, lowWaterBytes } from '../../../ring/tiers/disk-room.ts';
import { TierError } from '../../../ring/tiers/errors.ts';
import { FolderMark, type FolderMarks } from '../../../ring/tiers/folder-mark.ts';
import type { ArchivedSegment } from '../archived.ts';
import type { ShelfPlace, Shelved } from '../shelf.ts';
import { DayLists } from './day-lists.ts';
import type { ArchiveDisk } from './disk.ts';
import { assetsOf, keysOf } from './listed-segment.ts';
import { channelPath, type DayPlace, dayOf, dayPath, placePath } from './names.ts';
import { dropOld } from './retention.ts';
import { leftPlaces, tidy } from './upkeep.ts';

export type HlsFolderOptions = {
  readonly path: string;
  readonly disk: ArchiveDisk;
  readonly clock: Clock;
  readonly askRoom: AskRoom;
  readonly log: Log;
  readonly marks: FolderMarks | undefined;
};

/** One call at a time; what goes wrong is thrown. */
export class HlsFolder implements Disposable {
  readonly lists: DayLists;
  readonly #options: HlsFolderOptions;
  readonly #mark: FolderMark | undefined;
  #lock: FolderLock | undefined;
  /** The day on which all that was left open was looked for. */
  #tidiedDay = '';
  #isTold = false;
  /** What is to go and was left, by list. */
  readonly #left = new Map<string, number>();

  constructor(options: HlsFolderOptions) {
    this.#options = options;
    const { disk, path, marks } = options;
    this.lists = new DayLists(disk, path);
    this.#mark = marks && new FolderMark(path, marks.fileName);
  }

  async put(place: ShelfPlace, shelved: Shelved, bytes: Uint8Array): Promise<true> {
    await this.#prepare();
    await this.lists.listGaps(place);
    const { segment } = shelved;
    const { disk, path: root } = this.#options;
    const at = { ...place, day: dayOf(segment.startMs) };
    await this.#checkRoom(bytes.length);
    const list = await this.lists.open(at);
    const folder = placePath(root, at);
    if (list === undefined) await this.#makeFolders(at);
    await this.#writeAssets(folder, shelved);
    const path = join(folder, segment.name);
    const isListed = list?.has(segment.name) ?? false;
    const isThere = isListed && (await disk.sizeOf(path)) === bytes.length;
    if (!isThere) await disk.writeWhole(path, bytes, 0o644);
    if (list === undefined) await this.lists.begin(at, shelved);
    else if (!isListed) await this.lists.add(at, list, [shelved]);
    // The volume may have gone while we wrote: then it lies beside it
    await this.#mark?.check();
    return true;
  }

  async listGaps(place: ShelfPlace): Promise<void> {
    await this.#prepare();
    await this.lists.listGaps(place);
  }

  /** In steps, each of which is one call. */
  async *drop(
    place: ShelfPlace,
    dropped: readonly ArchivedSegment[],
    oldest: ArchivedSegment | undefined,
    isUrgent: boolean,
  ): AsyncGenerator<void> {
    await this.#prepare();
    const { disk, path: root } = this.#options;
    const changed = (at: DayPlace) => this.lists.changed(at);
    const left = this.#left;
    yield* dropOld({ disk, root, place, dropped, oldest, changed, left, isUrgent });
  }

  /** What is to be done now and then, in steps. */
  async *upkeep(): AsyncGenerator<() => Promise<void>> {
    const { disk, path, clock } = this.#options;
    const today = dayOf(clock.nowMs());
    yield async () => {
      await this.lists.closeEnded(clock.nowMs());
      // Also where nothing is archived any more: what was left open is to be closed
      await this.#prepare();
    };
    if (this.#lock?.isOurs() !== true || this.#tidiedDay === today) return;
    this.#tidiedDay = today;
    for await (const left of leftPlaces(disk, path)) {
      yield async () => {
        if (!this.lists.isOpen(left.folder)) await tidy(disk, left, today);
      };
    }
  }

  /** Where nothing is mounted, nothing is said of what was in it. */
  async isThere(): Promise<boolean> {
    if (await this.#mark?.isThere()) return true;
    if (this.#mark?.isSeen || this.#options.marks?.mustBeThere(this.#options.path)) return false;
    return (await this.#options.disk.names(this.#options.path)).length > 0;
  }

  /** It is gone: what comes next makes it anew. */
  leave(): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
    this.lists.forgetAll();
    this.#tidiedDay = '';
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  /** Throws where it cannot be written, or another process does. */
  async #prepare(): Promise<void> {
    const { disk, path, log } = this.#options;
    await this.#mark?.check();
    if (this.#lock === undefined) {
      await this.#claim();
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

  async #claim(): Promise<void> {
    const { marks, path } = this.#options;
    if (marks === undefined || this.#mark === undefined) return;
    await this.#mark.claim(marks.mustBeThere(path));
    if (this.#mark.isSeen) marks.found(path);
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
}
