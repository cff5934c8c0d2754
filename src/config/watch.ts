// This file sees that a file may have changed.
import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Calls `changed` when something happened near `path`; may call too often, and may miss. */
export type Watch = (path: string, changed: () => void) => Disposable;

export type FileStamp = {
  /** Differs whenever the content may differ. */
  readonly mark: string;
  readonly sizeBytes: number;
  /** Another one where the file was not written into but replaced by another of its name. */
  readonly inode: string;
};

/** Undefined where there is no file. */
export type Stamp = (path: string) => Promise<FileStamp | undefined>;

/**
 * The folder is watched, not the file: editors and configuration managers replace a file by another
 * of its name, and a link by another link. Where the system cannot watch (a network folder, no
 * folder, no watches left) nothing is ever called, and whoever asked has to look now and then.
 */
export const watchFolderOf: Watch = (path, changed) => {
  try {
    const watcher = watch(dirname(path), { persistent: false }, () => changed());
    watcher.on('error', () => watcher.close());
    return { [Symbol.dispose]: () => watcher.close() };
  } catch {
    return { [Symbol.dispose]: () => {} };
  }
};

export const stampOf: Stamp = async (path) => {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return { mark: `${mtimeNs} ${size} ${ino}`, sizeBytes: Number(size), inode: String(ino) };
  } catch {
    return undefined;
  }
};
