// This file is a folder of plain HLS as a place for the bodies of an archive.
import { join } from 'node:path';
import { type Clock, type Timer, within } from '../../../base/clock.ts';
import { type ErrorRecord, errorFields, errorRecord } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { othersTurn } from '../../../base/turn.ts';
import type { MultivariantPlaylist } from '../../../media/m3u8/playlist.ts';
import { diskError } from '../../../ring/tiers/disk-error.ts';
import { type AskRoom, askRoom } from '../../../ring/tiers/disk-room.ts';
import type { FolderMarks } from '../../../ring/tiers/folder-mark.ts';
import type { BodyForm, Stored } from '../../../ring/tiers/tier.ts';
import type { ArchivedSegment } from '../archived.ts';
import type { Losses, Shelf, ShelfPlace, Shelved } from '../shelf.ts';
import { type ArchiveDisk, realDisk } from './disk.ts';
import { HlsFolder } from './folder.ts';
import { Lane } from './lane.ts';
import { dayOf, isFileName, placePath } from './names.ts';

export type HlsShelfOptions = {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly askRoom?: AskRoom;
  readonly disk?: ArchiveDisk;
  /** Absent: the folder may be begun anew at any time. */
  readonly marks?: FolderMarks | undefined;
};

export type HlsShelfStats = {
  readonly place: string;
  /** `full`: too little room; `down`: it cannot be written for another reason. */
  readonly state: 'up' | 'full' | 'down';
  /** Why it is down or full. */
  readonly trouble: ErrorRecord | undefined;
  /** Bodies written by this process. */
  readonly bodies: number;
  /** Bodies that could not be written. */
  readonly refused: number;
};

const TIDY_MS = 60_000;
/** A stop waits so long for a disk that hangs; the next start closes what was left open. */
const CLOSE_MS = 3000;
/** Reads under way at once; a disk that answers in time never has so many. */
const READS_MAX = 64;
const LOOKS_AT_ONCE = 32;
/** The folder is gone: what is known of it may be wrong once it is back. */
const LEFT: ReadonlySet<string> = new Set(['TIER_UNREACHABLE', 'TIER_ABSENT']);

/**
 * `path/{channel}/{day}/{rendition}/`: files, and beside them playlists that play without weir. One
 * process writes; others serve what they find there.
 */
export class HlsShelf implements Shelf {
  readonly kind = 'hls';
  readonly place: string;
  readonly #disk: ArchiveDisk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lane: Lane;
  readonly #folder: HlsFolder;
  readonly #newest = new Map<string, ArchivedSegment>();
  #timer: Timer | undefined;
  #state: HlsShelfStats['state'] = 'up';
  #bodies = 0;
  #refused = 0;
  #trouble: ErrorRecord | undefined;
  #outages = 0;
  #reads = 0;
  #isClosing = false;

  constructor(options: HlsShelfOptions) {
    const { path, clock, log, marks, disk = realDisk } = options;
    this.place = path;
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log.with({ archive: path });
    this.#lane = new Lane(clock);
    const { askRoom: ask = askRoom } = options;
    this.#folder = new HlsFolder({ path, disk, clock, askRoom: ask, log: this.#log, marks });
  }

  /** Lists that were left open are closed, which nobody waits for. */
  start(): void {
    void this.#tidy();
  }

