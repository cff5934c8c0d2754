// This file tells another thread which pattern is being tried, so that one that never ends is found out.
import type { Clock } from '../../base/clock.ts';
import { LineUpError } from '../errors.ts';

/** Which one is tried (0: none), and how many were. */
const CELLS = 2;
/** More patterns than a line-up can have. */
const PER_LINE_UP = 10_000;
/** A name has 200 characters, and an honest pattern is done with it in microseconds. */
const SLOW_MS = 100;
/** The machine itself may be that slow at times. */
const MAX_SLOW = 5;
/** With all names of a list: an honest pattern is done with 100,000 in a tenth of a second. */
const MAX_TOTAL_MS = 10_000;

export function createPatternCells(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT);
}

/** On the side that tries: an expression of JavaScript cannot be stopped from within its thread. */
export class PatternWatch {
  readonly #cells: Int32Array;
  readonly #base: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #slow = new Map<number, number>();
  readonly #totalMs = new Map<number, number>();

  constructor(cells: SharedArrayBuffer, lineUp: number, clock: Pick<Clock, 'monotonicMs'>) {
    this.#cells = new Int32Array(cells);
    this.#base = lineUp * PER_LINE_UP + 1;
    this.#clock = clock;
  }

  /**
   * Throws where the pattern was slow too often, since the engine gives up on some after a second
   * each, or is a little slow with each of very many names.
   */
  during<T>(index: number, words: string, work: () => T): T {
    const startMs = this.#clock.monotonicMs();
    Atomics.add(this.#cells, 1, 1);
    Atomics.store(this.#cells, 0, this.#base + index);
    const result = work();
    Atomics.store(this.#cells, 0, 0);
    const tookMs = this.#clock.monotonicMs() - startMs;
    if (tookMs >= SLOW_MS) this.#count(index, words);
    const totalMs = (this.#totalMs.get(index) ?? 0) + tookMs;
    this.#totalMs.set(index, totalMs);
    if (totalMs >= MAX_TOTAL_MS) throw slowPattern(words);
    return result;
  }

  #count(index: number, words: string): void {
    const times = (this.#slow.get(index) ?? 0) + 1;
    this.#slow.set(index, times);
    if (times >= MAX_SLOW) throw slowPattern(words);
  }
}

export function slowPattern(words: string): LineUpError {
  const message = `Cannot read line-up: the pattern ${words} takes for ever, wanted another`;
  return new LineUpError('LINEUP_PATTERN', message, { pattern: words });
}

export type Tried = { readonly lineUp: number; readonly index: number };

/** On the side that watches: asked every now and then. */
export class PatternGuard {
  readonly #cells: Int32Array;
  #count = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(cells: SharedArrayBuffer) {
    this.#cells = new Int32Array(cells);
  }

  /** The pattern that has been tried on one and the same text for longer than `limitMs`. */
  stuck(nowMs: number, limitMs: number): Tried | undefined {
    const tried = Atomics.load(this.#cells, 0);
    const count = Atomics.load(this.#cells, 1);
    if (tried === 0 || count !== this.#count) {
      this.#count = count;
      this.#sinceMs = nowMs;
      return undefined;
    }
    if (nowMs - this.#sinceMs < limitMs) return undefined;
    return { lineUp: Math.floor((tried - 1) / PER_LINE_UP), index: (tried - 1) % PER_LINE_UP };
  }

  /** For a thread that was replaced in the middle of it. */
  reset(): void {
    Atomics.store(this.#cells, 0, 0);
  }
}
