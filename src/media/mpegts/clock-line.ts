// This file is the time of a stream by byte position, drawn straight between known points.

export class ClockLine {
  readonly #at: number[] = [];
  readonly #time27m: number[] = [];

  get size(): number {
    return this.#at.length;
  }

  get firstAt(): number {
    return this.#at[0]!;
  }

  get lastAt(): number {
    return this.#at[this.#at.length - 1]!;
  }

  get last27m(): number {
    return this.#time27m[this.#time27m.length - 1]!;
  }

  /** Points come in the order of their bytes; one that would take time back is left out. */
  add(at: number, time27m: number): void {
    if (this.size > 0 && (at < this.lastAt || time27m < this.last27m)) return;
    this.#at.push(at);
    this.#time27m.push(time27m);
  }

  /** Before the first point and after the last, time stands. */
  timeAt(at: number): number {
    return this.#between(firstAbove(this.#at, at), at, this.#at, this.#time27m);
  }

  /** The first byte at which it is `time27m`; infinite where it never is. */
  atOf(time27m: number): number {
    const next = firstFrom(this.#time27m, time27m);
    if (next === this.size) return Number.POSITIVE_INFINITY;
    return this.#between(next, time27m, this.#time27m, this.#at);
  }

  #between(next: number, value: number, from: readonly number[], to: readonly number[]): number {
    if (next === 0) return to[0]!;
    if (next === this.size) return to[next - 1]!;
    const span = from[next]! - from[next - 1]!;
    if (span === 0) return to[next]!;
    const share = (value - from[next - 1]!) / span;
    return to[next - 1]! + share * (to[next]! - to[next - 1]!);
  }
}

/** By halving: the place of the first value that is greater than `value`. */
function firstAbove(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The same, of the first value that is `value` or greater. */
function firstFrom(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
