// This file counts how much stands in the log of a SQLite file, without asking SQLite.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

// https://sqlite.org/walformat.html: the log's own head, and the head of each page in it
const HEAD_BYTES = 32;
const PAGE_HEAD_BYTES = 24;
const PAGE_SIZE_AT = 8;
const SALTS_AT = 16;
const SALTS_BYTES = 8;
const PAGE_SALTS_AT = 8;

/**
 * Pages since the log last began, taken over or not; 0 where there is no log. Pages of before have other
 * salts, and stand behind these.
 *
 * Never by the index beside it (-shm), which says so at once: whoever closes a file lets go of all locks
 * that this process has on it, SQLite's too. The next process to look into the database would take it for
 * one that nobody has open, and cut the index off under the feet of those who have it mapped: SIGBUS.
 */
export function pagesInLog(path: string): number {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return countPages(file);
  } catch {
    return 0;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function countPages(file: number): number {
  const head = Buffer.alloc(HEAD_BYTES);
  if (readSync(file, head, 0, HEAD_BYTES, 0) < HEAD_BYTES) return 0;
  const salts = head.subarray(SALTS_AT, SALTS_AT + SALTS_BYTES);
  const pageBytes = PAGE_HEAD_BYTES + head.readUInt32BE(PAGE_SIZE_AT);
  const own = Buffer.alloc(SALTS_BYTES);
  let known = 0;
  let beyond = Math.floor((fstatSync(file).size - HEAD_BYTES) / pageBytes) + 1;
  while (known + 1 < beyond) {
    const looked = Math.floor((known + beyond) / 2);
    const at = HEAD_BYTES + (looked - 1) * pageBytes + PAGE_SALTS_AT;
    const isOurs = readSync(file, own, 0, SALTS_BYTES, at) === SALTS_BYTES && own.equals(salts);
    if (isOurs) known = looked;
    else beyond = looked;
  }
  return known;
}
