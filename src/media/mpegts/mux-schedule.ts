// This file decides where tables and clock stand between the units of a stream.
import type { MuxTrack, MuxUnit } from './mux-track.ts';
import type { UnitStart } from './packetize.ts';
import { TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';

export type Step =
  | { readonly kind: 'tables' }
  | { readonly kind: 'pcr'; readonly start: UnitStart }
  | { readonly kind: 'unit'; readonly unit: MuxUnit; readonly start: UnitStart };

/** How long before its DTS a unit is sent: as FFmpeg does, enough for sound beside large pictures. */
export const LEAD_TICKS = 0.7 * TICKS_PER_SECOND;
/** ISO/IEC 13818-1 §2.7.2 allows 100 ms: pictures may be so far apart with nothing between them. */
const PCR_MAX_TICKS = 0.095 * TICKS_PER_SECOND;
/** Clocks that stand alone; less, so that the next picture's own is not late. */
const PCR_INTERVAL_TICKS = 0.08 * TICKS_PER_SECOND;
/** ETSI TR 101 290 §5.2.1 calls 500 ms without tables an error. */
const TABLE_INTERVAL_TICKS = 0.4 * TICKS_PER_SECOND;
/** A longer step is a jump to another time: filling it with clocks would be endless. */
const JUMP_TICKS = 10 * TICKS_PER_SECOND;
/** The track whose PID carries the clock. */
const CLOCK_TRACK = 0;

/** Goes on over calls: the clock of a segment continues that of the one before it. */
export class MuxSchedule {
  /** The last one planned; it never goes back but where the time jumps. */
  #pcr: number | undefined;
  #tables: number | undefined;
  /** The clock has jumped, and no packet has said so yet. */
  #isNewTime = false;
  readonly #isLed: boolean;

  /** `isLed`: the clock is told with units of its own track alone, and goes no further than those. */
  constructor(isLed = false) {
    this.#isLed = isLed;
  }

  /** `units` are in the order they are sent. The tables stand before the first of them. */
  plan(units: readonly MuxUnit[], tracks: readonly MuxTrack[]): Step[] {
    const steps: Step[] = [];
    this.#tables = undefined;
    for (const unit of units) {
      const sendAt = unit.dts - LEAD_TICKS;
      const isOnClock = unit.track === CLOCK_TRACK;
      if (isOnClock || !this.#isLed) this.#seeJump(sendAt);
      this.#addTables(steps, sendAt);
      if (isOnClock || !this.#isLed) this.#addClocks(steps, sendAt, isOnClock);
      const isRandomAccess = unit.isKey && isEntry(unit, tracks);
      const clock = isOnClock ? this.#clockAt(sendAt) : {};
      steps.push({ kind: 'unit', unit, start: { ...clock, isRandomAccess } });
    }
    return steps;
  }

  /** A time before the clock is no jump while the unit is not late for its decoder. */
  #seeJump(sendAt: number): void {
    if (this.#pcr === undefined) return;
    const step = ticksBetween(this.#pcr, sendAt);
    if (step <= JUMP_TICKS && step >= -LEAD_TICKS) return;
    this.#pcr = undefined;
    this.#tables = undefined;
    this.#isNewTime = true;
  }

  #addTables(steps: Step[], sendAt: number): void {
    const since =
      this.#tables === undefined ? TABLE_INTERVAL_TICKS : ticksBetween(this.#tables, sendAt);
    if (since < TABLE_INTERVAL_TICKS) return;
    steps.push({ kind: 'tables' });
    this.#tables = sendAt;
  }

  #addClocks(steps: Step[], sendAt: number, isOnClock: boolean): void {
    if (this.#pcr === undefined) {
      if (!isOnClock) steps.push({ kind: 'pcr', start: this.#clockAt(sendAt) });
      return;
    }
    const least = isOnClock ? PCR_MAX_TICKS : PCR_INTERVAL_TICKS;
    while (ticksBetween(this.#pcr, sendAt) > least) {
      steps.push({ kind: 'pcr', start: this.#clockAt(this.#pcr + PCR_INTERVAL_TICKS) });
    }
  }

  /** The clock, unless it has been at that time already. */
  #clockAt(time: number): UnitStart {
    if (this.#pcr !== undefined && ticksBetween(this.#pcr, time) <= 0) return {};
    this.#pcr = time;
    const isNewTime = this.#isNewTime;
    this.#isNewTime = false;
    return { pcr: time, isNewTime };
  }
}

/** Where there are pictures, decoding begins at them. */
function isEntry(unit: MuxUnit, tracks: readonly MuxTrack[]): boolean {
  return tracks[unit.track]?.kind === 'video' || tracks[CLOCK_TRACK]?.kind === 'audio';
}
