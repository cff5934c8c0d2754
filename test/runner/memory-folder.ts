// This file has tests keep their files in memory, where every flush of a disk costs nothing.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY_FOLDER = '/dev/shm';
/** statfs(2): what the file system is. */
const TMPFS_MAGIC = 0x01021994;
/** Several times what all tests that run at once keep there, beside what they take themselves. */
const WANTED_BYTES = 6 * 2 ** 30;

/**
 * A killed process loses nothing of what it wrote, there as on a disk, and that is what tests look at.
 * Databases and archives flush after each step: on a disk that others use, half of their time.
 */
export function useMemoryFolder(): void {
  if (!hasRoom()) return;
  const folder = mkdtempSync(join(MEMORY_FOLDER, 'weir-tests-'));
  // Postgres works there as a user of its own
  chmodSync(folder, 0o755);
  process.env['TMPDIR'] = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

function hasRoom(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY_FOLDER);
    const available = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
    const freeBytes = Math.min(bavail * bsize, Number(available ?? 0) * 1024);
    return type === TMPFS_MAGIC && freeBytes >= WANTED_BYTES;
  } catch {
    return false;
  }
}
