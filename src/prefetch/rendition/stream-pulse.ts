// This file tells what comes of an endless stream between its cuts, which may be seconds apart.
import type { Clock, Timer } from '../../base/clock.ts';
import type { RenditionSource } from '../../source/source.ts';
import type { LoopEvent } from '../messages.ts';

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
    const counts = this.#source.takeCounts?.();
    const motion = this.#source.takeMotion?.() ?? 'still';
    if (counts === undefined && motion === 'still') return;
    this.#emit({ type: 'stream', counts, motion });
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
