// This file reads and writes files so that each is whole or not there.
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { MAX_FILE_BYTES } from './segment-file.ts';

/** Between two of these an abort is noticed. */
const STEP_BYTES = 1024 * 1024;

/**
 * Undefined where it is larger than anything we write. It is read through one open file: a sweep
 * meanwhile takes away its name, and not what is being read.
 */
export async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (size > MAX_FILE_BYTES) return undefined;
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    // Cut by somebody else since we asked for its size
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/**
 * Writes it under the name `half` and moves it to `path` once it is whole, with its time of
 * modification. Nothing is flushed: a process that is killed loses nothing of what it wrote, and
 * what a loss of power tears is told by its checksum. Flushing each segment would cost a slow disk
 * more than it can do, for bytes that may be fetched again.
 */
export async function writeWhole(
  path: string,
  half: string,
  parts: readonly Uint8Array[],
  modifiedAtMs: number,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(half, 'wx', 0o644);
  try {
    try {
      for (const part of parts) await writePart(file, part, signal);
      await file.utimes(modifiedAtMs / 1000, modifiedAtMs / 1000);
    } finally {
      await file.close();
    }
    signal.throwIfAborted();
    await rename(half, path);
  } catch (error) {
    await unlink(half).catch(() => {});
    throw error;
  }
}

async function writePart(file: FileHandle, part: Uint8Array, signal: AbortSignal): Promise<void> {
  let at = 0;
  while (at < part.length) {
    signal.throwIfAborted();
    const { bytesWritten } = await file.write(part, at, Math.min(STEP_BYTES, part.length - at));
    at += bytesWritten;
  }
}
