// This file reads a run of samples of a track fragment.
import { type Box, openBox } from './box.ts';
import { type Fields, fieldError, readInt32, readUint32, readVersionFlags } from './fields.ts';
import type { SampleDefaults } from './trex.ts';

export type TrackRun = {
  /** From the base of the fragment; absent: it goes on where the run before it ended. */
  readonly dataOffset?: number;
  readonly sampleCount: number;
  /** Takes the samples one after the other: the same object each time, its fields changed. */
  readonly next: () => RunSample;
};

export type RunSample = {
  duration: number;
  sizeBytes: number;
  isSync: boolean;
  /** From decode time to composition time. */
  compositionOffset: number;
};

const SPEC = 'ISO/IEC 14496-12 §8.8.8';
/** An hour at 25 frames a second; without fields of their own samples take no bytes in the box. */
export const RUN_SAMPLES_MAX = 90_000;

// ISO/IEC 14496-12 §8.8.8.2
export function parseTrun(bytes: Uint8Array, box: Box, defaults: SampleDefaults): TrackRun {
  const fields = openBox(bytes, box, SPEC);
  const { flags } = readVersionFlags(fields);
  const sampleCount = readUint32(fields);
  if (sampleCount > RUN_SAMPLES_MAX) {
    throw fieldError(fields, `it has ${sampleCount} samples, wanted ${RUN_SAMPLES_MAX} at most`);
  }
  const dataOffset = (flags & 0x01) !== 0 ? readInt32(fields) : undefined;
  const firstFlags = (flags & 0x04) !== 0 ? readUint32(fields) : undefined;
  const next = sampleReader(fields, flags, defaults, firstFlags);
  return { sampleCount, next, ...(dataOffset === undefined ? {} : { dataOffset }) };
}

function sampleReader(
  fields: Fields,
  flags: number,
  defaults: SampleDefaults,
  firstFlags: number | undefined,
): () => RunSample {
  const sample: RunSample = { duration: 0, sizeBytes: 0, isSync: false, compositionOffset: 0 };
  let pendingFlags = firstFlags;
  return () => {
    sample.duration = (flags & 0x0100) !== 0 ? readUint32(fields) : defaults.duration;
    sample.sizeBytes = (flags & 0x0200) !== 0 ? readUint32(fields) : defaults.sizeBytes;
    const own = (flags & 0x0400) !== 0 ? readUint32(fields) : defaults.flags;
    sample.isSync = isSync(pendingFlags ?? own);
    pendingFlags = undefined;
    // Version 0 has no sign, but no offset is so long, and packagers of old write negative ones.
    sample.compositionOffset = (flags & 0x0800) !== 0 ? readInt32(fields) : 0;
    return sample;
  };
}

// ISO/IEC 14496-12 §8.8.3.1: sample_is_non_sync_sample
function isSync(sampleFlags: number): boolean {
  return (sampleFlags & 0x0001_0000) === 0;
}
