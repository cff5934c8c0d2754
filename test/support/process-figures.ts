// This file reads from /proc what a process holds.
import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory; 0 where the process is gone. */
export function rssBytes(pid: number): number {
  return 1024 * statusNumber(pid, 'VmRSS');
}

/** The most that was ever resident. */
export function peakRssBytes(pid: number): number {
  return 1024 * statusNumber(pid, 'VmHWM');
}

export function fdCount(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function statusNumber(pid: number, name: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
