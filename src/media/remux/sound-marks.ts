// This file learns of a segment of sound how large it will be beside pictures, from time to time.
import { FormatError } from '../../base/errors.ts';
import { sniffContainer } from '../container.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { packetCount } from '../mpegts/packetize.ts';
import { addTicks, TICKS_PER_SECOND } from '../mpegts/timestamp.ts';
import { AUDIO_SPAN_TICKS } from './audio-group.ts';
import { kindOfTrack } from './chosen-tracks.ts';
import { createFmp4Input } from './fmp4-to-units.ts';
import { createMpegtsInput } from './mpegts-to-units.ts';
import { createPackedAudioInput } from './packed-audio-to-units.ts';
import type { RemuxInput } from './remux-input.ts';
import { soundReaderOf } from './sound-from.ts';
import { regrouped } from './sound-groups.ts';

export type BesideSound = {
  readonly track: MuxTrack;
  /** PES packets to be, of so much sound each that none is far from the pictures it belongs to. */
  readonly units: readonly MuxUnit[];
};

/** Units that begin `step` after one another, the first at `first` on the 33-bit clock. */
export type SoundRun = readonly [first: number, step: number, packets: readonly number[]];

/** Small, and plain JSON: one of these is kept for each segment. */
export type SoundMarks = {
  /** As the program map and PES headers have it; the descriptors are in hexadecimal. */
  readonly track: readonly [streamType: number, streamId: number, descriptors: string];
  readonly runs: readonly SoundRun[];
};

/** The times of runs say which pictures a unit stands beside: nothing is heard at them. */
const ROUNDING_TICKS = 900;
/** Sound of real encoders has one, and one more for each time it breaks off. */
const RUNS_MAX = 64;
/** Ten minutes: longer than any segment. Each is a number in a row, which is read with all that is near. */
const UNITS_MAX = 8192;

/** The first sound there is. Throws FormatError where it cannot be read, or has no time. */
export function besideSound(bytes: Uint8Array, init?: Uint8Array): BesideSound | undefined {
  const { tracks, units } = inputOf(bytes, init).demux(bytes);
  const index = tracks.findIndex((track) => kindOfTrack(track) === 'audio');
  const track = tracks[index];
  if (track === undefined) return undefined;
  const own = units.filter((unit) => unit.track === index);
  const read = soundReaderOf(track.streamType);
  return { track, units: read === undefined ? own : regrouped(own, read) };
}

/** Undefined where nothing is in it, or it has no order that could be told in a few words. */
export function soundMarks({ track, units }: BesideSound): SoundMarks | undefined {
  if (units.length === 0 || units.length > UNITS_MAX) return undefined;
  const runs: { first: number; step: number; packets: number[] }[] = [];
  for (const [index, unit] of units.entries()) {
    const run = runs.at(-1);
    const at = run === undefined ? 0 : run.first + run.packets.length * run.step;
    const packets = packetCount(unit, {});
    if (run !== undefined && Math.abs(unit.dts - at) <= ROUNDING_TICKS) run.packets.push(packets);
    else {
      const next = units[index + 1]?.dts ?? Number.NEGATIVE_INFINITY;
      const step = next > unit.dts ? Math.min(next - unit.dts, TICKS_PER_SECOND) : AUDIO_SPAN_TICKS;
      runs.push({ first: unit.dts, step, packets: [packets] });
    }
    if (runs.length > RUNS_MAX) return undefined;
  }
  const { streamType, streamId, descriptors } = track;
  return {
    track: [streamType, streamId, Buffer.from(descriptors).toString('hex')],
    runs: runs.map(({ first, step, packets }) => [addTicks(first, 0), step, packets]),
  };
}

export function trackOfMarks({ track }: SoundMarks): MuxTrack {
  const [streamType, streamId, descriptors] = track;
  return { kind: 'audio', streamType, streamId, descriptors: Buffer.from(descriptors, 'hex') };
}

function inputOf(bytes: Uint8Array, init: Uint8Array | undefined): RemuxInput {
  const container = sniffContainer(bytes);
  if (container === 'mpegts') return createMpegtsInput();
  if (container === 'fmp4' && init !== undefined) return createFmp4Input(init);
  // Without a time of its own nothing tells which pictures it belongs to
  if (container === 'aac') return createPackedAudioInput();
  const message = `Cannot put the sound beside pictures: it is ${container}`;
  throw new FormatError(container, 0, `${message}, wanted fMP4, MPEG-TS or AAC`, 'RFC 8216 §3.1');
}
