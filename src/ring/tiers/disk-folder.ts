// This file finds out what lies in a folder of segments and takes away what must go.
import { readdir, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './disk-error.ts';
import { DiskIndex, type DiskPlace } from './disk-index.ts';
import { isChannelFolder, isHalfFile, isSegmentFile } from './disk-names.ts';
import { type AskRoom, lackingBytes } from './disk-room.ts';
import { checkAborted } from './errors.ts';
import { MIN_FILE_BYTES } from './segment-file.ts';
import type { Swept, TierUse } from './tier.ts';

/** A writer that has not gone on for so long is gone; any segment is written in seconds. */
const HALF_FILE_MS = 60_000;
/** Made free beyond what must be, so that not every put has to sort out which is the oldest. */
const SPARE_SHARE = 0.02;
const LOOKS_AT_ONCE = 32;

/** Only files whose names are of our making are touched, whatever folder we were given. */
export class DiskFolder {
  readonly index = new DiskIndex();
  readonly #root: string;
  readonly #sizeBytes: number;
  readonly #askRoom: AskRoom;
  /** By puts since the last sweep, which tells of them. */
  #evicted = 0;

  constructor(root: string, sizeBytes: number, askRoom: AskRoom) {
    this.#root = root;
    this.#sizeBytes = sizeBytes;
    this.#askRoom = askRoom;
  }

  pathOf({ folder, file }: DiskPlace): string {
    return join(this.#root, folder, file);
  }

  use(): TierUse {
    return { segments: this.index.count, bytes: this.index.bytes };
  }

  /** Brings the index up to what is there. Files that are known already are not looked at. */
  async look(nowMs: number, signal: AbortSignal): Promise<void> {
    const entries = await readdir(this.#root, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && isChannelFolder(entry.name));
    this.index.keepFolders(new Set(folders.map(({ name }) => name)));
    for (const { name } of folders) {
      checkAborted(signal, this.#root);
      await this.#lookInto(name, nowMs, signal);
    }
  }

  /** As the disk has it now, whatever the index says. */
  async isHeld(place: DiskPlace): Promise<boolean> {
    const found = await this.#stat(place);
    return found !== undefined && found.size >= MIN_FILE_BYTES;
  }

  async sweep(nowMs: number, signal: AbortSignal): Promise<Swept> {
    await this.look(nowMs, signal);
    let expired = 0;
    for (const place of this.index.expired(nowMs)) {
      checkAborted(signal, this.#root);
      if (await this.#removeExpired(place, nowMs)) expired++;
    }
    await this.shrink(signal);
    await this.#giveWay(signal);
    await this.#removeEmptyFolders();
    const evicted = this.#evicted;
    this.#evicted = 0;
    return { expired, evicted };
  }

  /** Takes away the oldest until it is within its size. */
  async shrink(signal: AbortSignal): Promise<void> {
    const overBytes = this.index.bytes - this.#sizeBytes;
    if (overBytes > 0) await this.#evict(overBytes + this.#sizeBytes * SPARE_SHARE, signal);
  }

  /** Whether it was there, and is not any more. */
  async remove(place: DiskPlace): Promise<boolean> {
    this.index.remove(place);
    try {
      await unlink(this.pathOf(place));
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async #lookInto(folder: string, nowMs: number, signal: AbortSignal): Promise<void> {
    const names = await namesIn(join(this.#root, folder));
    this.index.keepOnly(folder, new Set(names));
    const unknown = names
      .map((file) => ({ folder, file }))
      .filter((place) => isHalfFile(place.file) || this.#isNew(place));
    // Many at a time: on a disk that is slow to answer each takes milliseconds
    for (let at = 0; at < unknown.length; at += LOOKS_AT_ONCE) {
      checkAborted(signal, this.#root);
      const some = unknown.slice(at, at + LOOKS_AT_ONCE);
      await Promise.all(some.map((place) => this.#learn(place, nowMs)));
    }
  }

  #isNew(place: DiskPlace): boolean {
    return isSegmentFile(place.file) && !this.index.has(place);
  }

  async #learn(place: DiskPlace, nowMs: number): Promise<void> {
    const found = await this.#stat(place);
    if (found === undefined) return;
    const isHalf = isHalfFile(place.file);
    // By the time that nobody can set: that of modification is how long it would be held
    const isLeft = isHalf && nowMs - found.ctimeMs > HALF_FILE_MS;
    if (isLeft || (!isHalf && found.size < MIN_FILE_BYTES)) {
      // A disk that can only be read keeps it; what else it has is served
      await this.remove(place).catch(() => {});
    } else if (!isHalf) {
      this.index.set(place, { bytes: found.size, expiresAtMs: Math.round(found.mtimeMs) });
    }
  }

  async #removeExpired(place: DiskPlace, nowMs: number): Promise<boolean> {
    const found = await this.#stat(place);
    const untilMs = Math.round(found?.mtimeMs ?? 0);
    // Another process has extended it since
    if (found !== undefined && untilMs > nowMs) {
      this.index.set(place, { bytes: found.size, expiresAtMs: untilMs });
      return false;
    }
    return await this.remove(place);
  }

  /** Room for the others on the disk, where it is short of it. */
  async #giveWay(signal: AbortSignal): Promise<void> {
    await this.#evict(lackingBytes(await this.#askRoom(this.#root)), signal);
  }

  async #evict(bytes: number, signal: AbortSignal): Promise<void> {
    for (const place of this.index.oldest(bytes)) {
      checkAborted(signal, this.#root);
      if (await this.remove(place)) this.#evicted++;
    }
  }

  async #removeEmptyFolders(): Promise<void> {
    const entries = await readdir(this.#root, { withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isDirectory() || !isChannelFolder(entry.name)) continue;
      // One that is not empty refuses
      await rmdir(join(this.#root, entry.name)).catch(() => {});
    }
  }

  async #stat(place: DiskPlace) {
    try {
      return await stat(this.pathOf(place));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** None where the folder went away while we looked. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
