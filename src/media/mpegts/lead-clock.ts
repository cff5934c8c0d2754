// This file follows the time of an endless stream by the frames of its lead stream.
import { addTicks, TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';

/** A longer step is no lost frames but another recording, whose timestamps begin anew. */
const STEP_MAX_TICKS = 10 * TICKS_PER_SECOND;
/** Decoding times go up; muxers that round let them go back a little. */
const BACK_MAX_TICKS = TICKS_PER_SECOND / 10;
/** Without decoding times, those of showing go back by as many frames as are reordered. */
const REORDER_MAX_TICKS = TICKS_PER_SECOND;
// ISO/IEC 13818-1 §2.7.4: a PTS at least every 0.7 s
const UNTIMED_MAX_TICKS = TICKS_PER_SECOND;
/** Until two frames have shown it: 25 a second. */
const FIRST_SPACING_TICKS = TICKS_PER_SECOND / 25;

export type FrameTimes = { readonly pts: number | undefined; readonly dts: number | undefined };

/** 'untimed': it may not be cut here; 'jump': the timestamps begin anew with this frame. */
export type FrameStep = 'timed' | 'untimed' | 'jump';

/** A clock of its own that stands in while the lead stream has no timestamps. */
class Ruler {
  #last: number | undefined;
  /** How far it went since the last frame. */
  ticks = 0;

  get last(): number | undefined {
    return this.#last;
  }

  /** False where it jumps. */
  take(value: number): boolean {
    const step = this.#last === undefined ? 0 : ticksBetween(this.#last, value);
    this.#last = value;
    if (step < 0 || step > STEP_MAX_TICKS) return false;
    this.ticks += step;
    return true;
  }
}

/** All ticks count from the first frame, and never go back. */
export class LeadClock {
  #ticks = 0;
  /** The decoding time that `ticks` stands for. */
  #dts: number | undefined;
  #hasDts = false;
  #spacingTicks = FIRST_SPACING_TICKS;
  readonly #pcr = new Ruler();
  readonly #spare = new Ruler();

  /** When the last frame began. */
  get ticks(): number {
    return this.#ticks;
  }

  /** From one frame to the next, as it was last. */
  get spacingTicks(): number {
    return this.#spacingTicks;
  }

  /** How long other clocks went on since the last frame with a timestamp. */
  get silentTicks(): number {
    return Math.max(this.#pcr.ticks, this.#spare.ticks);
  }

  get lastDts(): number | undefined {
    return this.#dts;
  }

  get lastPcr(): number | undefined {
    return this.#pcr.last;
  }

  /** False where the PCR jumps. */
  takePcr(base: number): boolean {
    return this.#pcr.take(base);
  }

  /** A timestamp of another stream of the programme. */
  takeSpare(pts: number): void {
    this.#spare.take(pts);
  }

  takeFrame({ pts, dts }: FrameTimes): FrameStep {
    const time = dts ?? pts;
    if (dts !== undefined) this.#hasDts = true;
    if (time === undefined) return this.#takeUntimed();
    if (this.#dts === undefined) {
      this.#advance(this.silentTicks);
      this.#dts = time;
      return 'timed';
    }
    const step = ticksBetween(this.#dts, time);
    const backMax = this.#hasDts ? BACK_MAX_TICKS : REORDER_MAX_TICKS;
    if (step > STEP_MAX_TICKS || step < -backMax) {
      this.#advance(this.#spacingTicks);
      this.#dts = time;
      return 'jump';
    }
    if (step > 0) this.#spacingTicks = step;
    this.#advance(Math.max(0, step));
    return 'timed';
  }

  /** The lead stream is silent: time goes on by the other clocks. */
  passSilence(): void {
    this.#advance(this.silentTicks);
  }

  /** Another lead stream, whose timestamps may be others. */
  changeLead(): void {
    this.#dts = undefined;
    this.#hasDts = false;
    this.#spacingTicks = FIRST_SPACING_TICKS;
  }

  #takeUntimed(): FrameStep {
    const silentTicks = this.silentTicks;
    const isUsed = this.#dts === undefined || silentTicks > UNTIMED_MAX_TICKS;
    if (this.#pcr.last === undefined || !isUsed) return 'untimed';
    this.#advance(silentTicks);
    return 'timed';
  }

  #advance(ticks: number): void {
    this.#ticks += ticks;
    if (this.#dts !== undefined) this.#dts = addTicks(this.#dts, ticks);
    this.#pcr.ticks = 0;
    this.#spare.ticks = 0;
  }
}
