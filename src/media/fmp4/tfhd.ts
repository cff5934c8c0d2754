// This file reads the header of a track fragment.
import { type Box, openBox } from './box.ts';
import { readUint32, readUint64, readVersionFlags } from './fields.ts';
import type { SampleDefaults } from './trex.ts';

export type TrackFragmentHeader = {
  readonly trackId: number;
  /** Where data offsets count from, in the file. */
  readonly baseDataOffset?: bigint;
  readonly descriptionIndex?: number;
  readonly defaults: Partial<SampleDefaults>;
  readonly defaultBaseIsMoof: boolean;
};

const SPEC = 'ISO/IEC 14496-12 §8.8.7';

// ISO/IEC 14496-12 §8.8.7
export function parseTfhd(bytes: Uint8Array, box: Box): TrackFragmentHeader {
  const fields = openBox(bytes, box, SPEC);
  const { flags } = readVersionFlags(fields);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const trackId = readUint32(fields);
  const baseDataOffset = has(0x01) ? readUint64(fields) : undefined;
  const descriptionIndex = has(0x02) ? readUint32(fields) : undefined;
  const duration = has(0x08) ? readUint32(fields) : undefined;
  const sizeBytes = has(0x10) ? readUint32(fields) : undefined;
  const sampleFlags = has(0x20) ? readUint32(fields) : undefined;
  return {
    trackId,
    ...(baseDataOffset === undefined ? {} : { baseDataOffset }),
    ...(descriptionIndex === undefined ? {} : { descriptionIndex }),
    defaults: {
      ...(duration === undefined ? {} : { duration }),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(sampleFlags === undefined ? {} : { flags: sampleFlags }),
    },
    defaultBaseIsMoof: has(0x020000),
  };
}
