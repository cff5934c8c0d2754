// This file holds how far the spliced stream has come: each track, the lead and the clock.

import { STEP_MAX_TICKS } from './splice-stretches.ts';
import { isMedia, type Slot } from './splice-tables.ts';
import { ticksBetween } from './timestamp.ts';

/** Times of the output are counted without the wrap at 2^33. */
export type TrackEnd = {
  /** The latest DTS, as the source has it; undefined where that is of a source before this one. */
  readonly source90k: number | undefined;
  readonly dts90k: number;
  /** Between its last two PES packets. */
  readonly spacingTicks: number;
  /** Where the last frame ends. */
  readonly endsAt90k: number;
};

/** A time of the source and what it becomes. */
type Anchor = { readonly source90k: number; readonly output90k: number };

const FRAME_TICKS = 3600;
/** Sound may come later than the pictures beside it. */
const BEHIND_MAX_TICKS = 90_000;
/** How much sound of a new source may be left out because that before it was ahead. */
const OVERLAP_MAX_TICKS = 90_000;

export class SpliceTimeline {
  #anchor: Anchor | undefined;
  readonly tracks = new Map<Slot, TrackEnd>();
  /** What becomes of the tracks where the next segment brings the rest of what is held back. */
  readonly heldBack = new Map<Slot, TrackEnd>();
  /** The latest DTS of the lead, and where its last picture ends. */
  leadDts90k: number;
  leadEndsAt90k: number;
  frameTicks = FRAME_TICKS;
  /** When the frame joined with last is shown, until one after it was shown too. */
  keyShown90k: number | undefined;

  /** `startTicks` is the DTS of the first frame. */
  constructor(startTicks: number) {
    this.leadDts90k = startTicks - FRAME_TICKS;
    this.leadEndsAt90k = startTicks;
  }

  get hasBegun(): boolean {
    return this.#anchor !== undefined;
  }

  /** True where a frame of the source may follow what came last with the same offset. */
  goesOnWith(slot: Slot, dts90k: number): boolean {
    if (this.#anchor === undefined) return false;
    const latest = this.tracks.get(slot)?.source90k;
    const step = ticksBetween(latest ?? this.#anchor.source90k, dts90k);
    return step <= STEP_MAX_TICKS && step > (latest === undefined ? -BEHIND_MAX_TICKS : 0);
  }

  outputOf(source90k: number): number {
    const anchor = this.#anchor as Anchor;
    return anchor.output90k + ticksBetween(anchor.source90k, source90k);
  }

  /** A source's clock is unwrapped from here, so that it may run on for days. */
  moveAnchor(source90k: number): void {
    this.#anchor = { source90k, output90k: this.outputOf(source90k) };
  }

  /** The segment brings the rest of what was held back. */
  goOn(): void {
    for (const [slot, end] of this.heldBack) this.tracks.set(slot, end);
    this.heldBack.clear();
  }

  /**
   * Gives the lead's first frame the place right after the last: decoded and shown a frame later,
   * and not so early that much of another track's sound would be said twice.
   */
  splice(lead: Slot, dts90k: number, pts90k: number): void {
    this.heldBack.clear();
    let output90k = Math.max(
      this.leadDts90k + this.frameTicks,
      this.leadEndsAt90k - ticksBetween(dts90k, pts90k),
    );
    for (const [slot, track] of this.tracks) {
      const overlapTicks = slot === lead ? 0 : OVERLAP_MAX_TICKS;
      if (isMedia(slot)) output90k = Math.max(output90k, track.endsAt90k - overlapTicks);
      this.tracks.set(slot, { ...track, source90k: undefined });
    }
    this.#anchor = { source90k: dts90k, output90k };
    this.keyShown90k = output90k + ticksBetween(dts90k, pts90k);
  }
}
