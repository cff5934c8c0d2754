// This file says at which frames an endless stream is cut.
import type { FrameKind } from './frame-kind.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

/** The better kinds of key frame are waited for where the stream had two in this time. */
const BETTER_WITHIN_TICKS = 10 * TICKS_PER_SECOND;
/** At the beginning, for pictures that are right at once, before one is taken that grows right. */
const RECOVERY_WAIT_TICKS = TICKS_PER_SECOND;

/** What rounded timestamps may lack of a whole number of frames. */
const ROUNDING_TICKS = TICKS_PER_SECOND / 100;

const RANKS: Readonly<Record<FrameKind, number>> = { other: 0, recovery: 1, key: 2, idr: 3 };

export type CutLimits = {
  readonly targetTicks: number;
  /** With no key frame for this long it is cut anyway. */
  readonly keylessTicks: number;
};

export class CutRule {
  readonly #keylessTicks: number;
  /** May change in mid-stream: what comes next is cut by it. */
  targetTicks: number;
  /** When a frame of each rank came last. */
  readonly #seenAt = [-Infinity, -Infinity, -Infinity, -Infinity];
  /** And when the one before: an encoder's very first frame alone promises no other of its kind. */
  readonly #seenBefore = [-Infinity, -Infinity, -Infinity, -Infinity];
  #intervalMaxTicks = 0;

  constructor({ targetTicks, keylessTicks }: CutLimits) {
    this.targetTicks = targetTicks;
    this.#keylessTicks = keylessTicks;
  }

  /** The longest time from one key frame to the next. */
  get intervalMaxTicks(): number {
    return this.#intervalMaxTicks;
  }

  /** A frame that came `ticks` after the first. */
  note(kind: FrameKind, ticks: number): void {
    const rank = RANKS[kind];
    if (rank > 0) {
      const interval = ticks - Math.max(...this.#seenAt.slice(1));
      if (interval < Infinity) this.#intervalMaxTicks = Math.max(this.#intervalMaxTicks, interval);
    }
    this.#seenBefore[rank] = this.#seenAt[rank]!;
    this.#seenAt[rank] = ticks;
  }

  /** The stream begins anew: what it had before says nothing. */
  forget(): void {
    this.#seenAt.fill(-Infinity);
    this.#seenBefore.fill(-Infinity);
  }

  /** True where a piece may begin with a frame that was noted. */
  mayBegin(kind: FrameKind, ticks: number, waitedTicks: number): boolean {
    if (waitedTicks >= this.#keylessTicks) return true;
    if (kind === 'recovery') return waitedTicks >= RECOVERY_WAIT_TICKS;
    return this.#isGood(kind, ticks) || kind === 'key';
  }

  /** True where the piece that is `elapsedTicks` long ends before a frame that was noted. */
  isDue(kind: FrameKind, ticks: number, elapsedTicks: number, spacingTicks: number): boolean {
    const { targetTicks } = this;
    if (elapsedTicks + spacingTicks > this.#keylessTicks) return true;
    if (elapsedTicks + ROUNDING_TICKS < targetTicks) return false;
    return elapsedTicks >= 2 * targetTicks ? RANKS[kind] > 0 : this.#isGood(kind, ticks);
  }

  #isGood(kind: FrameKind, ticks: number): boolean {
    const rank = RANKS[kind];
    if (rank === 0) return false;
    const better = Math.max(-Infinity, ...this.#seenBefore.slice(rank + 1));
    return ticks - better > BETTER_WITHIN_TICKS;
  }
}
