// This file makes one MPEG-TS of the segments of one rendition, or of several side by side.
import { assert } from '../../base/assert.ts';
import { Muxer } from '../mpegts/mux.ts';
import { LEAD_TICKS } from '../mpegts/mux-schedule.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND, ticksBetween } from '../mpegts/timestamp.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

/**
 * Added to every time, so that the clock, which runs before the frames, and frames before the start
 * of an edit list are not below 0 where a stream begins at 0. Apple's segmenter begins at 10 s too.
 */
export const START_TICKS = 10 * TICKS_PER_SECOND;
/** The clock of a source that jumps further than this begins a new time. */
const JUMP_TICKS = 10 * TICKS_PER_SECOND;
/** What may wait for the first input: as much as one segment may have. Beyond it the oldest goes. */
const WAIT_MAX_BYTES = 64 * 1024 * 1024;
/** An hour of sound in PES packets; a unit takes memory beside its bytes. */
const WAIT_MAX_UNITS = 50_000;

type Side = {
  readonly input: RemuxInput;
  tracks: readonly MuxTrack[];
  /** What is later than the end of the first input's media, in order. */
  waiting: MuxUnit[];
};

export type RemuxStats = {
  /** Units that came too late for their time, or waited in vain. */
  readonly droppedUnits: number;
  readonly waitingUnits: number;
};

/**
 * The first input leads: all that it has is given out at once, and of the others what belongs
 * beside it. What others have beyond its end waits for the next call, and what comes too late for
 * its time is dropped. Times follow those of the segments: segments that join give a stream that
 * joins. A changed init segment takes a new input, and so a new remuxer.
 */
export class Remuxer {
  readonly #sides: readonly Side[];
  readonly #muxer = new Muxer();
  /** Where the first input's media ends so far. */
  #endTicks: number | undefined;
  #droppedUnits = 0;

  constructor(inputs: readonly RemuxInput[]) {
    assert(inputs.length > 0, 'a remuxer has an input');
    this.#sides = inputs.map((input) => ({ input, tracks: [], waiting: [] }));
  }

  /**
   * Takes one entry for each input, in their order, undefined where nothing new came. What it gives
   * begins with the tables; it is empty while nothing of the first input has come.
   */
  remux(segments: readonly (Uint8Array | undefined)[]): Uint8Array<ArrayBuffer> {
    assert(segments.length === this.#sides.length, 'each input has its entry');
    const came = this.#sides.map(({ input }, index) => {
      const segment = segments[index];
      return segment === undefined ? undefined : input.demux(segment);
    });
    const lead = came[0];
    const firstDts = lead?.units[0]?.dts ?? came.find((one) => one?.units[0])?.units[0]?.dts;
    const reference = this.#endTicks ?? firstDts ?? 0;
    for (const [index, side] of this.#sides.entries()) this.#take(side, came[index], reference);
    const lateTicks = this.#advance(lead, reference);
    return this.#write((side) => this.#release(side, lateTicks, this.#endTicks));
  }

  /** What still waits, where no more of the first input will come. */
  flush(): Uint8Array<ArrayBuffer> {
    return this.#write((side) =>
      this.#release(side, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
    );
  }

  stats(): RemuxStats {
    const waitingUnits = this.#sides.reduce((sum, { waiting }) => sum + waiting.length, 0);
    return { droppedUnits: this.#droppedUnits, waitingUnits };
  }

  /** Renditions may count in 33 bits, each wrapped in its own place: the nearest time is meant. */
  #take(side: Side, came: Demuxed | undefined, reference: number): void {
    if (came === undefined) return;
    side.tracks = came.tracks;
    for (const unit of came.units) {
      const dts = reference + ticksBetween(reference, unit.dts);
      side.waiting.push(dts === unit.dts ? unit : { ...unit, dts, pts: unit.pts - unit.dts + dts });
    }
    this.#limit(side);
  }

  #limit(side: Side): void {
    let bytes = side.waiting.reduce((sum, unit) => sum + unit.bytes.length, 0);
    let drop = 0;
    while (bytes > WAIT_MAX_BYTES || side.waiting.length - drop > WAIT_MAX_UNITS) {
      bytes -= side.waiting[drop]!.bytes.length;
      drop += 1;
    }
    this.#droppedUnits += drop;
    if (drop > 0) side.waiting.splice(0, drop);
  }

  /** Moves the end on; the time before which a unit is too late. */
  #advance(lead: Demuxed | undefined, reference: number): number {
    const before = this.#endTicks;
    const first = lead?.units[0];
    if (lead === undefined || first === undefined) {
      return (before ?? Number.NEGATIVE_INFINITY) - LEAD_TICKS;
    }
    const firstTicks = reference + ticksBetween(reference, first.dts);
    this.#endTicks = firstTicks + (lead.endTicks - first.dts);
    const isJump = before === undefined || Math.abs(firstTicks - before) > JUMP_TICKS;
    return (isJump ? firstTicks : Math.min(before, firstTicks)) - LEAD_TICKS;
  }

  /** Takes out of what waits all that goes out now. */
  #release(side: Side, lateTicks: number, endTicks: number | undefined): MuxUnit[] {
    const { waiting } = side;
    if (side === this.#sides[0]) {
      side.waiting = [];
      return waiting;
    }
    if (endTicks === undefined) return [];
    side.waiting = waiting.filter(({ dts }) => dts >= endTicks);
    const due = waiting.filter(({ dts }) => dts < endTicks && dts >= lateTicks);
    this.#droppedUnits += waiting.length - side.waiting.length - due.length;
    return due;
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

function rankOf({ kind }: MuxTrack): number {
  return kind === 'video' ? 0 : 1;
}
