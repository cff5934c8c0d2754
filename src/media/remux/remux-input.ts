// This file says what a remuxer takes its frames from.
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { nearTicks } from '../mpegts/timestamp.ts';

/** The frames of one segment, as PES packets to be. */
export type Demuxed = {
  readonly tracks: readonly MuxTrack[];
  /** Each names its track by the index in `tracks`; those of one track are in order of their DTS. */
  readonly units: readonly MuxUnit[];
  /** Where the segment's last frame ends, in the ticks of its units; nothing is in it: not used. */
  readonly endTicks: number;
};

/** One rendition: its segments one after the other. It keeps what lasts from one to the next. */
export type RemuxInput = {
  readonly demux: (segment: Uint8Array) => Demuxed;
};

/** Renditions may count in 33 bits, each wrapped in its own place: the nearest time is meant. */
export function unitNear(reference: number, unit: MuxUnit): MuxUnit {
  const dts = nearTicks(reference, unit.dts);
  return dts === unit.dts ? unit : { ...unit, dts, pts: dts + (unit.pts - unit.dts) };
}
