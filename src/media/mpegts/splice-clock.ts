// This file gives the spliced stream its PCR and says where tables and clock are inserted.
import { ClockLine } from './clock-line.ts';
import { FATE } from './splice-fates.ts';
import {
  isKeptMedia,
  lowestAhead,
  type Material,
  mediaLine,
  outputPcr,
  sourceLine,
} from './splice-lines.ts';
import { NO_TIME } from './splice-notes.ts';
import type { Stretch } from './splice-stretches.ts';
import type { OutputProgram } from './splice-tables.ts';
import type { SpliceTimeline } from './splice-timeline.ts';
import { TICKS_27M_PER_TICK } from './timestamp.ts';

export const INSERT = { tables: 0, join: 1, clock: 2 } as const;

/** What is put before the first packet at or after `at`. */
export type Insert = { readonly what: number; readonly at: number; readonly pcr27m: number };

export type ClockTask = {
  readonly stretch: Stretch;
  readonly material: Material;
  readonly output: OutputProgram;
  /** Where its first packet that is kept is. */
  readonly fromAt: number;
  readonly isSplice: boolean;
  readonly hasNewTables: boolean;
  /** Rows of the frames before which a viewer may join. */
  readonly joins: ReadonlySet<number>;
};

const MS_27M = 27_000;
/** ISO/IEC 13818-1 §2.7.2 wants 100 ms at most; the rest is for packets that come in between. */
const PCR_DUE_27M = 90 * MS_27M;
const TABLES_DUE_27M = 85 * MS_27M;
/** What follows is decoded at least this long after the PCR. */
const MARGIN_27M = 20 * MS_27M;
/** Where a source has no PCR: the shortest time from a frame's arrival to its decoding. */
const OWN_DELAY_27M = 400 * MS_27M;
/** A clock farther behind the frames than this would make players hold too much. */
const DELAY_MAX_27M = 3000 * MS_27M;
const NEVER = Number.NEGATIVE_INFINITY;

export class SpliceClock {
  readonly #timeline: SpliceTimeline;
  /** The last PCR put out. */
  #pcr27m = NEVER;
  /** When the tables were put out last. */
  #tables27m = NEVER;
  /** What the clock was when the bytes so far ended. */
  #end27m = NEVER;
  /** What is added to the source's clock beside the offset of its timestamps. */
  #shift27m = 0;
  #hasPcr: boolean | undefined;
  #inserts: Insert[] = [];

  constructor(timeline: SpliceTimeline) {
    this.#timeline = timeline;
  }

  /** Fills in the PCR of the stretch's own packets and returns what is to be inserted. */
  plan(task: ClockTask): readonly Insert[] {
    const { stretch, material, output, fromAt } = task;
    this.#inserts = [];
    const media = mediaLine(stretch, material, this.#timeline, fromAt);
    const own = media && sourceLine(stretch, material.notes, this.#timeline, media);
    const hasPcr = own !== undefined;
    const line = own ?? media ?? this.#standing(fromAt);
    if (media !== undefined && (task.isSplice || hasPcr !== this.#hasPcr)) {
      this.#shift27m = this.#chooseShift(line, task, hasPcr);
      this.#hasPcr = hasPcr;
    }
    const lowest = lowestAhead(stretch, material, output, this.#timeline);
    if (task.hasNewTables) this.#insert(INSERT.tables, fromAt);
    this.#walk(task, line, lowest);
    this.#end27m = Math.max(this.#pcr27m, line.timeAt(stretch.toAt) + this.#shift27m);
    return this.#inserts;
  }

  /** A piece amid a frame: no time passes in it. */
  #standing(fromAt: number): ClockLine {
    const line = new ClockLine();
    line.add(fromAt, this.#end27m - this.#shift27m);
    return line;
  }

  /** The clock goes on from where it ended, as far as the frames of the stretch allow it. */
  #chooseShift(line: ClockLine, task: ClockTask, hasPcr: boolean): number {
    const { stretch, output } = task;
    const { notes, fates } = task.material;
    let slack27m = Number.POSITIVE_INFINITY;
    for (let row = stretch.fromRow; row < stretch.toRow; row++) {
      if (!isKeptMedia(row, notes, fates, output)) continue;
      const dts27m = fates.dts90k[row]! * TICKS_27M_PER_TICK;
      slack27m = Math.min(slack27m, dts27m - line.timeAt(notes.at[row]!));
    }
    const firstShift = hasPcr ? 0 : slack27m - OWN_DELAY_27M;
    const wanted = this.#end27m === NEVER ? firstShift : this.#end27m - line.timeAt(line.firstAt);
    const low = slack27m - DELAY_MAX_27M;
    return Math.round(Math.min(Math.max(wanted, low), slack27m - MARGIN_27M));
  }

  #walk(task: ClockTask, line: ClockLine, lowest: Float64Array): void {
    const { stretch, output, fromAt } = task;
    const { notes, fates } = task.material;
    let from = fromAt;
    for (let row = stretch.fromRow; row < stretch.toRow; row++) {
      const at = notes.at[row]!;
      if (at < fromAt) continue;
      const cap27m = lowest[row - stretch.fromRow]! - MARGIN_27M;
      this.#advance(from, at, cap27m, line);
      const source27m = notes.pcr27m[row]!;
      const isOwn = source27m !== NO_TIME && output.slots[notes.stream[row]!] === output.pcrSlot;
      if (task.joins.has(row) && fates.fate[row] === FATE.keep) {
        this.#join(at, Math.min(line.timeAt(at) + this.#shift27m, cap27m), isOwn);
      }
      if (isOwn) {
        const pcr27m = outputPcr(source27m, this.#timeline) + this.#shift27m;
        fates.pcr27m[row] = this.#tick(Math.min(pcr27m, cap27m)) ?? NO_TIME;
      }
      from = at;
    }
    this.#advance(from, stretch.toAt, lowest[lowest.length - 1]! - MARGIN_27M, line);
  }

  /** Tables and clock that come due before the packet at `to`. */
  #advance(from: number, to: number, cap27m: number, line: ClockLine): void {
    for (;;) {
      const pcrDue27m = this.#pcr27m + PCR_DUE_27M;
      const due27m = Math.min(pcrDue27m, this.#tables27m + TABLES_DUE_27M);
      if (due27m > cap27m) return;
      const at = Math.max(from, line.atOf(due27m - this.#shift27m));
      if (at >= to) return;
      if (due27m === pcrDue27m) {
        this.#pcr27m = due27m;
        this.#insert(INSERT.clock, at, due27m);
      } else {
        this.#tables27m = due27m;
        this.#insert(INSERT.tables, at);
      }
    }
  }

  #join(at: number, now27m: number, hasOwnPcr: boolean): void {
    this.#insert(INSERT.join, at);
    this.#tables27m = Math.max(now27m, this.#pcr27m);
    if (hasOwnPcr) return;
    const pcr27m = this.#tick(now27m);
    if (pcr27m !== undefined) this.#insert(INSERT.clock, at, pcr27m);
  }

  /** The PCR to be written; undefined where it would stand or go back. */
  #tick(time27m: number): number | undefined {
    const pcr27m = Math.round(time27m);
    if (pcr27m <= this.#pcr27m) return undefined;
    this.#pcr27m = pcr27m;
    return pcr27m;
  }

  #insert(what: number, at: number, pcr27m = NO_TIME): void {
    this.#inserts.push({ what, at, pcr27m });
  }
}
