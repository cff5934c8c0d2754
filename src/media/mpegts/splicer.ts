// This file joins segments of any sources, one after the other, into one endless transport stream.
import { assert } from '../../base/assert.ts';
import { isVideo } from './pmt.ts';
import type { Program } from './program-reader.ts';
import { SoundRates } from './sound-rates.ts';
import { SoundSplitter } from './sound-splitter.ts';
import { NOTE } from './splice-notes.ts';
import { SpliceState } from './splice-packets.ts';
import { type SegmentPlan, SplicePlanner } from './splice-plan.ts';
import { adtsPids } from './splice-sound.ts';
import { SpliceSurvey } from './splice-survey.ts';
import { type SplicePiece, SpliceWriter } from './splice-writer.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

export type SpliceOptions = {
  /** When the first frame is decoded, in ticks of 90 kHz. */
  readonly startTicks?: number;
};

export type SegmentOptions = {
  /** The segment does not go on where the one before it ended. What is not said is found out. */
  readonly discontinuity: boolean;
  /** The rest of it comes as the next one. It goes out only if a viewer can begin with it. */
  readonly isBeginning?: boolean;
};

export type SegmentReport = {
  readonly kind: 'end';
  /** 'skipped': nothing of it went out. */
  readonly outcome: 'continued' | 'spliced' | 'skipped';
  /** Why some of it, or all, was left out. */
  readonly reason: string | undefined;
  /** Places at which the timeline was joined anew. */
  readonly splices: number;
};

/** A step of bounded work; 'busy' has no bytes yet. */
export type SpliceStep =
  | { readonly kind: 'busy' }
  | ({ readonly kind: 'piece' } & SplicePiece)
  | SegmentReport;

/** So that the clock, which is ahead of the frames, does not begin below 0. */
const START_TICKS = 10 * TICKS_PER_SECOND;

/**
 * For each segment: `begin` with the whole of it, then `next` until it says 'end'. A segment is
 * read ahead as a whole before any of it is written, so that its times are known; both happen in
 * steps of well under a millisecond.
 *
 *   begin ─► survey (steps of 256 KiB) ─► plan ─► write (pieces of 64 KiB) ─► end
 *               ▲        └─► sound apart ─┐
 *               └─────────────────────────┘  once, where its rate has changed before
 *
 * Nothing in a segment makes it throw: what cannot be used is left out, and the end says why.
 */
export class Splicer {
  readonly #planner: SplicePlanner;
  readonly #state = new SpliceState();
  readonly #rates = new SoundRates();
  readonly #sound = new SoundSplitter();
  #soundIs: 'as it came' | 'being split' | 'apart' = 'as it came';
  /** Of the last segment. */
  #program: Program | undefined;
  #bytes: Uint8Array = new Uint8Array();
  #discontinuity = false;
  #isBeginning = false;
  #survey: SpliceSurvey | undefined;
  #plan: SegmentPlan | undefined;
  #writer: SpliceWriter | undefined;

  constructor(options: SpliceOptions = {}) {
    this.#planner = new SplicePlanner(options.startTicks ?? START_TICKS);
  }

  /** `segment` must not change until its end. */
  begin(segment: Uint8Array, options: SegmentOptions): void {
    assert(this.#survey === undefined && this.#writer === undefined, 'the last segment has ended');
    this.#discontinuity = options.discontinuity;
    this.#isBeginning = options.isBeginning ?? false;
    this.#soundIs = 'as it came';
    this.#look(segment);
  }

  #look(segment: Uint8Array): void {
    this.#bytes = segment;
    this.#survey = new SpliceSurvey(segment, this.#discontinuity ? undefined : this.#program);
  }

  next(): SpliceStep {
    if (this.#writer !== undefined) return this.#write(this.#writer);
    assert(this.#survey !== undefined, 'a segment has begun');
    if (this.#soundIs === 'being split') return this.#splitSound();
    if (!this.#survey.step()) return { kind: 'busy' };
    this.#program = this.#survey.spans.at(-1)?.program ?? this.#program;
    const problem = refusal(this.#survey) ?? (this.#isBeginning ? lack(this.#survey) : undefined);
    if (problem !== undefined) return this.#end(problem);
    if (this.#soundIs === 'as it came' && this.#rates.hasChanged(this.#bytes, this.#survey)) {
      const pids = this.#survey.spans.flatMap(({ program }) => adtsPids(program));
      this.#sound.begin(this.#bytes, this.#survey.runs, pids);
      this.#soundIs = 'being split';
      return { kind: 'busy' };
    }
    this.#plan = this.#planner.plan(this.#bytes, this.#survey, this.#discontinuity);
    this.#writer = new SpliceWriter(this.#bytes, this.#survey, this.#plan, this.#state);
    return { kind: 'busy' };
  }

  #splitSound(): SpliceStep {
    if (this.#sound.step()) {
      this.#soundIs = 'apart';
      this.#look(this.#sound.result);
    }
    return { kind: 'busy' };
  }

  #write(writer: SpliceWriter): SpliceStep {
    const piece = writer.next();
    return piece === undefined ? this.#end(this.#plan?.reason) : { kind: 'piece', ...piece };
  }

  #end(reason: string | undefined): SegmentReport {
    const stretches = this.#plan?.stretches ?? [];
    const splices = stretches.filter(({ isSplice }) => isSplice).length;
    const outcome = stretches.length === 0 ? 'skipped' : splices > 0 ? 'spliced' : 'continued';
    this.#bytes = new Uint8Array();
    this.#survey = undefined;
    this.#plan = undefined;
    this.#writer = undefined;
    return { kind: 'end', outcome, reason, splices };
  }
}

/** Why nothing of the segment can be used. */
function refusal(survey: SpliceSurvey): string | undefined {
  if (survey.runs.length === 0) return 'it is no MPEG-TS, wanted packets of 188 bytes';
  if (survey.isTooDense) return 'it has more PES packets or maps than a segment of television';
  if (survey.spans.length === 0) return 'it has no tables, wanted PAT and PMT with video or audio';
  const isScrambled = survey.scrambledPackets > 0 && survey.notes.count === 0;
  return isScrambled ? 'it is scrambled, wanted clear media' : undefined;
}

/** Why nobody could begin with what there is, though there may be more. */
function lack({ spans, notes }: SpliceSurvey): string | undefined {
  const reason = 'nobody could begin with it, wanted a key frame';
  const [span, ...others] = spans;
  if (span === undefined || others.length > 0) return reason;
  const { map, lead } = span.program;
  const stream = map.streams.findIndex(({ pid }) => pid === lead.pid);
  const hasPictures = isVideo(lead);
  for (let row = 0; row < notes.count; row++) {
    if (notes.stream[row] !== stream || !notes.isTimed(row)) continue;
    if (!hasPictures || notes.has(row, NOTE.key | NOTE.recovery)) return undefined;
  }
  return reason;
}
