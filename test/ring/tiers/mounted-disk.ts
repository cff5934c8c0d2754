// This file makes a small disk of memory, where this process may.
import { rmdir } from 'node:fs/promises';
import { createTempFolder } from '../../support/temp-folder.ts';

export type MountedDisk = AsyncDisposable & {
  readonly path: string;
  /** From now on it can be read and not written, or again both. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
};

async function isDone(cmd: readonly string[]): Promise<boolean> {
  try {
    const child = Bun.spawn({ cmd: [...cmd], stdout: 'ignore', stderr: 'ignore' });
    return (await child.exited) === 0;
  } catch {
    return false;
  }
}

/** Undefined, and a line on stderr, where it may not mount. */
export async function mountDisk(sizeBytes: number): Promise<MountedDisk | undefined> {
  const folder = await createTempFolder();
  const { path } = folder;
  const options = `size=${sizeBytes},mode=0755`;
  if (!(await isDone(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path]))) {
    await rmdir(path);
    console.error('NOT TESTED: a disk that is full or read-only; it takes the right to mount');
    return undefined;
  }
  return {
    path,
    setReadOnly: async (isReadOnly) => {
      const mode = `remount,${isReadOnly ? 'ro' : 'rw'}`;
      if (await isDone(['mount', '-o', mode, path])) return;
      throw new Error(`Cannot remount ${path}`);
    },
    [Symbol.asyncDispose]: async () => {
      if (!(await isDone(['umount', path]))) await isDone(['umount', '-l', path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
