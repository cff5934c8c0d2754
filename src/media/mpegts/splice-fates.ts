// This file decides what becomes of each PES packet of a stretch, and gives it its times.
import { NO_TIME, NOTE, type SpliceNotes } from './splice-notes.ts';
import { isNearer, type Stretch } from './splice-stretches.ts';
import { NO_SLOT, type OutputProgram, type Slot } from './splice-tables.ts';
import type { SpliceTimeline, TrackEnd } from './splice-timeline.ts';
import { ticksBetween } from './timestamp.ts';

export const FATE = { drop: 0, keep: 1, holdBack: 2 } as const;

/** By row of the notes; times of the output without the wrap, NO_TIME where there is none. */
export type Fates = {
  readonly fate: Uint8Array;
  readonly pts90k: Float64Array;
  readonly dts90k: Float64Array;
  readonly pcr27m: Float64Array;
};

export function createFates(rows: number): Fates {
  return {
    fate: new Uint8Array(rows),
    pts90k: new Float64Array(rows).fill(NO_TIME),
    dts90k: new Float64Array(rows).fill(NO_TIME),
    pcr27m: new Float64Array(rows).fill(NO_TIME),
  };
}

/** Sound ends and begins between two ticks; less than a millisecond is no overlap. */
const OVERLAP_TICKS = 90;
/** What is farther from the lead than this belongs to another clock. */
const STRAY_TICKS = 10 * 90_000;

/** A greater distance between two PES packets of a track is a hole in it. */
const SPACING_MAX_TICKS = 0.5 * 90_000;

export type Join = {
  /** The row of the frame that the stretch is joined with; undefined where it just goes on. */
  readonly row: number | undefined;
  /** Nothing was put out yet: what comes before the first key frame is left out. */
  readonly isFirst: boolean;
  /** What stood before the stretch, of tracks that have not yet gone on. */
  readonly before: ReadonlyMap<Slot, TrackEnd>;
  /** Until here the clock has come. */
  readonly clock90k: number;
};

export class FateJudge {
  readonly #stretch: Stretch;
  readonly #notes: SpliceNotes;
  readonly #output: OutputProgram;
  readonly #timeline: SpliceTimeline;
  readonly #fates: Fates;
  readonly #join: Join;
  /** Tracks that have DTS of their own. */
  readonly #ordered = new Set<Slot>();
  readonly #begun = new Set<Slot>();
  /** Tracks whose last PES packet with a time was left out: those without go with it. */
  readonly #leftOut = new Set<Slot>();
  #leadAt90k: number;

  constructor(
    stretch: Stretch,
    source: { readonly notes: SpliceNotes; readonly fates: Fates },
    output: OutputProgram,
    timeline: SpliceTimeline,
    join: Join,
  ) {
    this.#stretch = stretch;
    this.#notes = source.notes;
    this.#fates = source.fates;
    this.#output = output;
    this.#timeline = timeline;
    this.#join = join;
    this.#leadAt90k = timeline.leadDts90k;
  }

