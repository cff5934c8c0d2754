// This file writes a planned segment piece by piece.
import { PACKET_BYTES } from './packet.ts';
import type { SpliceNotes } from './splice-notes.ts';
import type { SpliceState } from './splice-packets.ts';
import type { SegmentPlan } from './splice-plan.ts';
import { type SpliceMark, SpliceRewriter } from './splice-rewriter.ts';
import { SpliceSlice } from './splice-slice.ts';
import type { PacketRun } from './splice-survey.ts';

export type SplicePiece = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly marks: readonly SpliceMark[];
};

/** What is read for a piece: about 64 KiB. */
const SLICE_BYTES = 348 * PACKET_BYTES;

export class SpliceWriter {
  readonly #bytes: Uint8Array;
  readonly #runs: readonly PacketRun[];
  readonly #plan: SegmentPlan;
  readonly #state: SpliceState;
  readonly #rewriter: SpliceRewriter;
  #stretchIndex = -1;
  #runIndex = 0;
  #at = 0;

  constructor(
    bytes: Uint8Array,
    survey: { readonly runs: readonly PacketRun[]; readonly notes: SpliceNotes },
    plan: SegmentPlan,
    state: SpliceState,
  ) {
    this.#bytes = bytes;
    this.#runs = survey.runs;
    this.#plan = plan;
    this.#state = state;
    this.#rewriter = new SpliceRewriter(survey.notes, plan, state);
  }

  /** The next piece; undefined where the segment is written. */
  next(): SplicePiece | undefined {
    const planned = this.#plan.stretches[this.#stretchIndex];
    if (planned === undefined) return this.#nextStretch();
    while (this.#runEnd() <= this.#at) this.#runIndex += 1;
    const run = this.#runs[this.#runIndex];
    const end = planned.stretch.toAt;
    const from = Math.max(this.#at, run?.from ?? end);
    if (run === undefined || from >= end) return this.#nextStretch();
    const to = Math.min(run.to, end, from + SLICE_BYTES);
    const slice = new SpliceSlice(this.#bytes, from, to);
    const marks: SpliceMark[] = [];
    this.#at = this.#rewriter.rewrite(slice, from, to, marks);
    return { bytes: slice.written, marks };
  }

  #runEnd(): number {
    return this.#runs[this.#runIndex]?.to ?? Number.POSITIVE_INFINITY;
  }

  /** What was due at the end of this stretch, then what the segment before left to the next. */
  #nextStretch(): SplicePiece | undefined {
    if (this.#rewriter.isUnfinished) {
      const slice = new SpliceSlice(this.#bytes, 0, 0);
      this.#rewriter.finish(slice);
      return { bytes: slice.written, marks: [] };
    }
    this.#stretchIndex += 1;
    const planned = this.#plan.stretches[this.#stretchIndex];
    if (planned === undefined) return undefined;
    this.#at = Math.max(this.#at, planned.stretch.fromAt);
    this.#rewriter.enter(planned);
    if (this.#state.heldBack.length === 0) return this.next();
    return { bytes: this.#state.releaseHeldBack(), marks: [] };
  }
}
