// This file puts the frames of PES packets together anew, so that each packet carries a little sound.
import { type ReadSound, SOUND_HEADER_BYTES } from '../codec/sound-frame.ts';
import type { MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import { AUDIO_SPAN_TICKS } from './audio-group.ts';

type Whole = { readonly bytes: Uint8Array; readonly dts: number; readonly endTicks: number };

/** Times may be rounded to milliseconds; within this the frames follow one another. */
const ROUNDING_TICKS = 180;

/** A PES packet may hold half a second of sound. One that is not of whole frames stays as it is. */
export function regrouped(units: readonly MuxUnit[], read: ReadSound): MuxUnit[] {
  const out: MuxUnit[] = [];
  let group: Whole[] = [];
  let of: MuxUnit | undefined;
  const flush = () => {
    if (of !== undefined && group.length > 0) out.push(unitOf(of, group));
    group = [];
  };
  for (const unit of units) {
    const frames = wholeFrames(unit, read);
    if (frames === undefined) {
      flush();
      out.push(unit);
      continue;
    }
    of = unit;
    for (const frame of frames) {
      if (!belongs(group, frame)) flush();
      group.push(frame);
    }
  }
  flush();
  return out;
}

/** Within a packet only the first frame has its time written: the others must follow at once. */
function belongs(group: readonly Whole[], { dts, endTicks }: Whole): boolean {
  const [first] = group;
  const last = group.at(-1);
  if (first === undefined || last === undefined) return true;
  if (Math.abs(dts - last.endTicks) > ROUNDING_TICKS) return false;
  return endTicks - first.dts <= AUDIO_SPAN_TICKS;
}

/** Undefined where it does not begin with a frame and end with another. */
function wholeFrames({ bytes, dts }: MuxUnit, read: ReadSound): Whole[] | undefined {
  const frames: Whole[] = [];
  let beginsAt = 0;
  let seconds = 0;
  const ticks = () => dts + Math.round(seconds * TICKS_PER_SECOND);
  for (let at = 0; at < bytes.length; ) {
    const frame = bytes.length - at < SOUND_HEADER_BYTES ? undefined : read(bytes, at);
    if (frame === undefined || at + frame.frameBytes > bytes.length) return undefined;
    if (!frame.isPart) beginsAt = at;
    at += frame.frameBytes;
    const own = bytes.subarray(beginsAt, at);
    const last = frames.at(-1);
    if (frame.isPart && last === undefined) return undefined;
    if (frame.isPart && last !== undefined) {
      frames[frames.length - 1] = { ...last, bytes: own };
      continue;
    }
    const begin = ticks();
    seconds += frame.samples / frame.config.sampleRate;
    frames.push({ bytes: own, dts: begin, endTicks: ticks() });
  }
  return frames;
}

function unitOf(unit: MuxUnit, group: readonly Whole[]): MuxUnit {
  const { dts } = group[0]!;
  const bytes = new Uint8Array(Buffer.concat(group.map((frame) => frame.bytes)));
  return { ...unit, dts, pts: dts, isUnaligned: false, bytes };
}
