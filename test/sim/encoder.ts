// This file is an upstream encoder: the segments it makes, and what it may do to their numbers.
import type { Clock, Timer } from '../../src/base/clock.ts';

export type Made = {
  /** Counts all segments of the encoder, over all its runs: it decides the bytes. */
  readonly index: number;
  readonly run: number;
  readonly sequence: number;
  readonly name: string;
  readonly madeAtMs: number;
  readonly wallMs: number;
  readonly durationS: number;
  readonly isCut: boolean;
  /** Discontinuities of the run up to and with this one. */
  readonly cuts: number;
  /** The encoder lost it, and says so. */
  readonly isGap: boolean;
};

export type EncoderOptions = {
  readonly durationMs: number;
  /** How much a segment's length varies, as a part of it. */
  readonly jitter: number;
  readonly firstSequence: number;
  /** Segments there are at the start. */
  readonly made: number;
  /** Segments kept after they left the list. */
  readonly kept: number;
  /** No two encoders of a world have runs of the same number. */
  readonly firstRun: number;
  readonly random: () => number;
};

/** Segments behind the newest that are looked at: more than any list or any lag. */
const MEMORY = 400;

export class Encoder {
  readonly #clock: Clock;
  readonly #options: EncoderOptions;
  readonly #made: Made[] = [];
  #run: number;
  #isFresh = false;
  #nextSequence: number;
  #durationMs: number;
  #cuts = 0;
  #cutNext = false;
  #loseNext = false;
  #isPaused = false;
  #timer: Timer | undefined;
  isEnded = false;

  constructor(clock: Clock, options: EncoderOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#durationMs = options.durationMs;
    this.#run = options.firstRun;
    this.#nextSequence = options.firstSequence;
    for (let back = options.made; back > 0; back--) this.#make(-(back - 1) * options.durationMs);
    this.#schedule();
  }

  /** Everything made by `atMs` that is still of the run that was current then, ascending. */
  madeBy(atMs: number): readonly Made[] {
    const made = this.#made.filter(({ madeAtMs }) => madeAtMs <= atMs);
    const run = made.at(-1)?.run;
    return made.filter((segment) => segment.run === run);
  }

  get newest(): Made {
    return this.#made.at(-1) as Made;
  }

  /** Fetchable now: of the current run, and not too old. */
  find(name: string): Made | undefined {
    const { newest } = this;
    const isKept = (made: Made) => made.index > newest.index - this.#options.kept;
    return this.#made.findLast(
      (made) => made.name === name && made.run === newest.run && isKept(made),
    );
  }

  pause(): void {
    this.#isPaused = true;
    this.#timer?.[Symbol.dispose]();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.isEnded = false;
    this.#schedule();
  }

  /** A new run that counts from `sequence`; `isFresh`: under names never used before. */
  restart(sequence: number, isFresh: boolean): void {
    this.#run++;
    this.#isFresh = isFresh;
    this.#nextSequence = sequence;
    this.#cuts = 0;
    this.#cutNext = false;
  }

  cut(): void {
    this.#cutNext = true;
  }

  lose(): void {
    this.#loseNext = true;
  }

  setDuration(durationMs: number): void {
    this.#durationMs = durationMs;
  }

  #schedule(): void {
    const { jitter, random } = this.#options;
    const durationMs = Math.round(this.#durationMs * (1 + jitter * (random() - 0.5)));
    this.#timer = this.#clock.after(durationMs, () => {
      this.#make(this.#clock.monotonicMs(), durationMs);
      this.#schedule();
    });
  }

  #make(madeAtMs: number, durationMs = this.#durationMs): void {
    if (this.#cutNext) this.#cuts++;
    const sequence = this.#nextSequence++;
    this.#made.push({
      index: (this.#made.at(-1)?.index ?? 0) + 1,
      run: this.#run,
      sequence,
      name: `${this.#isFresh ? `r${this.#run}-` : ''}${sequence}`,
      madeAtMs,
      wallMs: this.#clock.nowMs() - this.#clock.monotonicMs() + madeAtMs - durationMs,
      durationS: durationMs / 1000,
      isCut: this.#cutNext,
      cuts: this.#cuts,
      isGap: this.#loseNext,
    });
    this.#cutNext = false;
    this.#loseNext = false;
    if (this.#made.length > MEMORY) this.#made.splice(0, MEMORY / 4);
  }
}
