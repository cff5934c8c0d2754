// This file gives the spliced stream its PCR and says where tables and clock are inserted.
import { ClockLine } from './clock-line.ts';
import { PACKET_BYTES } from './packet.ts';
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
  /** Of the segment's packets; the rest is left out. */
  readonly mediaShare: number;
  /** Where its first packet that is kept is. */
  readonly fromAt: number;
  readonly isSplice: boolean;
  readonly hasNewTables: boolean;
  /** Rows of the frames before which a viewer may join. */
  readonly joins: ReadonlySet<number>;
};

const MS_27M = 27_000;
/** ISO/IEC 13818-1 §2.7.2. */
const PCR_MAX_27M = 100 * MS_27M;
/** The rest is for packets that come in between. */
const PCR_DUE_27M = 90 * MS_27M;
const TABLES_DUE_27M = 88 * MS_27M;
/** PAT and PMT. */
const TABLE_PACKETS = 2;
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
  /** From the PCR before it, and where it was. */
  #step27m = 0;
  #pcrAt = 0;
  /** When the tables were put out last, at the earliest. */
  #tables27m = NEVER;
  /** What the clock was when the bytes so far ended. */
  #end27m = NEVER;
  /** What is added to the source's clock beside the offset of its timestamps. */
  #shift27m = 0;
  #hasPcr: boolean | undefined;
  #inserts: Insert[] = [];
  #mediaShare = 1;

  constructor(timeline: SpliceTimeline) {
    this.#timeline = timeline;
  }

  /** What it says by now. */
  get latest90k(): number {
    return this.#pcr27m / TICKS_27M_PER_TICK;
  }

  /** Fills in the PCR of the stretch's own packets and returns what is to be inserted. */
  plan(task: ClockTask): readonly Insert[] {
    const { stretch, material, output, fromAt } = task;
    this.#inserts = [];
    this.#mediaShare = task.mediaShare;
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
    this.#pcrAt = fromAt;
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
        const time27m = Math.min(pcr27m, cap27m);
        this.#fill(at, time27m);
        fates.pcr27m[row] = this.#tick(time27m, at) ?? NO_TIME;
      }
      from = at;
    }
    this.#advance(from, stretch.toAt, lowest[lowest.length - 1]! - MARGIN_27M, line);
  }

  /** What comes due before the packet at `to`. */
  #advance(from: number, to: number, cap27m: number, line: ClockLine): void {
    if (this.#pcr27m === NEVER) return;
    for (;;) {
      const due27m = this.#due27m();
      if (due27m > cap27m) return;
      const at = Math.max(from, line.atOf(due27m - this.#shift27m));
      if (at >= to) return;
      this.#insertClock(at, due27m);
    }
  }

  /** Where the clock leaps, time passes in which nothing comes. */
  #fill(at: number, to27m: number): void {
    if (this.#pcr27m === NEVER) return;
    for (let due27m = this.#due27m(); due27m < to27m; due27m = this.#due27m()) {
      const isLate = to27m - this.#pcr27m > PCR_MAX_27M || this.#isTableDue(to27m);
      if (!isLate) return;
      this.#insertClock(at, due27m);
    }
  }

  #due27m(): number {
    const tables27m = Math.ceil(this.#tables27m + TABLES_DUE_27M);
    return Math.max(this.#pcr27m + 1, Math.min(this.#pcr27m + PCR_DUE_27M, tables27m));
  }

  #isTableDue(time27m: number): boolean {
    return time27m - this.#tables27m > TABLES_DUE_27M;
  }

  #insertClock(at: number, time27m: number): void {
    const pcr27m = this.#tick(time27m, at);
    if (pcr27m !== undefined) this.#insert(INSERT.clock, at, pcr27m);
  }

  #join(at: number, now27m: number, hasOwnPcr: boolean): void {
    this.#fill(at, now27m);
    this.#insert(INSERT.join, at);
    const step27m = this.#pcr27m === NEVER ? 0 : Math.max(0, now27m - this.#pcr27m);
    this.#takeTables(now27m, step27m, at);
    if (!hasOwnPcr) this.#insertClock(at, now27m);
  }

  /**
   * The PCR to be written; undefined where it would stand or go back. The tables come right before
   * a PCR where they would be late before the next one: so it is known when they come.
   */
  #tick(time27m: number, at: number): number | undefined {
    const pcr27m = Math.round(time27m);
    if (pcr27m <= this.#pcr27m) return undefined;
    this.#step27m = this.#pcr27m === NEVER ? 0 : pcr27m - this.#pcr27m;
    if (this.#isTableDue(pcr27m + this.#step27m)) {
      this.#takeTables(pcr27m, this.#step27m, at);
      this.#insert(INSERT.tables, at);
    }
    this.#pcrAt = at;
    this.#pcr27m = pcr27m;
    return pcr27m;
  }

  /**
   * Right before a PCR, `step27m` after the last. Between two PCRs packets are evenly spread; where
   * they are few, only the half of them is counted on, since what is left out is not.
   */
  #takeTables(pcr27m: number, step27m: number, at: number): void {
    const packets = Math.max(0, (at - this.#pcrAt) / PACKET_BYTES) * this.#mediaShare * 0.5;
    const before27m = (step27m * TABLE_PACKETS) / (packets + TABLE_PACKETS + 1);
    this.#tables27m = Math.max(this.#tables27m, pcr27m - before27m);
  }

  #insert(what: number, at: number, pcr27m = NO_TIME): void {
    this.#inserts.push({ what, at: Math.floor(at), pcr27m });
  }
}
