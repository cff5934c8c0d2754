// This file tells a folder of ours from one over which nothing is mounted.
import { mkdir, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './disk-error.ts';
import { TierError } from './errors.ts';

/** Which folders are ours, for who outlives the process. */
export type FolderMarks = {
  /** Of the file that lies in each of them. */
  readonly fileName: string;
  /** Whether what we have promised lies in this folder: then it is not begun anew. */
  mustBeThere(path: string): boolean;
  /** The folder has its mark. */
  found(path: string): void;
};

const TEXT = `weir keeps segments in this folder. Where this file is missing, weir takes it that a volume is
not mounted, writes nothing, and gives nothing up that lies there.
`;

/** What is there cannot be marked, and is of use all the same. */
const UNWRITABLE: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT']);

/**
 * A volume that is not mounted leaves its mount point: an empty folder, which looks like one that has
 * lost everything, and can be written into. So each folder has a file that says it is the one.
 */
export class FolderMark {
  readonly #folder: string;
  readonly #path: string;
  #isSeen = false;

  constructor(folder: string, fileName: string) {
    this.#folder = folder;
    this.#path = join(folder, fileName);
  }

  /** It was there, in this process. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  async isThere(): Promise<boolean> {
    try {
      await stat(this.#path);
      this.#isSeen = true;
      return true;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Throws TIER_ABSENT where it was there, and is not any more. */
  async check(): Promise<void> {
    if (this.#isSeen && !(await this.isThere())) throw this.#absent();
  }

  /** The volume may have gone while `path` was written: then that lies beside it, and is not held. */
  async checkWritten(path: string): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      await unlink(path).catch(() => {});
      await rmdir(dirname(path)).catch(() => {});
      throw error;
    }
  }

  /** Makes the folder with its mark; throws TIER_ABSENT where it is to have been there before. */
  async claim(mustBeThere: boolean): Promise<void> {
    if (await this.isThere()) return;
    if (mustBeThere) throw this.#absent();
    await mkdir(this.#folder, { recursive: true });
    try {
      await writeFile(this.#path, TEXT);
      this.#isSeen = true;
    } catch (error) {
      if (!UNWRITABLE.has(errnoOf(error) ?? '')) throw error;
    }
  }

  #absent(): TierError {
    const state = 'what lies in it is not there: is it mounted?';
    const remedy = `to begin anew in it, make the file ${this.#path}`;
    return new TierError('TIER_ABSENT', `Cannot use ${this.#folder}: ${state} (${remedy})`, {
      path: this.#folder,
    });
  }
}
