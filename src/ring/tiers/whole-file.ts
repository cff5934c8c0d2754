// This file writes files so that each is whole or not there.
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';

/** Between two of these an abort is noticed. */
const STEP_BYTES = 1024 * 1024;

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
