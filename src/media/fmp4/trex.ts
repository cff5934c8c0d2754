// This file reads what a track's samples have where a fragment says nothing else.
import { type Box, openBox } from './box.ts';
import { readUint32, readVersionFlags } from './fields.ts';

export type SampleDefaults = {
  readonly duration: number;
  readonly sizeBytes: number;
  readonly flags: number;
};

export const NO_DEFAULTS: SampleDefaults = { duration: 0, sizeBytes: 0, flags: 0 };

export type TrackExtension = {
  readonly trackId: number;
  /** Which sample description, from 1 on. */
  readonly descriptionIndex: number;
  readonly defaults: SampleDefaults;
};

// ISO/IEC 14496-12 §8.8.3
export function parseTrex(bytes: Uint8Array, box: Box): TrackExtension {
  const fields = openBox(bytes, box, 'ISO/IEC 14496-12 §8.8.3');
  readVersionFlags(fields);
  const trackId = readUint32(fields);
  const descriptionIndex = readUint32(fields); // default_sample_description_index
  const duration = readUint32(fields); // default_sample_duration
  const sizeBytes = readUint32(fields); // default_sample_size
  const flags = readUint32(fields); // default_sample_flags
  return { trackId, descriptionIndex, defaults: { duration, sizeBytes, flags } };
}
