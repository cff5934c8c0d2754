// This file plans a whole segment: which of its packets go out, when, and what comes in between.

import { isVideo } from './pmt.ts';
import { type Insert, SpliceClock } from './splice-clock.ts';
import { createFates, FateJudge, type Fates } from './splice-fates.ts';
import { JoinFinder } from './splice-joins.ts';
import { NOTE, type SpliceNotes } from './splice-notes.ts';
import { firstKept, firstTimed, lastKept, usualSpacing } from './splice-rows.ts';
import { adtsTicks } from './splice-sound.ts';
import { findStretches, type Stretch } from './splice-stretches.ts';
import type { SpliceSurvey } from './splice-survey.ts';
import { type OutputProgram, OutputTables, streamKinds } from './splice-tables.ts';
import { SpliceTimeline } from './splice-timeline.ts';
import { TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';

export type PlannedStretch = {
  readonly stretch: Stretch;
  readonly output: OutputProgram;
  /** What is open from before is not gone on with. */
  readonly isSplice: boolean;
};

export type SegmentPlan = {
  readonly stretches: readonly PlannedStretch[];
  readonly fates: Fates;
  readonly inserts: readonly Insert[];
  /** Why some of it, or all, is left out. */
  readonly reason: string | undefined;
};

/** After this long without a key frame what there is goes out; some streams never have one. */
const KEY_WAIT_TICKS = 10 * TICKS_PER_SECOND;
type Draft = {
  readonly bytes: Uint8Array;
  readonly notes: SpliceNotes;
  readonly fates: Fates;
  readonly stretches: PlannedStretch[];
  readonly inserts: Insert[];
  readonly mediaShare: number;
};

export class SplicePlanner {
  readonly #timeline: SpliceTimeline;
  readonly #clock: SpliceClock;
  readonly #tables = new OutputTables();
  readonly #joins = new JoinFinder();
  #packets: Uint8Array | undefined;
  #waitedTicks = 0;
  /** The program has pictures, though they may be missing. */
  #hadVideo = false;

  constructor(startTicks: number) {
    this.#timeline = new SpliceTimeline(startTicks);
    this.#clock = new SpliceClock(this.#timeline);
  }

  plan(bytes: Uint8Array, survey: SpliceSurvey, isDiscontinuity: boolean): SegmentPlan {
    const { notes, mediaShare } = survey;
    const fates = createFates(notes.count);
    const draft: Draft = { bytes, notes, fates, stretches: [], inserts: [], mediaShare };
    let reason: string | undefined;
    let mustSplice = isDiscontinuity;
    for (const stretch of findStretches(survey.spans, notes, bytes.length)) {
      const problem = this.#planStretch(draft, stretch, mustSplice || stretch.isJump);
      reason ??= problem;
      if (problem === undefined) mustSplice = false;
    }
    return { ...draft, reason };
  }

  /** Says why the stretch is left out; undefined where it is not. */
  #planStretch(draft: Draft, stretch: Stretch, mustSplice: boolean): string | undefined {
    const { lead } = stretch;
    const first = firstTimed(draft.notes, stretch);
    if (lead === undefined || first === undefined) {
      const mayGoOn = this.#timeline.hasBegun && !mustSplice;
      if (!mayGoOn) return 'it has no timestamps, wanted a PTS on video or audio';
      this.#goOn(draft, stretch);
      return undefined;
    }
    const isPicture = streamKinds(stretch.program)[lead] === 'video';
    const slot = this.#tables.slotsOf(stretch.program)[lead]!;
    const dts90k = draft.notes.dts90k[first]!;
    const isSameKind = isVideo(stretch.program.lead) === this.#hadVideo;
    if (!mustSplice && isSameKind && this.#timeline.goesOnWith(slot, dts90k)) {
      this.#goOn(draft, stretch);
      return undefined;
    }
    const joinRow = isPicture ? this.#findKey(draft.notes, stretch, first) : first;
    if (joinRow === undefined) return 'it has no key frame, wanted one to join with';
    this.#splice(draft, stretch, joinRow);
    return undefined;
  }

  /** A key frame; else one that can nearly be begun with; else any, once enough went by. */
  #findKey(notes: SpliceNotes, stretch: Stretch, first: number): number | undefined {
    let last = first;
    let nearly: number | undefined;
    for (let row = first; row < stretch.toRow; row++) {
      if (notes.stream[row] !== stretch.lead || !notes.isTimed(row)) continue;
      if (notes.has(row, NOTE.key)) return row;
      if (notes.has(row, NOTE.recovery)) nearly ??= row;
      last = row;
    }
    if (nearly !== undefined) return nearly;
    this.#waitedTicks += Math.max(0, ticksBetween(notes.dts90k[first]!, notes.dts90k[last]!));
    return this.#waitedTicks >= KEY_WAIT_TICKS ? first : undefined;
  }

  #goOn(draft: Draft, stretch: Stretch): void {
    this.#timeline.goOn();
    this.#finish(draft, stretch, undefined, !this.#timeline.hasBegun);
  }

  #splice(draft: Draft, stretch: Stretch, joinRow: number): void {
    this.#waitedTicks = 0;
    const { notes } = draft;
    const isFirst = !this.#timeline.hasBegun;
    const slot = this.#tables.slotsOf(stretch.program)[stretch.lead!]!;
    const before = new Map(this.#timeline.tracks);
    this.#timeline.splice(slot, notes.dts90k[joinRow]!, notes.pts90k[joinRow]!);
    this.#finish(draft, stretch, joinRow, isFirst, before);
  }

  #finish(
    draft: Draft,
    stretch: Stretch,
    joinRow: number | undefined,
    isFirst: boolean,
    before = new Map(this.#timeline.tracks),
  ): void {
    const timeline = this.#timeline;
    const { notes } = draft;
    const output = this.#tables.assign(stretch.program);
    timeline.frameTicks = usualSpacing(notes, stretch) ?? timeline.frameTicks;
    const join = { row: joinRow, isFirst, before, clock90k: this.#clock.latest90k };
    new FateJudge(stretch, draft, output, timeline, join).judge();
    const isSplice = joinRow !== undefined;
    const fromAt = isSplice ? firstKept(draft, stretch) : stretch.fromAt;
    const hasNewTables = !isFirst && output.packets !== this.#packets;
    this.#packets = output.packets;
    this.#hadVideo = isVideo(stretch.program.lead);
    const joins = this.#joins.find(draft, stretch, output, joinRow);
    const task = { ...draft, stretch, material: draft, output, fromAt, isSplice, hasNewTables };
    draft.inserts.push(...this.#clock.plan({ ...task, joins }));
    draft.stretches.push({ stretch, output, isSplice });
    this.#endTracks(draft, stretch, output);
    const last = stretch.lead === undefined ? undefined : lastKept(draft, stretch, stretch.lead);
    if (last !== undefined) timeline.moveAnchor(notes.dts90k[last]!);
  }

  /** Where the sound ends can be counted in ADTS; elsewhere the spacing must do. */
  #endTracks(draft: Draft, stretch: Stretch, output: OutputProgram): void {
    stretch.program.map.streams.forEach(({ type, pid }, index) => {
      const slot = output.slots[index]!;
      const track = this.#timeline.tracks.get(slot);
      const row = lastKept(draft, stretch, index);
      if (track === undefined || row === undefined) return;
      const ticks = adtsTicks(type, draft.bytes, draft.notes.at[row]!, pid);
      if (ticks === undefined) return;
      this.#timeline.tracks.set(slot, { ...track, endsAt90k: track.dts90k + ticks });
    });
  }
}
