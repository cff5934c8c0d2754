// This file remembers what happened last in a simulation, and what should not have.
import type { Clock } from '../../src/base/clock.ts';

/** Lines shown with a failure. */
const SHOWN = 40;
/** More than one breach says little that the first does not. */
const BREACHES_MAX = 5;

export class Journal {
  readonly #clock: Clock;
  readonly #isTold: boolean;
  readonly #lines: string[] = [];
  readonly breaches: string[] = [];
  #digest = 0n;

  /** `isTold`: every line is printed as it comes, and more of them. */
  constructor(clock: Clock, isTold: boolean) {
    this.#clock = clock;
    this.#isTold = isTold;
  }

  /** A line only for who reads along. */
  tell(line: string): void {
    if (this.#isTold) console.log(`${(this.#clock.monotonicMs() / 1000).toFixed(3)}   ${line}`);
  }

  note(line: string): void {
    const text = `${(this.#clock.monotonicMs() / 1000).toFixed(3)} ${line}`;
    this.#digest = Bun.hash.wyhash(text, this.#digest);
    if (this.#isTold) console.log(text);
    this.#lines.push(text);
    if (this.#lines.length > SHOWN && this.breaches.length === 0) this.#lines.shift();
  }

  breach(invariant: string, what: string): void {
    if (this.breaches.length >= BREACHES_MAX) return;
    this.note(`*** ${invariant}: ${what}`);
    this.breaches.push(`${invariant}: ${what}`);
  }

  /** Says whether two runs were the same. */
  get digest(): string {
    return this.#digest.toString(36);
  }

  /** What led to the first breach, or what happened last. */
  get lines(): string {
    const first = this.#lines.findIndex((line) => line.includes('***'));
    const end = first < 0 ? this.#lines.length : first + 10;
    return this.#lines.slice(Math.max(0, end - SHOWN - 10), end).join('\n');
  }
}
