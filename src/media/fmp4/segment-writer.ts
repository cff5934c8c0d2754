// This file writes a media segment of one fragment.
import { BoxWriter } from './box-writer.ts';

export type WrittenSample = {
  /** In units of the track's timescale, as are all times here. */
  readonly duration: number;
  readonly compositionOffset: number;
  readonly isSync: boolean;
  readonly bytes: Uint8Array;
};

export type WrittenRun = {
  readonly trackId: number;
  readonly decodeTime: number;
  readonly samples: readonly WrittenSample[];
};

/** What a fragment takes beside the entries of its samples. */
const FRAGMENT_BYTES = 256;
const ENTRY_BYTES = 16;
// ISO/IEC 14496-12 §8.8.3.1: sample_depends_on, sample_is_non_sync_sample
const SYNC_FLAGS = 0x0200_0000;
const OTHER_FLAGS = 0x0101_0000;
const DEFAULT_BASE_IS_MOOF = 0x02_0000;
/** data_offset, and of each sample its duration, size, flags and composition offset. */
const RUN_FLAGS = 0x000f01;

/** The samples of one track lie behind those of the one before. */
// ISO/IEC 14496-12 §8.8.4 to §8.8.8, §8.8.12
export function writeMediaSegment(
  sequence: number,
  runs: readonly WrittenRun[],
): Uint8Array<ArrayBuffer> {
  let size = FRAGMENT_BYTES * (1 + runs.length);
  for (const { samples } of runs) {
    for (const { bytes } of samples) size += ENTRY_BYTES + bytes.length;
  }
  const out = new BoxWriter(size);
  const offsets: number[] = [];
  out.open('moof');
  out.openFull('mfhd', 0, 0);
  out.u32(sequence); // sequence_number
  out.close();
  for (const run of runs) offsets.push(writeTraf(out, run));
  out.close();
  out.open('mdat');
  for (const [index, { samples }] of runs.entries()) {
    out.patchU32(offsets[index]!, out.at); // from the moof, which begins the segment
    for (const { bytes } of samples) out.bytes(bytes);
  }
  out.close();
  return out.end();
}

/** Where its data_offset is to be written. */
function writeTraf(out: BoxWriter, { trackId, decodeTime, samples }: WrittenRun): number {
  out.open('traf');
  out.openFull('tfhd', 0, DEFAULT_BASE_IS_MOOF);
  out.u32(trackId);
  out.close();
  out.openFull('tfdt', 1, 0);
  out.u64(decodeTime); // baseMediaDecodeTime
  out.close();
  out.openFull('trun', 1, RUN_FLAGS);
  out.u32(samples.length); // sample_count
  const offsetAt = out.at;
  out.u32(0); // data_offset
  for (const { duration, bytes, isSync, compositionOffset } of samples) {
    out.u32(duration); // sample_duration
    out.u32(bytes.length); // sample_size
    out.u32(isSync ? SYNC_FLAGS : OTHER_FLAGS); // sample_flags
    out.i32(compositionOffset); // sample_composition_time_offset
  }
  out.close();
  out.close();
  return offsetAt;
}
