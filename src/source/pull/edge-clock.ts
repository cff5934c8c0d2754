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

/**
 * How much of a measured lateness is forgotten with each segment that came on time; of a long one
 * no more than this part of a segment, or every segment would be asked for too early.
 */
const FORGET = 0.02;
/** Segments named before the one before them was seen: the guess may run this far ahead. */
export const UNSEEN_MAX = 2;

/**
 * ```
 *   wall time ──────────────┬── delay ──┬─ late ─┐
 *   segment n ends here ────┘           │        └── n is named
 *                    the guess says so ─┘   learnt from 404s before a success
 *
 *   following ──404 for half a segment──► lost ──looked: nothing newer──► waiting
 *       ▲                                  │                                │
 *       └──── found, or looked and found ──┴────────────────────────────────┘
 * ```
 * Invariant: what was named once stays named until the source counts anew (`generation`).
 */
export class EdgeClock {
  readonly #durationMs: number;
  readonly #first: number;
  readonly #delayMs: number;
  /** As configured; `#atMs` moves with what the origin does. */
  readonly #configuredAtMs: number;
  #atMs: number;
  #lateMs = 0;
  /** The newest segment the origin is known to have had. */
  #newestFound: number | undefined;
  /** The newest segment that was found, or given up for another reason than that it is not there. */
  #newestSettled = Number.NEGATIVE_INFINITY;
  #newestNamed: number | undefined;
  #missing: { readonly sequence: number; readonly sinceMs: number } | undefined;
  /** The lowest segment that was given up as not there, although nothing after it was seen. */
  #givenUp: number | undefined;
  #isWaiting = false;
  #generation = 0;
  #generationFirst: number;

  constructor(settings: EdgeSettings) {
    this.#durationMs = settings.durationMs;
    this.#first = settings.first;
    this.#configuredAtMs = settings.atMs;
    this.#atMs = settings.atMs;
    this.#delayMs = settings.delayMs;
    this.#generationFirst = settings.first;
  }

  get generation(): number {
    return this.#generation;
  }

  get newestFound(): number | undefined {
    return this.#newestFound;
  }

  /** How far the source is from where the clock alone would place it. */
  get driftMs(): number {
    return this.#lateMs;
  }

  /** Goes on where another was: `named` was its newest, whatever it had learnt of the clock. */
  resume(named: number, nowMs: number): void {
    this.#newestNamed = named;
    this.#newestFound = named - UNSEEN_MAX;
    // Nobody may be asking for what was named: it must be looked for
    this.#isWaiting = true;
    if (Math.abs(this.guess(nowMs) - named) > UNSEEN_MAX) this.#moveTo(named, nowMs);
  }

  /** Wall time at which a segment begins. */
  beginMs(sequence: number): number {
    return this.#atMs + (sequence - this.#first) * this.#durationMs;
  }

  /** Names what may be fetched at `nowMs`: the newest, and the oldest that makes sense. */
  range(nowMs: number, count: number): { readonly oldest: number; readonly newest: number } {
    let newest = this.guess(nowMs);
    if (this.#newestFound !== undefined) {
      const seen = Math.max(this.#newestFound, this.#newestSettled);
      newest = Math.min(newest, this.#isWaiting ? this.#newestFound : seen + UNSEEN_MAX);
    }
    newest = Math.max(newest, this.#newestNamed ?? newest);
    this.#newestNamed = newest;
    return { oldest: Math.max(this.#generationFirst, newest - count + 1), newest };
  }

  /** The newest segment by the clock alone. */
  guess(nowMs: number): number {
    const elapsedMs = nowMs - this.#atMs - this.#delayMs - this.#lateMs;
    return this.#first + Math.floor(elapsedMs / this.#durationMs) - 1;
  }

  /** The newest segment by the clock as it was configured, whatever was learnt since. */
  configuredGuess(nowMs: number): number {
    const elapsedMs = nowMs - this.#configuredAtMs - this.#delayMs;
    return this.#first + Math.floor(elapsedMs / this.#durationMs) - 1;
  }

  /** The origin has it. */
  found(sequence: number, nowMs: number): void {
    const dueMs = this.beginMs(sequence + 1) + this.#delayMs;
    const missing = this.#missing?.sequence;
    if (missing === sequence) this.#lateMs = Math.max(0, nowMs - dueMs);
    else this.#lateMs -= FORGET * Math.min(this.#lateMs, this.#durationMs);
    // One after it is there: it is not late but lost
    if (missing !== undefined && missing <= sequence) this.#missing = undefined;
    if (sequence <= (this.#newestFound ?? Number.NEGATIVE_INFINITY)) return;
    this.#newestFound = sequence;
    this.#isWaiting = false;
    if (this.#givenUp !== undefined && this.#givenUp < sequence) this.#givenUp = undefined;
  }

  /** The origin says 404 to it. */
  missing(sequence: number, nowMs: number): void {
    if (sequence <= (this.#newestFound ?? Number.NEGATIVE_INFINITY)) return;
    // Of several that are asked for at once the lowest tells
    if (this.#missing !== undefined && this.#missing.sequence <= sequence) return;
    this.#missing = { sequence, sinceMs: this.#missing?.sinceMs ?? nowMs };
  }

  /** Nobody will ask for it again under the number it was named. */
  gaveUp(sequence: number): void {
    if (sequence <= (this.#newestFound ?? Number.NEGATIVE_INFINITY)) return;
    const isMissing = this.#missing !== undefined && this.#missing.sequence <= sequence;
    if (isMissing || this.#isWaiting) {
      this.#givenUp = Math.min(sequence, this.#givenUp ?? sequence);
    } else {
      this.#newestSettled = Math.max(this.#newestSettled, sequence);
    }
  }

  /** True where what should be there has been missing for half a segment: look where the edge is. */
  isLost(nowMs: number): boolean {
    if (this.#isWaiting) return true;
    return this.#missing !== undefined && nowMs - this.#missing.sinceMs > this.#durationMs / 2;
  }

  /** The newest segment the origin really has, found by looking. True where it counts anew. */
  anchor(newest: number, nowMs: number): boolean {
    const known = this.#newestFound;
    const guessed = this.guess(nowMs);
    // What is found on time is not late, whatever a cached playlist says
    if (known !== undefined && newest <= guessed && !this.isLost(nowMs)) {
      this.#newestFound = Math.max(known, newest);
      return false;
    }
    const isLower = known !== undefined && newest < known - UNSEEN_MAX;
    const wasGivenUp = this.#givenUp !== undefined && newest >= this.#givenUp;
    if (isLower || newest > guessed) this.#moveTo(newest, nowMs);
    else this.#lateMs += (guessed - newest) * this.#durationMs;
    this.#missing = undefined;
    this.#isWaiting = !isLower && newest < (this.#newestNamed ?? newest);
    this.#newestFound = isLower ? newest : Math.max(known ?? newest, newest);
    if (isLower) this.#newestSettled = newest;
    if (isLower) this.#generationFirst = Math.max(this.#first, newest - UNSEEN_MAX);
    else if (wasGivenUp) this.#generationFirst = this.#givenUp as number;
    else return false;
    this.#generation++;
    this.#newestNamed = undefined;
    this.#givenUp = undefined;
    return true;
  }

  /** Sets the clock so that `newest` is the newest; by whole segments, as {time} is on their grid. */
  #moveTo(newest: number, nowMs: number): void {
    this.#lateMs = 0;
    this.#atMs += (this.guess(nowMs) - newest) * this.#durationMs;
  }
}
