// This file does to a disk what an archive needs done, so that a cut of power takes nothing back.
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../../../ring/tiers/disk-error.ts';
import { TierError } from '../../../ring/tiers/errors.ts';
import { ReadBuffers } from '../../../ring/tiers/read-buffers.ts';
import { MAX_FILE_BYTES } from '../../../ring/tiers/segment-file.ts';
import { halfName } from './names.ts';

/** Every method throws what the system says. */
export interface ArchiveDisk {
  /** Makes the folder and those above it; throws where nothing can be written into it. */
  prepare(path: string): Promise<void>;
  /** Undefined where there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  /** What `use` makes of the bytes, which are gone once it has returned. */
  look<T>(path: string, use: (bytes: Uint8Array<ArrayBuffer>) => T): Promise<T | undefined>;
  /** The last bytes of a file; undefined where there is none. */
  tail(path: string, sizeBytes: number): Promise<Buffer | undefined>;
  sizeOf(path: string): Promise<number | undefined>;
  /** None where there is no such folder. */
  names(path: string): Promise<readonly string[]>;
  /** In one that is there. */
  makeFolder(path: string): Promise<void>;
  /** The file has its name once it is whole and on the disk. */
  writeWhole(path: string, bytes: Uint8Array, mode: number): Promise<void>;
  /** Puts `text` at `atBytes`, where the file ends then; whatever was behind that is cut off. */
  append(path: string, atBytes: number, text: string): Promise<void>;
  /** No error where there is none. */
  remove(path: string): Promise<void>;
  /** Whether it is gone: one that holds something stays. */
  removeFolder(path: string): Promise<boolean>;
}

const buffers = new ReadBuffers(MAX_FILE_BYTES);

export const realDisk: ArchiveDisk = {
  async prepare(path) {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  },

  read: (path) => unlessMissing(readFile(path)),

  look: (path, use) => unlessMissing(buffers.read(path, use)),

  async tail(path, sizeBytes) {
    const file = await unlessMissing(open(path, 'r'));
    if (file === undefined) return undefined;
    await using held = file;
    const { size } = await held.stat();
    const bytes = Buffer.alloc(Math.min(size, sizeBytes));
    const { bytesRead } = await held.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes.subarray(0, bytesRead);
  },

  async sizeOf(path) {
    return (await unlessMissing(stat(path)))?.size;
  },

  async names(path) {
    return (await unlessMissing(readdir(path))) ?? [];
  },

  async makeFolder(path) {
    try {
      await mkdir(path);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return;
      throw error;
    }
    await syncFolder(dirname(path));
  },

  async writeWhole(path, bytes, mode) {
    const folder = dirname(path);
    const half = join(folder, halfName(basename(path)));
    try {
      const file = await open(half, 'w', mode);
      try {
        await writeAll(file, bytes, 0);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(half, path);
    } catch (error) {
      await unlink(half).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  },

  async append(path, atBytes, text) {
    await using file = await open(path, 'r+');
    const { size } = await file.stat();
    if (size < atBytes) throw shrunk(path, size, atBytes);
    if (size > atBytes) await file.truncate(atBytes);
    await writeAll(file, new TextEncoder().encode(text), atBytes);
    await file.datasync();
  },

  async remove(path) {
    await unlessMissing(unlink(path));
  },

  async removeFolder(path) {
    try {
      await rmdir(path);
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return true;
      if (errno === 'ENOTEMPTY' || errno === 'EEXIST') return false;
      throw error;
    }
  },
};

async function writeAll(file: FileHandle, bytes: Uint8Array, from: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, from + at)).bytesWritten;
  }
}

/** Without this the names in it may be gone after a cut of power, though the files are not. */
async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    // Windows opens no folder, and some network folders know nothing of it
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'].includes(errnoOf(error) ?? '')) {
      throw error;
    }
  }
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Somebody else has written into it: whoever called has to look at it anew. */
function shrunk(path: string, sizeBytes: number, wantedBytes: number): TierError {
  const message = `Cannot write to ${path}: it has ${sizeBytes} bytes, wanted ${wantedBytes}`;
  return new TierError('TIER_BROKEN', message, { path, sizeBytes, wantedBytes });
}
