// This file holds sound that was read until the picture it belongs to goes out.
import { LEAD_TICKS } from '../../media/mpegts/mux-schedule.ts';
import type { MuxTrack, MuxUnit } from '../../media/mpegts/mux-track.ts';
import { nearTicks, TICKS_PER_SECOND } from '../../media/mpegts/timestamp.ts';
import { type Demuxed, unitNear } from '../../media/remux/remux-input.ts';
import { soundFrom } from '../../media/remux/sound-from.ts';
import type { SoundSegment } from './sound-segments.ts';

/** A segment of the picture, on the clock of its source. */
export type PictureSpan = {
  /** DTS of the first frame, and when it is shown. */
  readonly startTicks: number;
  readonly shownTicks: number;
  readonly endTicks: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly dateMs: number | undefined;
  readonly durationS: number;
  /** It does not go on where the one before it ended. */
  readonly isAnew: boolean;
};

export type SoundOfSpan = {
  /** Undefined where none has ever come. */
  readonly came: Demuxed | undefined;
  /** From the first picture to the first sound; undefined where nothing is known of any. */
  readonly lateTicks: number | undefined;
};

/** Half of what is usual for a frame: so much is rounding, no lack. */
const ROUNDING_TICKS = 900;
/** As much as one segment may have. */
const WAITING_MAX_BYTES = 64 * 1024 * 1024;

export class SoundQueue {
  #tracks: readonly MuxTrack[] = [];
  /** Not given out yet, in order. */
  #waiting: readonly MuxUnit[] = [];
  /** Where what was read ends. */
  #reachTicks: number | undefined;
  /** The last that was given out of each track. */
  readonly #givenTicks = new Map<number, number>();

  /** Where what was read ends; undefined while nothing follows on anything. */
  get reachTicks(): number | undefined {
    return this.#reachTicks;
  }

  reaches({ startTicks, endTicks }: PictureSpan): boolean {
    return (this.#reachTicks ?? startTicks) >= endTicks - ROUNDING_TICKS;
  }

  /** What comes next need not follow on what came. */
  breakOff(): void {
    this.#reachTicks = undefined;
  }

  /** Nothing that came belongs to what follows. */
  clear(): void {
    this.#reachTicks = undefined;
    this.#waiting = [];
    this.#givenTicks.clear();
  }

  /** All that is remembered is counted near the picture, which may have wrapped at 33 bits. */
  moveTo({ startTicks }: PictureSpan): void {
    this.#waiting = this.#waiting.map((unit) => unitNear(startTicks, unit));
    if (this.#reachTicks !== undefined) this.#reachTicks = nearTicks(startTicks, this.#reachTicks);
    for (const [track, ticks] of this.#givenTicks) {
      this.#givenTicks.set(track, nearTicks(startTicks, ticks));
    }
  }

  add({ demuxed, durationS }: SoundSegment, { startTicks }: PictureSpan): void {
    const { tracks, units, endTicks } = demuxed;
    const before = this.#reachTicks ?? startTicks;
    if (units.length === 0) {
      this.#reachTicks = before + durationS * TICKS_PER_SECOND;
      return;
    }
    this.#tracks = tracks;
    this.#waiting = limited([...this.#waiting, ...units.map((unit) => unitNear(startTicks, unit))]);
    this.#reachTicks = Math.max(before, nearTicks(startTicks, endTicks));
  }

  /** From where on sound is wanted: what is earlier was given out, or comes too late. */
  wantedTicks(span: PictureSpan): number {
    const given = this.#givenTicks.size === 0 ? [span.shownTicks] : this.#givenTicks.values();
    return Math.max(span.startTicks - LEAD_TICKS, ...given);
  }

  /** What goes out with this picture. Where that begins anew, sound begins with it, to a frame. */
  give(span: PictureSpan): SoundOfSpan {
    const { endTicks, shownTicks } = span;
    const fromTicks = span.isAnew ? shownTicks : span.startTicks - LEAD_TICKS;
    const left = soundFrom(this.#waiting, this.#tracks, fromTicks).filter(
      ({ track, dts }) => dts > (this.#givenTicks.get(track) ?? Number.NEGATIVE_INFINITY),
    );
    const units = left.filter(({ dts }) => dts < endTicks);
    this.#waiting = left.filter(({ dts }) => dts >= endTicks);
    for (const { track, dts } of units) this.#givenTicks.set(track, dts);
    const first = left[0];
    const came = this.#tracks.length === 0 ? undefined : { tracks: this.#tracks, units, endTicks };
    return { came, lateTicks: first === undefined ? undefined : first.dts - shownTicks };
  }
}

/** Where pictures fail to come for long, the oldest goes. */
function limited(units: readonly MuxUnit[]): readonly MuxUnit[] {
  let sizeBytes = units.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let count = 0;
  while (sizeBytes > WAITING_MAX_BYTES) sizeBytes -= units[count++]!.bytes.length;
  return count === 0 ? units : units.slice(count);
}
