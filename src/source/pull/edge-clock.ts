// This file guesses by the clock which segment of a computed source is the newest, and learns from
// what the origin really has.

export type EdgeSettings = {
  /** Wall time at which segment `first` began. */
  readonly atMs: number;
  readonly first: number;
  readonly durationMs: number;
  /** From a segment's end until it can be fetched. */
  readonly delayMs: number;
};

/** How much of a measured lateness is forgotten with each segment that came on time. */
const FORGET = 0.02;
/** Segments named before the one before them was seen: the guess may run this far ahead. */
const UNSEEN_MAX = 2;

/**
 * ```
 *   wall time ──────────────┬── delay ──┬─ late ─┐
 *   segment n ends here ────┘           │        └── n is named
 *                    the guess says so ─┘   learnt from 404s before a success
 * ```
 */
export class EdgeClock {
  readonly #durationMs: number;
  readonly #first: number;
  #atMs: number;
  #delayMs: number;
  #lateMs = 0;
  #newestFound: number | undefined;
  #missing: { readonly sequence: number; readonly sinceMs: number } | undefined;
  #generation = 0;
  #generationFirst: number;

  constructor(settings: EdgeSettings) {
    this.#durationMs = settings.durationMs;
    this.#first = settings.first;
    this.#atMs = settings.atMs;
    this.#delayMs = settings.delayMs;
    this.#generationFirst = settings.first;
  }

  get generation(): number {
    return this.#generation;
  }

  /** How far the source is from where the clock alone would place it. */
  get driftMs(): number {
    return this.#lateMs;
  }

  /** Wall time at which a segment begins. */
  beginMs(sequence: number): number {
    return this.#atMs + (sequence - this.#first) * this.#durationMs;
  }

  /** The newest segment that may be named at `nowMs`, and the oldest that makes sense. */
  range(nowMs: number, count: number): { readonly oldest: number; readonly newest: number } {
    let newest = this.guess(nowMs);
    if (this.#newestFound !== undefined) {
      newest = Math.min(newest, this.#newestFound + UNSEEN_MAX);
    }
    return { oldest: Math.max(this.#generationFirst, newest - count + 1), newest };
  }

  /** The newest segment by the clock alone. */
  guess(nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs - this.#delayMs - this.#lateMs;
    return this.#first + Math.floor(elapsedMs / this.#durationMs) - 1;
  }

  /** The origin has it. */
  found(sequence: number, nowMs: number): void {
    const dueMs = this.beginMs(sequence + 1) + this.#delayMs;
    const wasMissing = this.#missing?.sequence === sequence;
    if (wasMissing) this.#lateMs = Math.max(0, nowMs - dueMs);
    else this.#lateMs = Math.max(0, this.#lateMs * (1 - FORGET));
    if (wasMissing) this.#missing = undefined;
    if (sequence > (this.#newestFound ?? Number.NEGATIVE_INFINITY)) this.#newestFound = sequence;
  }

  /** The origin says 404 to it. */
  missing(sequence: number, nowMs: number): void {
    if (this.#missing?.sequence === sequence) return;
    if (sequence <= (this.#newestFound ?? Number.NEGATIVE_INFINITY)) return;
    this.#missing = { sequence, sinceMs: nowMs };
  }

  /** True where what should be there has been missing for half a segment: look where the edge is. */
  isLost(nowMs: number): boolean {
    return this.#missing !== undefined && nowMs - this.#missing.sinceMs > this.#durationMs / 2;
  }

  /** The newest segment the origin really has, found by looking. True where it counts anew. */
  anchor(newest: number, nowMs: number): boolean {
    this.#missing = undefined;
    const known = this.#newestFound;
    const isAnew = known !== undefined && newest < known - UNSEEN_MAX;
    const guessed = this.guess(nowMs);
    if (isAnew || newest > guessed) {
      // Numbers moved: the newest one ended now, so the clock is set by it
      this.#atMs = nowMs - this.#delayMs - (newest + 1 - this.#first) * this.#durationMs;
      this.#lateMs = 0;
    } else if (newest < guessed) {
      this.#lateMs += (guessed - newest) * this.#durationMs;
    }
    if (isAnew) {
      this.#generation++;
      this.#generationFirst = Math.max(this.#first, newest - UNSEEN_MAX);
    }
    this.#newestFound = isAnew || known === undefined ? newest : Math.max(known, newest);
    return isAnew;
  }
}
