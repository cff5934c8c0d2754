// This file judges how long the picture of a segment has been flat at its end.
import { isFlatPicture, type PictureCodec } from '../codec/flat-picture.ts';
import type { MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import type { Judgement } from './judgement.ts';

/**
 * Each key frame speaks for what follows up to the next. `units` are the pictures of one track,
 * in the order of decoding; `endTicks` is where they end.
 */
export function judgePicture(
  codec: PictureCodec,
  units: readonly MuxUnit[],
  endTicks: number,
): Judgement {
  let flatFrom: number | undefined;
  let isWhole = true;
  let count = 0;
  for (const { isKey, bytes, dts } of units) {
    const isFlat = isKey ? isFlatPicture(codec, bytes) : undefined;
    if (isFlat === undefined) continue;
    count += 1;
    isWhole &&= isFlat;
    // What stands before the first key frame goes with it, where all is flat
    if (isFlat) flatFrom ??= count === 1 ? units[0]!.dts : dts;
    else flatFrom = undefined;
  }
  const secondsFrom = (ticks: number) => Math.max(0, endTicks - ticks) / TICKS_PER_SECOND;
  const [first] = units;
  if (first === undefined) return { kind: 'absent' };
  if (count === 0) return { kind: 'undecided', durationS: secondsFrom(first.dts) };
  const blankS = flatFrom === undefined ? 0 : secondsFrom(flatFrom);
  return { kind: 'judged', blankS, isWhole };
}
