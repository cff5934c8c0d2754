// This file puts frames of sound together, so that each PES packet carries some of them.
import { FormatError } from '../../base/errors.ts';
import { adtsFrameBytes, writeAdtsFrame } from '../codec/adts-header.ts';
import type { Frame } from '../fmp4/frame.ts';
import { PES_MAX_BYTES } from '../mpegts/packetize.ts';
import type { BytesOf, PendingUnit } from './pending-unit.ts';

/** A packet's header and stuffing cost as much as a small frame; more would delay the sound. */
export const AUDIO_SPAN_TICKS = 80 * 90;
/** Times are rounded, each frame on its own. */
const ROUNDING_TICKS = 2;
/** What of a PES packet's size is counted and is no sound. */
const PES_ROOM_BYTES = PES_MAX_BYTES - 16;

/** Sound has no order but one: a frame is decoded when it is heard. */
export function groupAudio(frames: readonly Frame[], track: number): PendingUnit[] {
  const units: PendingUnit[] = [];
  for (let from = 0; from < frames.length; ) {
    let to = from;
    let sizeBytes = 0;
    while (to < frames.length && (to === from || belongs(frames, from, to))) {
      const next = sizeBytes + codedBytes(frames[to]!);
      if (next > PES_ROOM_BYTES && to > from) break;
      sizeBytes = next;
      to += 1;
    }
    const first = frames[from]!;
    if (sizeBytes > PES_ROOM_BYTES) throw tooLarge(first);
    units.push(pendingGroup(frames.slice(from, to), track, sizeBytes));
    from = to;
  }
  return units;
}

/** Within a packet only the first frame has its time written: the others must follow at once. */
function belongs(frames: readonly Frame[], from: number, index: number): boolean {
  const first = frames[from]!;
  const before = frames[index - 1]!;
  const frame = frames[index]!;
  const gap = frame.dts - (before.dts + before.durationTicks);
  if (Math.abs(gap) > ROUNDING_TICKS) return false;
  return frame.dts + frame.durationTicks - first.dts <= AUDIO_SPAN_TICKS;
}

function codedBytes({ description, bytes, at }: Frame): number {
  return 'aac' in description ? adtsFrameBytes(bytes, description.aac, at) : bytes.length;
}

function pendingGroup(frames: readonly Frame[], track: number, sizeBytes: number): PendingUnit {
  const { dts } = frames[0]!;
  const make = (bytesOf: BytesOf) => {
    return { track, dts, pts: dts, isKey: true, bytes: joinFrames(frames, sizeBytes, bytesOf) };
  };
  return { track, dts, sizeBytes, frames, make };
}

function joinFrames(frames: readonly Frame[], sizeBytes: number, bytesOf: BytesOf): Uint8Array {
  const joined = new Uint8Array(sizeBytes);
  let at = 0;
  for (const frame of frames) {
    const { description } = frame;
    const bytes = bytesOf(frame);
    if ('aac' in description) {
      at = writeAdtsFrame(joined, at, bytes, description.aac);
    } else {
      joined.set(bytes, at);
      at += bytes.length;
    }
  }
  return joined;
}

function tooLarge({ at, bytes }: Frame): FormatError {
  const message = `Cannot remux fMP4: a frame of sound has ${bytes.length} bytes`;
  const wanted = `wanted ${PES_ROOM_BYTES} at most`;
  return new FormatError('fmp4', at, `${message}, ${wanted}`, 'ISO/IEC 13818-1 §2.4.3.7');
}