  judge(): void {
    const { fromRow, toRow, lead } = this.#stretch;
    for (let row = fromRow; row < toRow; row++) {
      if (!this.#notes.has(row, NOTE.start) || this.#notes.has(row, NOTE.foreign)) continue;
      const stream = this.#notes.stream[row]!;
      const slot = this.#output.slots[stream] ?? NO_SLOT;
      if (slot === NO_SLOT) continue;
      const isKept = this.#notes.isTimed(row)
        ? this.#judgeTimed(row, slot, stream === lead)
        : this.#judgeUntimed(row, slot);
      if (isKept) this.#leftOut.delete(slot);
      else this.#leftOut.add(slot);
      if (isKept && this.#fates.fate[row] === FATE.drop) this.#fates.fate[row] = FATE.keep;
    }
  }

  #judgeUntimed(row: number, slot: Slot): boolean {
    const isBefore = this.#join.row !== undefined && row < this.#join.row;
    if (this.#output.kinds[this.#notes.stream[row]!] === 'other') return !isBefore;
    const hasBegun = this.#begun.has(slot) || this.#join.row === undefined;
    return hasBegun && !this.#leftOut.has(slot);
  }

  #judgeTimed(row: number, slot: Slot, isLead: boolean): boolean {
    const isVideo = this.#output.kinds[this.#notes.stream[row]!] === 'video';
    const join = this.#join.row;
    if (join !== undefined && row < join && (isLead || isVideo || this.#join.isFirst)) return false;
    // Damaged pictures are seen, damaged sound hurts; but something must go out
    if (!isVideo && !isLead && this.#notes.has(row, NOTE.damaged)) return false;
    const source90k = this.#notes.dts90k[row]!;
    const dts90k = this.#timeline.outputOf(source90k);
    const pts90k = dts90k + ticksBetween(source90k, this.#notes.pts90k[row]!);
    if (isLead && this.#isBeforeKey(row, pts90k)) return false;
    if (!isLead && Math.abs(dts90k - this.#leadAt90k) > STRAY_TICKS) return false;
    if (!isLead && this.#isLeftOver(slot, source90k)) return false;
    const decoded90k = this.#inOrder(slot, dts90k, pts90k, isVideo);
    if (decoded90k === undefined) return false;
    this.#fates.dts90k[row] = decoded90k;
    this.#fates.pts90k[row] = pts90k;
    this.#begun.add(slot);
    if (pts90k !== dts90k) this.#ordered.add(slot);
    this.#remember(row, slot, source90k, decoded90k, isVideo);
    if (isLead) this.#takeLead(decoded90k, pts90k);
    return true;
  }

  /** Pictures decoded after the frame joined with but shown before it need what came earlier. */
  #isBeforeKey(row: number, pts90k: number): boolean {
    const { keyShown90k } = this.#timeline;
    if (keyShown90k === undefined || row === this.#join.row) return false;
    if (pts90k < keyShown90k) return true;
    this.#timeline.keyShown90k = undefined;
    return false;
  }

  /** Where the clock jumps amid a segment, other tracks may still bring what came before. */
  #isLeftOver(slot: Slot, source90k: number): boolean {
    const latest = this.#join.before.get(slot)?.source90k;
    if (!this.#stretch.isJump || latest === undefined || this.#begun.has(slot)) return false;
    const join = this.#join.row === undefined ? source90k : this.#notes.dts90k[this.#join.row]!;
    return isNearer(source90k, latest, join);
  }

  /** The DTS to be written; undefined where the packet would take the track back in time. */
  #inOrder(slot: Slot, dts90k: number, pts90k: number, isVideo: boolean): number | undefined {
    const track = this.#timeline.tracks.get(slot);
    const isSpliced = this.#join.row !== undefined && !this.#begun.has(slot);
    if (isSpliced && dts90k <= this.#join.clock90k) return undefined;
    if (track === undefined) return dts90k;
    if (isSpliced && dts90k < track.endsAt90k - OVERLAP_TICKS) return undefined;
    if (dts90k > track.dts90k) return dts90k;
    if (!isVideo || dts90k === track.dts90k) return undefined;
    // A stream that has PTS only has them out of order
    const hasOwnDts = pts90k !== dts90k || this.#ordered.has(slot);
    if (!hasOwnDts) return dts90k;
    return track.dts90k + 1 <= pts90k ? track.dts90k + 1 : undefined;
  }

  #remember(row: number, slot: Slot, source90k: number, dts90k: number, isVideo: boolean): void {
    const track = this.#timeline.tracks.get(slot);
    const isLater = track === undefined || dts90k >= track.dts90k;
    const spacingTicks = track === undefined ? 0 : this.#spacing(track, dts90k);
    const endsAt90k = dts90k + Math.max(spacingTicks, track?.spacingTicks ?? 0);
    const end = isLater ? { source90k, dts90k, spacingTicks, endsAt90k } : track;
    const isOpen = this.#notes.has(row, NOTE.openEnd) && !isVideo && row !== this.#join.row;
    if (isOpen) {
      this.#fates.fate[row] = FATE.holdBack;
      this.#timeline.heldBack.set(slot, end);
    } else {
      this.#timeline.tracks.set(slot, end);
    }
  }

  /** How long what came before is, as far as the distance to the next says it. */
  #spacing(track: TrackEnd, dts90k: number): number {
    const step = dts90k - track.dts90k;
    return track.source90k === undefined || step > SPACING_MAX_TICKS ? track.spacingTicks : step;
  }

  #takeLead(dts90k: number, pts90k: number): void {
    this.#leadAt90k = dts90k;
    const timeline = this.#timeline;
    timeline.leadDts90k = Math.max(timeline.leadDts90k, dts90k);
    timeline.leadEndsAt90k = Math.max(timeline.leadEndsAt90k, pts90k + timeline.frameTicks);
  }
}
