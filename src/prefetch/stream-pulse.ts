// This file tells what comes of an endless stream between its cuts, which may be seconds apart.
import type { Clock, Timer } from '../base/clock.ts';
import type { RenditionSource } from '../source/source.ts';
import type { LoopEvent } from './messages.ts';

/** Well within the shortest time after which silence counts as a stall: a second and a half. */
const PULSE_MS = 500;

/** Of any other source it tells nothing. */
export class StreamPulse implements Disposable {
  readonly #source: RenditionSource;
  readonly #clock: Clock;
  readonly #emit: (event: LoopEvent) => void;
  #timer: Timer | undefined;

  constructor(source: RenditionSource, clock: Clock, emit: (event: LoopEvent) => void) {
    this.#source = source;
    this.#clock = clock;
    this.#emit = emit;
    if (source.takeCounts !== undefined) this.#beat();
  }

  tell(): void {
    const { isAhead = false } = this.#source;
    const counts = this.#source.takeCounts?.();
    if (counts !== undefined || isAhead) this.#emit({ type: 'stream', counts, isAhead });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #beat(): void {
    this.#timer = this.#clock.after(PULSE_MS, () => {
      this.tell();
      this.#beat();
    });
  }
}
