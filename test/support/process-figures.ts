// This file reads from /proc what a process holds.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Memory in use: what is resident, and its files that lie in memory. 0 where the process is gone. */
export function rssBytes(pid: number): number {
  return 1024 * statusNumber(pid, 'VmRSS') + memoryFileBytes(pid);
}

/** Files in memory are nobody's resident pages, and memory all the same. */
function memoryFileBytes(pid: number): number {
  const open = namesIn(`/proc/${pid}/fd`).map((fd) => linkAt(`/proc/${pid}/fd/${fd}`));
  const own = open.find((path) => /^\/dev\/shm\/weir-bodies-[^/]*\/weir\.lock$/.test(path));
  if (own === undefined) return 0;
  const folder = dirname(own);
  return namesIn(folder).reduce((sum, name) => sum + sizeOf(join(folder, name)), 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** The most that was ever resident. */
export function peakRssBytes(pid: number): number {
  return 1024 * statusNumber(pid, 'VmHWM');
}

export function fdCount(pid: number): number {
  return namesIn(`/proc/${pid}/fd`).length;
}

function statusNumber(pid: number, name: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
