// This file puts the frames of one rendition, or of several side by side, into one MPEG-TS.
import { assert } from '../../base/assert.ts';
import { Muxer } from '../mpegts/mux.ts';
import { LEAD_TICKS } from '../mpegts/mux-schedule.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import type { ProgramPlace } from '../mpegts/program-tables.ts';
import { nearTicks, TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import { type Demuxed, unitNear } from './remux-input.ts';

/**
 * Added to every time, so that the clock, which runs before the frames, and frames before the start
 * of an edit list are not below 0 where a stream begins at 0. Apple's segmenter begins at 10 s too.
 */
export const START_TICKS = 10 * TICKS_PER_SECOND;
/** The clock of a source that jumps further than this begins a new time. */
const JUMP_TICKS = 10 * TICKS_PER_SECOND;
/** What may wait for the first side: as much as one segment may have. Beyond it the oldest goes. */
const WAIT_MAX_BYTES = 64 * 1024 * 1024;
/** An hour of sound in PES packets; a unit takes memory beside its bytes. */
const WAIT_MAX_UNITS = 50_000;

type Side = {
  tracks: readonly MuxTrack[];
  /** What is later than the end of the first side's media, in order. */
  waiting: MuxUnit[];
};

export type MergeStats = {
  /** Units that came too late for their time, or waited in vain. */
  readonly droppedUnits: number;
  readonly waitingUnits: number;
};

/**
 * The first side leads: all that it has is given out at once, and of the others what belongs beside
 * it. What others have beyond its end waits for the next call, and what comes too late for its time
 * is dropped. Times follow those of the segments: segments that join give a stream that joins.
 */
export class Merger {
  readonly #sides: readonly Side[];
  readonly #muxer: Muxer;
  /** Where the first side's media ends so far. */
  #endTicks: number | undefined;
  #droppedUnits = 0;

  /** `place`: where players look for the map; absent: where ours stands. */
  constructor(sides: number, place?: ProgramPlace) {
    assert(sides > 0, 'a merger has a side');
    this.#muxer = new Muxer(place);
    this.#sides = Array.from({ length: sides }, () => ({ tracks: [], waiting: [] }));
  }

  /**
   * Takes what came on each side, in their order, undefined where nothing new did. What it gives
   * begins with the tables; it is empty while nothing of the first side has come.
   */
  merge(came: readonly (Demuxed | undefined)[]): Uint8Array<ArrayBuffer> {
    assert(came.length === this.#sides.length, 'each side has its entry');
    const lateTicks = this.#advance(came[0]);
    for (const [index, side] of this.#sides.entries()) take(side, came[index]);
    return this.#write((side) => this.#release(side, lateTicks, this.#endTicks));
  }

  /** What still waits, where no more of the first side will come. */
  flush(): Uint8Array<ArrayBuffer> {
    return this.#write((side) => {
      const { waiting } = side;
      side.waiting = [];
      return waiting;
    });
  }

  stats(): MergeStats {
    const waitingUnits = this.#sides.reduce((sum, { waiting }) => sum + waiting.length, 0);
    return { droppedUnits: this.#droppedUnits, waitingUnits };
  }

  /** Moves the end on; the time before which a unit is too late. */
  #advance(lead: Demuxed | undefined): number {
    const before = this.#endTicks;
    const first = lead?.units[0];
    if (lead === undefined || first === undefined) {
      return (before ?? Number.NEGATIVE_INFINITY) - LEAD_TICKS;
    }
    const firstTicks = nearTicks(before ?? first.dts, first.dts);
    this.#endTicks = firstTicks + (lead.endTicks - first.dts);
    if (before !== undefined && Math.abs(firstTicks - before) <= JUMP_TICKS) {
      return Math.min(before, firstTicks) - LEAD_TICKS;
    }
    // What waits belongs to another time.
    for (const side of this.#sides) if (before !== undefined) this.#drop(side, side.waiting.length);
    return firstTicks - LEAD_TICKS;
  }

  /** Takes out of what waits all that goes out now. */
  #release(side: Side, lateTicks: number, endTicks: number | undefined): readonly MuxUnit[] {
    if (endTicks === undefined) {
      this.#limit(side);
      return [];
    }
    const units = side.waiting.map((unit) => unitNear(endTicks, unit));
    if (side === this.#sides[0]) {
      side.waiting = [];
      return units;
    }
    side.waiting = units.filter(({ dts }) => dts >= endTicks);
    const due = units.filter(({ dts }) => dts < endTicks && dts >= lateTicks);
    this.#droppedUnits += units.length - side.waiting.length - due.length;
    this.#limit(side);
    return due;
  }

  #limit(side: Side): void {
    const { waiting } = side;
    let bytes = waiting.reduce((sum, unit) => sum + unit.bytes.length, 0);
    let count = 0;
    while (bytes > WAIT_MAX_BYTES || waiting.length - count > WAIT_MAX_UNITS) {
      bytes -= waiting[count]!.bytes.length;
      count += 1;
    }
    this.#drop(side, count);
  }

  #drop(side: Side, count: number): void {
    this.#droppedUnits += count;
    if (count > 0) side.waiting = side.waiting.slice(count);
  }

  /** The pictures get the first PIDs, whatever rendition they come from. */
  #write(release: (side: Side) => readonly MuxUnit[]): Uint8Array<ArrayBuffer> {
    const places = this.#sides
      .flatMap((side) => side.tracks.map((track, index) => ({ side, track, index })))
      .sort((left, right) => rankOf(left.track) - rankOf(right.track));
    const units = this.#sides.flatMap((side) =>
      release(side).map((unit) => ({
        ...unit,
        track: places.findIndex((place) => place.side === side && place.index === unit.track),
        dts: unit.dts + START_TICKS,
        pts: unit.pts + START_TICKS,
      })),
    );
    if (units.length === 0) return new Uint8Array(0);
    return this.#muxer.write(
      places.map(({ track }) => track),
      units,
    );
  }
}

function take(side: Side, came: Demuxed | undefined): void {
  if (came === undefined) return;
  side.tracks = came.tracks;
  side.waiting = [...side.waiting, ...came.units];
}

function rankOf({ kind }: MuxTrack): number {
  return ['video', 'audio', 'data'].indexOf(kind);
}
