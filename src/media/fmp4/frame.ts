// This file holds a frame as a fragment has it: its bytes and its times.
import type { InitTrack } from './init.ts';
import type { SampleDescription } from './stsd.ts';

export type Frame = {
  readonly track: InitTrack;
  readonly description: SampleDescription;
  /** 90 kHz, not wrapped at 33 bits; less than 0 before the start of an edit list. */
  readonly dts: number;
  /** May be before the DTS where composition offsets are signed. */
  readonly pts: number;
  readonly durationTicks: number;
  /** What the container says; not all of them are right. */
  readonly isSync: boolean;
  /** Where `bytes` are in the segment. */
  readonly at: number;
  readonly bytes: Uint8Array;
};
