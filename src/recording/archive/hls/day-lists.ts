// This file keeps the lists that are written on now, one for each rendition.
import type { MultivariantPlaylist } from '../../../media/m3u8/playlist.ts';
import type { ShelfPlace, Shelved } from '../shelf.ts';
import { writeDayIndex } from './day-index.ts';
import { DayList } from './day-list.ts';
import type { ArchiveDisk } from './disk.ts';
import { type DayPlace, dayEndMs, dayOf, dayPath, folderName, placePath } from './names.ts';

/** A segment of a day that is over may come so late; longer than any window of the live. */
const LATE_MS = 300_000;
/** Gaps that wait for a disk on which there is no room to say so: an hour of 4 s segments. */
const GAPS_MAX = 900;

type Open = { readonly place: DayPlace; readonly list: DayList };

/** One call at a time, but for `noteGap` and `describe`; what goes wrong is thrown. */
export class DayLists {
  readonly #disk: ArchiveDisk;
  readonly #root: string;
  readonly #open = new Map<string, Open>();
  readonly #gaps = new Map<string, Shelved[]>();
  readonly #multivariants = new Map<string, MultivariantPlaylist>();

  constructor(disk: ArchiveDisk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Of a folder that is not ours any more, or is gone. */
  forgetAll(): void {
    this.#open.clear();
  }

  isOpen(folder: string): boolean {
    return [...this.#open.values()].some(({ list }) => list.folder === folder);
  }

  /** The list of that day, to be written on; one of another day that was is closed. */
  async open(at: DayPlace): Promise<DayList | undefined> {
    const open = this.#open.get(keyOf(at));
    if (open?.place.day === at.day) return open.list;
    if (open !== undefined) await this.#close(open);
    const list = await DayList.open({ disk: this.#disk, folder: placePath(this.#root, at) });
    if (list === undefined) return undefined;
    this.#open.set(keyOf(at), { place: at, list });
    await this.writeIndex(at);
    return list;
  }

  async begin(at: DayPlace, shelved: Shelved): Promise<void> {
    const place = { disk: this.#disk, folder: placePath(this.#root, at) };
    this.#open.set(keyOf(at), { place: at, list: await DayList.begin(place, [shelved]) });
    await this.writeIndex(at);
  }

  /** What is on the disk after a failure nobody knows: it is looked at anew. */
  async add(place: ShelfPlace, list: DayList, entries: readonly Shelved[]): Promise<void> {
    try {
      await list.add(entries);
    } catch (error) {
      this.#open.delete(keyOf(place));
      throw error;
    }
  }

  /** To be listed once that is possible. */
  noteGap(place: ShelfPlace, shelved: Shelved): void {
    const gaps = this.#gaps.get(keyOf(place)) ?? [];
    if (gaps.length < GAPS_MAX) gaps.push(shelved);
    this.#gaps.set(keyOf(place), gaps);
  }

  async listGaps(place: ShelfPlace): Promise<void> {
    for (const day of new Set(this.#gapsOf(place).map(dayOfShelved))) {
      const list = await this.open({ ...place, day });
      const gaps = this.#gapsOf(place).filter((gap) => dayOfShelved(gap) === day);
      const news = gaps.filter(({ segment }) => list?.has(segment.name) === false);
      // Before the first segment of a day they would say nothing
      if (list !== undefined && news.length > 0) await this.add(place, list, news);
      this.#forgetGaps(place, gaps);
    }
  }

  /** Somebody else has written this list. */
  async changed(at: DayPlace): Promise<void> {
    await this.writeIndex(at);
    if (this.#open.get(keyOf(at))?.place.day === at.day) this.#open.delete(keyOf(at));
  }

  /** Which renditions belong together; whether that is new. */
  describe(channel: string, multivariant: MultivariantPlaylist | undefined): boolean {
    const before = this.#multivariants.get(channel);
    if (multivariant === undefined) this.#multivariants.delete(channel);
    else this.#multivariants.set(channel, multivariant);
    return before !== multivariant;
  }

  async writeIndexes(channel: string): Promise<void> {
    for (const { place } of [...this.#open.values()]) {
      if (place.channel === channel) await this.writeIndex(place);
    }
  }

  async writeIndex(at: DayPlace): Promise<void> {
    const ofDay = [...this.#open.values()].filter(
      ({ place }) => place.channel === at.channel && place.day === at.day,
    );
    const bandwidths = ofDay.map(
      ({ place, list }) => [folderName(place.rendition), list.peakBandwidth] as const,
    );
    await writeDayIndex({
      disk: this.#disk,
      folder: dayPath(this.#root, at),
      multivariant: this.#multivariants.get(at.channel),
      bandwidths: new Map(bandwidths),
    });
  }

  async closeEnded(nowMs: number): Promise<void> {
    await this.#closeThose(({ place }) => nowMs > dayEndMs(place.day) + LATE_MS);
  }

  async closeAll(): Promise<void> {
    await this.#closeThose(() => true);
  }

  /** All of them, whatever becomes of one. */
  async #closeThose(isMeant: (open: Open) => boolean): Promise<void> {
    let failure: unknown;
    for (const open of [...this.#open.values()].filter(isMeant)) {
      await this.#close(open).catch((error: unknown) => {
        failure ??= error;
      });
    }
    if (failure !== undefined) throw failure;
  }

  async #close(open: Open): Promise<void> {
    this.#open.delete(keyOf(open.place));
    await open.list.close();
    const { place, list } = open;
    const bandwidths = new Map([[folderName(place.rendition), list.peakBandwidth]]);
    const multivariant = this.#multivariants.get(place.channel);
    const folder = dayPath(this.#root, place);
    await writeDayIndex({ disk: this.#disk, folder, multivariant, bandwidths });
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
