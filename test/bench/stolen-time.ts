// This file knows when the machine gave our processors to others, a quarter of a second at a time.
import { readFileSync } from 'node:fs';

const SLICE_MS = 250;
const TICK_MS = 10;
/** Of all processors together; one tick is as fine as the kernel counts. */
const STOLEN_MAX_MS = 10;
/** proc(5): of the first line of /proc/stat, counted from its name. */
const STEAL = 8;

type Slice = { readonly fromMs: number; readonly toMs: number; readonly stolenMs: number };

/** What a hypervisor takes away is in no process's time, and in everybody's waits. */
export class StolenTime {
  readonly #slices: Slice[] = [];
  #fromMs = performance.now();
  #beforeMs = stolenMs();

  /** To be called often; it looks when a slice is over. */
  look(nowMs: number): void {
    if (nowMs - this.#fromMs < SLICE_MS) return;
    const allMs = stolenMs();
    this.#slices.push({ fromMs: this.#fromMs, toMs: nowMs, stolenMs: allMs - this.#beforeMs });
    this.#fromMs = nowMs;
    this.#beforeMs = allMs;
  }

  /** Whether nothing worth it was taken away at any time in between. */
  isQuiet(fromMs: number, toMs: number): boolean {
    return !this.#slices.some(
      (slice) => slice.stolenMs > STOLEN_MAX_MS && slice.fromMs <= toMs && slice.toMs >= fromMs,
    );
  }
}

function stolenMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  return Number(line.trim().split(/\s+/)[STEAL] ?? 0) * TICK_MS;
}
