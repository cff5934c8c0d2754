// This file is a folder as a place for segments.
import { mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { diskError, errnoOf } from './disk-error.ts';
import { DiskFolder } from './disk-folder.ts';
import type { DiskPlace } from './disk-index.ts';
import { channelFolder, halfFile, segmentFile } from './disk-names.ts';
import { type AskRoom, askRoom, lowWaterBytes } from './disk-room.ts';
import { aborted, checkAborted, TierError, unlessAborted } from './errors.ts';
import { FolderMark } from './folder-mark.ts';
import { ReadBuffers } from './read-buffers.ts';
import {
  MAX_FILE_BYTES,
  MIN_FILE_BYTES,
  parseSegmentFile,
  writeSegmentHead,
} from './segment-file.ts';
import type { BodyForm, Stored, Swept, Tier, TierKey, TierUse } from './tier.ts';
import { writeWhole } from './whole-file.ts';

export type DiskTierOptions = {
  readonly path: string;
  /** The most that its files may have together. */
  readonly sizeBytes: number;
  readonly clock: Clock;
  /** Of the file that says it is the folder; undefined: any is. */
  readonly markName?: string | undefined;
  readonly askRoom?: AskRoom;
};

/** A folder that a sweep takes away between our making it and our writing into it is made again. */
const MAKE_FOLDER_TRIES = 5;

/**
 * Several processes may use one folder: a file has its name only once it is whole, its name says
 * whose it is, and its time of modification how long it is held. What others do is noticed by each
 * sweep; `get` and `put` look at the disk itself.
 *
 * A segment is read and checked as a whole. Whoever answers with it has it from memory: `Bun.file`
 * would be opened only when the answer is on its way, when a sweep may have taken the file, and on
 * the thread that serves; and it is served at half the speed of a Blob.
 */
export class DiskTier implements Tier {
  readonly kind = 'disk';
  readonly place: string;
  readonly #folder: DiskFolder;
  readonly #sizeBytes: number;
  readonly #askRoom: AskRoom;
  readonly #clock: Clock;
  readonly #mark: FolderMark | undefined;
  readonly #buffers = new ReadBuffers(MAX_FILE_BYTES);
  /** What has begun; a folder is not left while something writes into it. */
  readonly #running = new Set<Promise<unknown>>();
  #isOpen = false;

  constructor({ path, sizeBytes, clock, markName, askRoom: ask = askRoom }: DiskTierOptions) {
    this.#mark = markName === undefined ? undefined : new FolderMark(path, markName);
    this.place = path;
    this.#sizeBytes = sizeBytes;
    this.#clock = clock;
    this.#askRoom = ask;
    this.#folder = new DiskFolder(path, sizeBytes, ask);
  }

  get isMarked(): boolean {
    return this.#mark?.isSeen ?? false;
  }

  /** A folder that can only be read is opened too: what is there is served. */
  async open(signal: AbortSignal, mustBeThere = false): Promise<void> {
    await this.#run('open', signal, async () => {
      // Only here: a folder that is taken away while we run is an outage, and is said to be one
      if (this.#mark === undefined) await mkdir(this.place, { recursive: true });
      else await this.#mark.claim(mustBeThere);
      await this.#folder.look(this.#clock.nowMs(), signal);
      this.#isOpen = true;
    });
  }

  async get(
    key: TierKey,
    signal: AbortSignal,
    form: BodyForm = 'memory',
  ): Promise<Stored | undefined> {
    this.#checkOpen();
    return await this.#run('read from', signal, () => this.#read(key, form));
  }

  async holds(keys: readonly TierKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    this.#checkOpen();
    return await this.#run('look into', signal, async () => {
      // Of a folder that was taken away nothing can be said
      await stat(this.place);
      await this.#mark?.check();
      return await Promise.all(keys.map((key) => this.#folder.isHeld(placeOf(key))));
    });
  }

  async put(key: TierKey, stored: Stored, expiresAtMs: number, signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    await this.#run('write to', signal, async () => {
      await this.#mark?.check();
      if (await this.#extend(key, expiresAtMs)) return;
      await this.#write(key, stored, expiresAtMs, signal);
    });
  }

  async delete(keys: readonly TierKey[], signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    await this.#run('delete from', signal, async () => {
      for (const key of keys) {
        checkAborted(signal, this.place);
        await this.#folder.remove(placeOf(key));
      }
    });
  }

  async sweep(nowMs: number, signal: AbortSignal): Promise<Swept> {
    this.#checkOpen();
    return await this.#run('sweep', signal, async () => {
      await this.#mark?.check();
      return await this.#folder.sweep(nowMs, signal);
    });
  }

  async use(signal: AbortSignal): Promise<TierUse> {
    this.#checkOpen();
    checkAborted(signal, this.place);
    return this.#folder.use();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await Promise.allSettled(this.#running);
  }

  async #read(key: TierKey, form: BodyForm): Promise<Stored | undefined> {
    const place = placeOf(key);
    const path = this.#folder.pathOf(place);
    const file = form === 'pieces' ? Bun.file(path) : undefined;
    try {
      const stored = await this.#buffers.read(path, (bytes) => parseSegmentFile(bytes, file));
      // Torn: out of the way, so that it can be put again
      if (stored === undefined) await this.#folder.remove(place).catch(() => {});
      return stored;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whether it is held already, and is now for at least as long. */
  async #extend(key: TierKey, expiresAtMs: number): Promise<boolean> {
    const place = placeOf(key);
    const path = this.#folder.pathOf(place);
    try {
      const { size, mtimeMs } = await stat(path);
      if (size < MIN_FILE_BYTES) return false;
      const untilMs = Math.max(Math.round(mtimeMs), expiresAtMs);
      if (untilMs > mtimeMs) await utimes(path, untilMs / 1000, untilMs / 1000);
      this.#folder.index.set(place, { bytes: size, expiresAtMs: untilMs });
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #write(
    key: TierKey,
    { body, contentType }: Stored,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const bytes = await body.bytes();
    const head = writeSegmentHead(contentType, bytes);
    const fileBytes = head.length + bytes.length;
    await this.#checkRoom(fileBytes);
    const place = placeOf(key);
    const folder = join(this.place, place.folder);
    for (let left = MAKE_FOLDER_TRIES; ; left--) {
      try {
        await makeFolder(folder);
        const half = join(folder, halfFile(place.file));
        await writeWhole(join(folder, place.file), half, [head, bytes], expiresAtMs, signal);
        break;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || left <= 1) throw error;
      }
    }
    await this.#mark?.checkWritten(this.#folder.pathOf(place));
    this.#folder.index.set(place, { bytes: fileBytes, expiresAtMs });
    await this.#folder.shrink(signal);
  }

  async #checkRoom(fileBytes: number): Promise<void> {
    const mostBytes = Math.min(this.#sizeBytes, MAX_FILE_BYTES);
    if (fileBytes > mostBytes) {
      const state = `the segment has ${fileBytes} bytes, wanted at most ${mostBytes}`;
      throw new TierError('TIER_TOO_LARGE', `Cannot write to ${this.place}: ${state}`, {
        path: this.place,
      });
    }
    const room = await this.#askRoom(this.place);
    const lowBytes = Math.ceil(lowWaterBytes(room));
    if (room.freeBytes - fileBytes >= lowBytes) return;
    const { freeBytes } = room;
    const state = `the disk has ${freeBytes} bytes free, wanted ${lowBytes} after each write`;
    throw new TierError('TIER_FULL', `Cannot write to ${this.place}: ${state}`, {
      path: this.place,
      freeBytes,
      lowWaterBytes: lowBytes,
    });
  }

  #checkOpen(): void {
    if (this.#isOpen) return;
    throw new TierError('TIER_CLOSED', `Cannot use ${this.place}: it is not open`, {
      path: this.place,
    });
  }

  /** A call of the system that hangs (a network folder) is left behind at once. */
  async #run<T>(deed: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    checkAborted(signal, this.place);
    const running = work();
    this.#running.add(running);
    void running.catch(() => {}).finally(() => this.#running.delete(running));
    try {
      return await unlessAborted(running, signal, this.place);
    } catch (error) {
      if (signal.aborted) throw aborted(this.place);
      throw diskError(deed, this.place, error);
    }
  }
}

function placeOf(key: TierKey): DiskPlace {
  return { folder: channelFolder(key), file: segmentFile(key) };
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
