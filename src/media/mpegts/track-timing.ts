// This file follows the timestamps of one stream of a file.
import { ticksBetween } from './timestamp.ts';

/** Distinct spacings counted; more than these are no regular stream, and only the usual matters. */
const SPACINGS_MAX = 64;

export class TrackTiming {
  readonly #spacings = new Map<number, number>();
  #lastTimestamp: number;
  readonly firstTicks: number;
  #lastTicks: number;
  #count = 1;
  #bytesBeforeLast = 0;
  #bytesOfLast = 0;

  /** Ticks are counted from `anchor`, a timestamp near the first one. */
  constructor(anchor: number, first: number) {
    this.#lastTimestamp = first;
    this.firstTicks = ticksBetween(anchor, first);
    this.#lastTicks = this.firstTicks;
  }

  get lastTicks(): number {
    return this.#lastTicks;
  }

  get count(): number {
    return this.#count;
  }

  /** How far the timestamp is after the last one. */
  add(timestamp: number): number {
    const step = ticksBetween(this.#lastTimestamp, timestamp);
    this.#lastTimestamp = timestamp;
    this.#lastTicks += step;
    this.#count += 1;
    this.#bytesBeforeLast += this.#bytesOfLast;
    this.#bytesOfLast = 0;
    const seen = this.#spacings.get(step);
    if (seen !== undefined || this.#spacings.size < SPACINGS_MAX) {
      this.#spacings.set(step, (seen ?? 0) + 1);
    }
    return step;
  }

  /** Media that belongs to the last timestamp. */
  addBytes(count: number): void {
    this.#bytesOfLast += count;
  }

  /**
   * How long the media of the last timestamp is, judged by its size: the last packet of a sound
   * track may hold fewer frames than the others.
   */
  get lastTicksBySize(): number {
    const span = this.#lastTicks - this.firstTicks;
    if (this.#bytesBeforeLast === 0 || span <= 0) return this.spacingTicks;
    return Math.min(this.spacingTicks, (this.#bytesOfLast / this.#bytesBeforeLast) * span);
  }

  /** The usual spacing; 0 where there is but one timestamp. */
  get spacingTicks(): number {
    let usual = 0;
    let most = 0;
    for (const [step, times] of this.#spacings) {
      if (times > most) [usual, most] = [step, times];
    }
    return usual;
  }

  /**
   * From the first timestamp to the end of what the last one belongs to. A frame rate whose period
   * is no whole number of ticks alternates between two spacings: there the mean is the exact one.
   */
  get spanTicks(): number {
    const span = this.#lastTicks - this.firstTicks;
    const mean = span / Math.max(1, this.#count - 1);
    const usual = this.spacingTicks;
    return Math.round(span + (Math.abs(mean - usual) < 1 ? mean : usual));
  }
}
