// This file decides, frame by frame, where the pieces of an endless stream begin and end.
import { type CutLimits, CutRule } from './cut-rule.ts';
import { LeadClock } from './lead-clock.ts';
import type { LeadFrame } from './lead-frame.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

/**
 * 'keep': the frame goes on in the piece; 'begin': a piece begins with it; 'end': the piece ends
 * before it and none begins; 'drop': none has begun and it begins none.
 */
export type Verdict = 'keep' | 'begin' | 'end' | 'drop';

export type PieceLimits = CutLimits & {
  /** No piece is said to be longer. */
  readonly maxTicks: number;
};

/** Where a piece ends. */
export type PieceEnd = {
  readonly ticks: number;
  /** There the next frame begins; otherwise it is reckoned. */
  readonly isExact: boolean;
  /** What comes next is another recording. */
  readonly isBreak: boolean;
};

/** What is waited for a key frame in at the beginning, then the picture starts anyhow. */
const SEEK_MAX_BYTES = 16 * 1024 * 1024;
/** A lead stream that says nothing for this long is left to the other clocks. */
const SILENCE_TICKS = 3 * TICKS_PER_SECOND;

export class CutJudge {
  readonly clock = new LeadClock();
  readonly #limits: PieceLimits;
  readonly #rule: CutRule;
  #end: PieceEnd = { ticks: 0, isExact: false, isBreak: false };
  /** Where the search for a key frame began: its time, and its place in the stream. */
  #seekFrom = { ticks: 0, position: 0 };
  #isBroken = false;
  #isNextDiscontinuous = false;
  #mustCut = false;
  #mustEnd = false;

  constructor(limits: PieceLimits) {
    this.#limits = limits;
    this.#rule = new CutRule(limits);
  }

  /** From now on a piece ends at the first key frame after this much. */
  aimAt(targetTicks: number): void {
    this.#rule.targetTicks = targetTicks;
  }

  get end(): PieceEnd {
    return this.#end;
  }

  get maxTicks(): number {
    return this.#limits.maxTicks;
  }

  get keyIntervalMaxTicks(): number {
    return this.#rule.intervalMaxTicks;
  }

  /** Where the last frame ends, as far as can be told. */
  get reckonedTicks(): number {
    return this.clock.ticks + this.clock.spacingTicks;
  }

  /** Packets were lost since the last frame of the lead stream, or its counters begin anew. */
  noteBreak(): void {
    this.#isBroken = true;
  }

  /** The piece ends at the next key frame, whatever its length, and the next is discontinuous. */
  cutSoon(): void {
    this.#mustCut = true;
  }

  /** The piece ends at the next key frame, whatever its length. */
  endSoon(): void {
    this.#mustEnd = true;
  }

  /** True where the piece that begins now does not go on where the one before ended. */
  takeDiscontinuity(): boolean {
    const isDiscontinuous = this.#isNextDiscontinuous;
    this.#isNextDiscontinuous = false;
    this.#mustCut = false;
    this.#mustEnd = false;
    return isDiscontinuous;
  }

  /** The piece ends after the last frame, with none that begins the next. */
  endReckoned(isBreak: boolean, position: number): void {
    this.#endAt({ ticks: this.reckonedTicks, isExact: false, isBreak }, position);
  }

  /**
   * `startTicks` is when the piece began, if one has; `position` counts the bytes of the stream. A
   * packet that is repeated begins no frame anew.
   */
  judge(
    frame: LeadFrame,
    startTicks: number | undefined,
    position: number,
    isRepeat: boolean,
  ): Verdict {
    const { clock, reckonedTicks } = this;
    const isSame = isRepeat && (frame.dts ?? frame.pts) === clock.lastDts;
    if (isSame) return startTicks === undefined ? 'drop' : 'keep';
    const step = clock.takeFrame(frame);
    const isBroken = this.#isBroken;
    this.#isBroken = false;
    if (step === 'jump') this.#rule.forget();
    this.#rule.note(frame.kind, clock.ticks);
    if (startTicks === undefined) return this.#judgeStart(frame, position);
    if (step === 'jump') {
      this.#endAt({ ticks: reckonedTicks, isExact: false, isBreak: true }, position);
      return this.#judgeStart(frame, position) === 'begin' ? 'begin' : 'end';
    }
    if (step === 'untimed') return 'keep';
    const elapsedTicks = clock.ticks - startTicks;
    if (elapsedTicks > this.#limits.maxTicks) {
      // What was between is lost or never was: no segment may be said to be that long
      this.#endAt({ ticks: reckonedTicks, isExact: false, isBreak: true }, position);
      return 'begin';
    }
    return this.#judgeDue(frame, elapsedTicks, isBroken);
  }

  #judgeDue({ kind }: LeadFrame, elapsedTicks: number, isBroken: boolean): Verdict {
    const { ticks, spacingTicks } = this.clock;
    const isForced = (this.#mustCut || this.#mustEnd) && kind !== 'other';
    const isDue = isForced || this.#rule.isDue(kind, ticks, elapsedTicks, spacingTicks);
    if (!isDue) return 'keep';
    this.#end = { ticks, isExact: true, isBreak: false };
    if (isBroken || this.#mustCut) this.#isNextDiscontinuous = true;
    return 'begin';
  }

  #judgeStart({ kind }: LeadFrame, position: number): Verdict {
    const { ticks } = this.clock;
    const isLate = position - this.#seekFrom.position >= SEEK_MAX_BYTES;
    const waitedTicks = ticks - this.#seekFrom.ticks;
    return isLate || this.#rule.mayBegin(kind, ticks, waitedTicks) ? 'begin' : 'drop';
  }

  /** What to do about a lead stream that is silent while the others go on. */
  judgeSilence(startTicks: number | undefined): 'wait' | 'begin' | 'change lead' {
    const { clock, reckonedTicks } = this;
    if (clock.silentTicks < SILENCE_TICKS) return 'wait';
    if (startTicks === undefined) return 'change lead';
    const elapsedTicks = clock.ticks + clock.silentTicks - startTicks;
    if (elapsedTicks < this.#limits.keylessTicks) return 'wait';
    clock.passSilence();
    const isHole = elapsedTicks > this.#limits.maxTicks;
    const ticks = isHole ? reckonedTicks : clock.ticks;
    this.#end = { ticks, isExact: !isHole, isBreak: isHole };
    if (isHole) this.#isNextDiscontinuous = true;
    return 'begin';
  }

  #endAt(end: PieceEnd, position: number): void {
    this.#end = end;
    if (end.isBreak) this.#isNextDiscontinuous = true;
    this.#seekFrom = { ticks: this.clock.ticks, position };
  }
}