  async put(place: ShelfPlace, shelved: Shelved): Promise<boolean> {
    if (this.#isClosing) return false;
    const { segment, stored } = shelved;
    if (stored === undefined) return await this.#putGap(place, shelved);
    if (!isFileName(segment.name)) return false;
    this.#newest.set(idOf(place), segment);
    // What cannot be read is no fault of the disk it is to lie on
    const bytes = await stored.body.bytes().catch(() => undefined);
    const isHeld =
      bytes !== undefined &&
      ((await this.#write(() => this.#folder.put(place, shelved, bytes))) ?? false);
    if (isHeld) this.#wrote();
    else this.#refused++;
    return isHeld;
  }

  async get(
    place: ShelfPlace,
    segment: ArchivedSegment,
    budgetMs: number,
    form: BodyForm = 'memory',
  ): Promise<Stored | undefined> {
    const path = this.#pathOf(place, segment);
    if (path === undefined || this.#reads >= READS_MAX) return undefined;
    this.#reads++;
    const reading = this.#read(path, segment.sizeBytes, form)
      .catch(() => undefined)
      .finally(() => {
        this.#reads--;
      });
    const body = await within(this.#clock, reading, budgetMs);
    return body && { body, contentType: segment.contentType };
  }

  async lost(
    place: ShelfPlace,
    segments: readonly ArchivedSegment[],
  ): Promise<readonly ArchivedSegment[] | undefined> {
    const lost: ArchivedSegment[] = [];
    const isLost = async (segment: ArchivedSegment) => {
      const path = this.#pathOf(place, segment);
      return path === undefined || (await this.#disk.sizeOf(path)) !== segment.sizeBytes;
    };
    try {
      for (let at = 0; at < segments.length; at += LOOKS_AT_ONCE) {
        const some = segments.slice(at, at + LOOKS_AT_ONCE).filter(({ gap }) => !gap);
        const found = await Promise.all(some.map(isLost));
        lost.push(...some.filter((_, index) => found[index]));
        await othersTurn();
      }
      // A folder that is not there, as where nothing is mounted, says nothing of what was in it
      return lost.length > 0 && !(await this.#folder.isThere()) ? undefined : lost;
    } catch {
      return undefined;
    }
  }

  async drop(
    place: ShelfPlace,
    dropped: readonly ArchivedSegment[],
    oldest: ArchivedSegment | undefined,
  ): Promise<boolean> {
    const newest = this.#newest.get(idOf(place));
    const isNewer = newest !== undefined && newest.number > (dropped.at(-1)?.number ?? -1);
    // What was just written has no row yet where all before it goes
    const left = oldest ?? (isNewer ? newest : undefined);
    const steps = this.#folder.drop(place, dropped, left, this.#state === 'full');
    for (;;) {
      const step = await this.#write(() => steps.next());
      if (step === undefined) return false;
      if (step.done === true) return true;
    }
  }

  describe(channel: string, multivariant: MultivariantPlaylist | undefined): void {
    if (this.#folder.lists.describe(channel, multivariant)) {
      void this.#write(() => this.#folder.lists.writeIndexes(channel));
    }
  }

  losses(): Losses {
    return { oldest: 0, any: this.#outages };
  }

  stats(): HlsShelfStats {
    const [state, bodies, refused] = [this.#state, this.#bodies, this.#refused];
    return { place: this.place, state, trouble: this.#trouble, bodies, refused };
  }

  /** Closes the lists: what comes after a stop is a new beginning, and players need not wait for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#timer?.[Symbol.dispose]();
    const closing = this.#write(() => this.#folder.lists.closeAll());
    await within(this.#clock, closing, CLOSE_MS);
    this.#folder[Symbol.dispose]();
  }

  async #putGap(place: ShelfPlace, shelved: Shelved): Promise<boolean> {
    this.#folder.lists.noteGap(place, shelved);
    await this.#write(() => this.#folder.listGaps(place));
    return true;
  }

  /** Undefined where it has not all of them. */
  async #read(path: string, sizeBytes: number, form: BodyForm): Promise<Blob | undefined> {
    if (form === 'pieces') {
      if ((await this.#disk.sizeOf(path)) !== sizeBytes) return undefined;
      return Bun.file(path).slice(0, sizeBytes);
    }
    return await this.#disk.look(path, (bytes) =>
      bytes.length === sizeBytes ? new Blob([bytes]) : undefined,
    );
  }

  #pathOf(place: ShelfPlace, { name, startMs }: ArchivedSegment): string | undefined {
    if (!isFileName(name)) return undefined;
    return join(placePath(this.place, { ...place, day: dayOf(startMs) }), name);
  }

  /** Every minute: a list whose day has ended is closed, also where nothing more comes. */
  async #tidy(): Promise<void> {
    try {
      for await (const step of this.#folder.upkeep()) {
        if (this.#isClosing) return;
        await this.#write(step);
      }
    } catch (error) {
      this.#failed(error);
    }
    if (this.#isClosing) return;
    this.#timer = this.#clock.after(TIDY_MS, () => void this.#tidy());
  }

  /** Undefined where it could not be done; why is said once. */
  async #write<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await this.#lane.run(async () => ({ value: await work() }));
      if (done === undefined) throw new Error('it does not answer');
      return done.value;
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    const record = errorRecord(diskError('write to', this.place, error));
    const state = record.code === 'TIER_FULL' ? 'full' : 'down';
    if (LEFT.has(record.code)) this.#folder.leave();
    this.#trouble = record;
    if (this.#state === state) return;
    this.#state = state;
    this.#log.warn('archive folder takes nothing: gaps until it does', errorFields(record));
  }

  #wrote(): void {
    this.#bodies++;
    if (this.#state === 'up') return;
    if (this.#state === 'down') this.#outages++;
    this.#state = 'up';
    this.#trouble = undefined;
    this.#log.info('archive folder takes segments again');
  }
}

function idOf({ channel, rendition }: ShelfPlace): string {
  return JSON.stringify([channel, rendition]);
}
