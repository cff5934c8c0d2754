// This file adds up what a process and its children use.
import { readdirSync, readFileSync } from 'node:fs';
import { rssBytes } from '../support/process-figures.ts';

/** The kernel counts processor time in these on every platform we run on. */
const TICKS_PER_SECOND = 100;

function tree(pid: number): number[] {
  const pids = [pid];
  for (const task of list(`/proc/${pid}/task`)) {
    const children = read(`/proc/${pid}/task/${task}/children`).trim();
    for (const child of children === '' ? [] : children.split(' '))
      pids.push(...tree(Number(child)));
  }
  return pids;
}

/** As the kernel lists those it may run on: `0-1`. */
export function allowedCores(pid: number): string {
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '';
}

export function treeRssBytes(pid: number): number {
  return tree(pid).reduce((sum, each) => sum + rssBytes(each), 0);
}

/** To the nanosecond, of the first thread of a process; what it waited for a processor is not in it. */
export function threadCpuMs(pid: number): number {
  const [ranNs = ''] = read(`/proc/${pid}/task/${pid}/schedstat`).split(' ');
  return Number(ranNs) / 1e6;
}

export function treeCpuMs(pid: number): number {
  let ticks = 0;
  for (const each of tree(pid)) {
    // Fields 14 and 15, counted from 1; the name before them may hold spaces
    const fields = read(`/proc/${each}/stat`).split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return (ticks / TICKS_PER_SECOND) * 1000;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
