// This file is a disk on which one call goes wrong, at whatever point a test names.
import { truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type ArchiveDisk, realDisk } from '../../../../src/recording/archive/hls/disk.ts';
import { halfName } from '../../../../src/recording/archive/hls/names.ts';

const WRITES = ['writeWhole', 'append', 'makeFolder', 'remove', 'removeFolder'] as const;
type Write = (typeof WRITES)[number];

export type FailingDisk = ArchiveDisk & {
  /** Calls that write, up to now. */
  readonly count: () => number;
};

export type Failure = {
  /** Which of the calls that write, from 0. */
  readonly at: number;
  /** After it was done, rather than half-way. */
  readonly isDone: boolean;
  /** Whether all that follows fails too, as where the process or the disk is gone. */
  readonly isForever: boolean;
};

function eio(): Error {
  return Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
}

/** What a call leaves that got half-way. */
async function half(call: Write, args: readonly unknown[]): Promise<void> {
  if (call === 'writeWhole') {
    const [path, bytes] = args as Parameters<ArchiveDisk['writeWhole']>;
    const partial = join(dirname(path), halfName(basename(path)));
    await writeFile(partial, bytes.subarray(0, bytes.length / 2)).catch(() => {});
  } else if (call === 'append') {
    const [path, atBytes, text] = args as Parameters<ArchiveDisk['append']>;
    await realDisk.append(path, atBytes, text);
    await truncate(path, atBytes + Math.floor(text.length / 2));
  }
}

export function failingDisk({ at, isDone, isForever }: Failure): FailingDisk {
  let count = 0;
  const call = async (name: Write, ...args: readonly unknown[]): Promise<never> => {
    const index = count++;
    const work = () => (realDisk[name] as (...all: readonly unknown[]) => Promise<never>)(...args);
    if (index < at || (index > at && !isForever)) return await work();
    if (index === at) await (isDone ? work() : half(name, args));
    throw eio();
  };
  return {
    ...realDisk,
    writeWhole: (...args) => call('writeWhole', ...args),
    append: (...args) => call('append', ...args),
    makeFolder: (...args) => call('makeFolder', ...args),
    remove: (...args) => call('remove', ...args),
    removeFolder: (...args) => call('removeFolder', ...args),
    count: () => count,
  };
}
