// This file says how much else the machine did while something was measured.
import { readFileSync } from 'node:fs';
import { treeCpuMs } from './process-tree.ts';

const TICK_MS = 10;
/** proc(5): of the first line of /proc/stat, those in which nothing of this machine ran. */
const IDLE_FIELDS: ReadonlySet<number> = new Set([3, 4, 7]);

/** Time of processors that others have had since the machine started, as far as is known. */
function othersMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const busy = ticks.reduce((sum, each, at) => (IDLE_FIELDS.has(at) ? sum : sum + each), 0);
  return busy * TICK_MS - treeCpuMs(process.pid);
}

export type Quietness = {
  /** Of one processor, as others used it in this time. */
  readonly othersShare: number;
};

/** `work` must start and end no process, or its time counts as that of others. */
export async function beside<T>(work: () => Promise<T>): Promise<T & Quietness> {
  const [beforeMs, startMs] = [othersMs(), performance.now()];
  const done = await work();
  const share = (othersMs() - beforeMs) / (performance.now() - startMs);
  return { ...done, othersShare: Math.max(0, share) };
}
