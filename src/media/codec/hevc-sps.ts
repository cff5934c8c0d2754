// This file reads the sequence parameter set of HEVC as far as MP4 repeats it.
import type { BitCursor } from './bit-cursor.ts';
import { CHROMA_STEPS, type PictureFormat, SIDE_MAX } from './picture-format.ts';
import { isSpent, openRbsp, readU, readUe } from './rbsp.ts';

export type HevcSps = PictureFormat & {
  /** general_profile_space … general_level_idc, as they stand. */
  readonly profileTierLevel: Uint8Array;
  readonly subLayers: number;
  readonly isTemporalIdNested: boolean;
};

const HEADER_BYTES = 2;
/** general_profile_space … general_level_idc */
const GENERAL_BYTES = 12;
const SUB_LAYERS_MAX = 7;

/** Undefined where it is cut off or says what cannot be. */
// H.265 §7.3.2.2.1
export function parseHevcSps(unit: Uint8Array): HevcSps | undefined {
  const bits = openRbsp(unit, HEADER_BYTES);
  readU(bits, 4); // sps_video_parameter_set_id
  const subLayers = readU(bits, 3) + 1; // sps_max_sub_layers_minus1
  const isTemporalIdNested = readU(bits, 1) === 1; // sps_temporal_id_nesting_flag
  const profileTierLevel = bits.bytes.slice(1, 1 + GENERAL_BYTES);
  bits.at += GENERAL_BYTES * 8;
  if (subLayers > SUB_LAYERS_MAX || isSpent(bits)) return undefined;
  skipSubLayers(bits, subLayers - 1);
  readUe(bits); // sps_seq_parameter_set_id
  const chromaFormat = readUe(bits); // chroma_format_idc
  if (chromaFormat === 3) readU(bits, 1); // separate_colour_plane_flag
  let width = readUe(bits); // pic_width_in_luma_samples
  let height = readUe(bits); // pic_height_in_luma_samples
  const [stepX, stepY] = CHROMA_STEPS[chromaFormat] ?? [1, 1];
  if (readU(bits, 1) === 1) {
    width -= (readUe(bits) + readUe(bits)) * stepX; // conf_win_left_offset, conf_win_right_offset
    height -= (readUe(bits) + readUe(bits)) * stepY; // conf_win_top_offset, conf_win_bottom_offset
  }
  const lumaBits = 8 + readUe(bits); // bit_depth_luma_minus8
  const chromaBits = 8 + readUe(bits); // bit_depth_chroma_minus8
  if (isSpent(bits) || width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX) {
    return undefined;
  }
  const format = { width, height, chromaFormat, lumaBits, chromaBits };
  return { ...format, profileTierLevel, subLayers, isTemporalIdNested };
}

// H.265 §7.3.3: profile_tier_level
function skipSubLayers(bits: BitCursor, count: number): void {
  const present: number[] = [];
  for (let layer = 0; layer < count; layer++) {
    present.push(readU(bits, 2)); // sub_layer_profile_present_flag, sub_layer_level_present_flag
  }
  if (count > 0) bits.at += 2 * (8 - count); // reserved_zero_2bits
  for (const flags of present) bits.at += (flags & 2 ? 88 : 0) + (flags & 1 ? 8 : 0);
}
