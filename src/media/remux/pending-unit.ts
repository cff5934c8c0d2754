// This file is a PES packet to be, whose bytes need not be at hand until it is made.
import type { Frame } from '../fmp4/frame.ts';
import type { MuxUnit } from '../mpegts/mux-track.ts';

/** Where the bytes of a frame are taken from. */
export type BytesOf = (frame: Frame) => Uint8Array;

export type PendingUnit = {
  readonly track: number;
  readonly dts: number;
  /** About as large as it will be. */
  readonly sizeBytes: number;
  /** What it is made of; empty where its bytes are at hand. */
  readonly frames: readonly Frame[];
  readonly make: (bytesOf: BytesOf) => MuxUnit;
};

/** In the segment that was read. */
export const ownBytes: BytesOf = ({ bytes }) => bytes;

export function pendingOf(unit: MuxUnit): PendingUnit {
  const { track, dts, bytes } = unit;
  return { track, dts, sizeBytes: bytes.length, frames: [], make: () => unit };
}
