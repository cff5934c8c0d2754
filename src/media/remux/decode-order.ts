// This file keeps the decode times of a track as MPEG-TS wants them.
import { FormatError } from '../../base/errors.ts';
import type { Frame } from '../fmp4/frame.ts';

/** What fragments overlap by where a packager rounds; more is another time, or a broken segment. */
const OVERLAP_MAX_TICKS = 90_000;

/**
 * In MPEG-TS no frame is shown before it is decoded, and the DTS goes up from frame to frame. Where
 * composition offsets are negative, all of the track is decoded earlier, by as much as the worst
 * frame seen needs.
 */
// ISO/IEC 13818-1 §2.4.3.7, ISO/IEC 14496-12 §8.6.1.3
export class DecodeOrder {
  #earlierTicks: number;
  #lastDts: number | undefined;

  /** `earlierTicks`: what frames that came before have needed. */
  constructor(earlierTicks = 0) {
    this.#earlierTicks = earlierTicks;
  }

  /** What the worst frame so far needs. */
  get earlierTicks(): number {
    return this.#earlierTicks;
  }

  /** The frames of one segment. */
  apply(frames: readonly Frame[]): Frame[] {
    for (const { dts, pts } of frames) {
      this.#earlierTicks = Math.max(this.#earlierTicks, dts - pts);
    }
    return frames.map((frame, index) => {
      const dts = this.#next(frame, index === 0);
      return dts === frame.dts ? frame : { ...frame, dts, pts: Math.max(dts, frame.pts) };
    });
  }

  #next(frame: Frame, isFirst: boolean): number {
    let dts = frame.dts - this.#earlierTicks;
    const last = this.#lastDts;
    if (last !== undefined && dts <= last) {
      const back = last - dts;
      if (back <= OVERLAP_MAX_TICKS) dts = last + 1;
      else if (!isFirst) throw backwards(frame, back);
    }
    this.#lastDts = dts;
    return dts;
  }
}

function backwards(frame: Frame, ticks: number): FormatError {
  const seen = `the times of track ${frame.track.trackId} go back by ${Math.round(ticks / 90)} ms`;
  const message = `Cannot remux fMP4: ${seen} within a segment, wanted them to rise`;
  return new FormatError('fmp4', frame.at, message, 'ISO/IEC 14496-12 §8.8.12');
}
