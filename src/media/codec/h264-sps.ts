// This file reads the sequence parameter set of H.264 as far as MP4 repeats it.
import type { BitCursor } from './bit-cursor.ts';
import { CHROMA_STEPS, type PictureFormat, SIDE_MAX } from './picture-format.ts';
import { isSpent, openRbsp, readSe, readU, readUe } from './rbsp.ts';

/** Profiles whose sets say the chroma format; of others it is 4:2:0 with 8 bits. */
// H.264 §7.3.2.1.1
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MACROBLOCK = 16;
/** num_ref_frames_in_pic_order_cnt_cycle */
const CYCLE_MAX = 255;

/** Undefined where it is cut off or says what cannot be. */
// H.264 §7.3.2.1.1
export function parseH264Sps(unit: Uint8Array): PictureFormat | undefined {
  const bits = openRbsp(unit, 1);
  const profile = readU(bits, 8); // profile_idc
  readU(bits, 16); // constraint_set flags, level_idc
  readUe(bits); // seq_parameter_set_id
  const chroma = readChroma(bits, profile);
  readUe(bits); // log2_max_frame_num_minus4
  skipOrderCount(bits);
  readUe(bits); // max_num_ref_frames
  readU(bits, 1); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = readUe(bits) + 1; // pic_width_in_mbs_minus1
  const heightUnits = readUe(bits) + 1; // pic_height_in_map_units_minus1
  const isFrames = readU(bits, 1); // frame_mbs_only_flag
  if (isFrames === 0) readU(bits, 1); // mb_adaptive_frame_field_flag
  readU(bits, 1); // direct_8x8_inference_flag
  const [stepX, stepY] = CHROMA_STEPS[chroma.chromaFormat] ?? [1, 1];
  const isCropped = readU(bits, 1) === 1; // frame_cropping_flag
  const crop = Array.from({ length: 4 }, () => (isCropped ? readUe(bits) : 0)); // left … bottom
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const width = widthMbs * MACROBLOCK - (left + right) * stepX;
  const lines = heightUnits * MACROBLOCK * (2 - isFrames);
  const height = lines - (top + bottom) * stepY * (2 - isFrames);
  if (isSpent(bits) || width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX) {
    return undefined;
  }
  return { width, height, ...chroma };
}

function readChroma(bits: BitCursor, profile: number): Omit<PictureFormat, 'width' | 'height'> {
  if (!HIGH_PROFILES.has(profile)) return { chromaFormat: 1, lumaBits: 8, chromaBits: 8 };
  const chromaFormat = readUe(bits); // chroma_format_idc
  if (chromaFormat === 3) readU(bits, 1); // separate_colour_plane_flag
  const lumaBits = 8 + readUe(bits); // bit_depth_luma_minus8
  const chromaBits = 8 + readUe(bits); // bit_depth_chroma_minus8
  readU(bits, 1); // qpprime_y_zero_transform_bypass_flag
  if (readU(bits, 1) === 1) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  return { chromaFormat, lumaBits, chromaBits };
}

// H.264 §7.3.2.1.1.1
function skipScalingLists(bits: BitCursor, count: number): void {
  for (let list = 0; list < count; list++) {
    if (readU(bits, 1) === 0) continue; // seq_scaling_list_present_flag
    let last = 8;
    let next = 8;
    for (let index = 0; index < (list < 6 ? 16 : 64); index++) {
      if (next !== 0) next = (last + readSe(bits) + 256) % 256; // delta_scale
      last = next === 0 ? last : next;
    }
  }
}

function skipOrderCount(bits: BitCursor): void {
  const type = readUe(bits); // pic_order_cnt_type
  if (type === 0) readUe(bits); // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return;
  readU(bits, 1); // delta_pic_order_always_zero_flag
  readSe(bits); // offset_for_non_ref_pic
  readSe(bits); // offset_for_top_to_bottom_field
  const cycle = Math.min(readUe(bits), CYCLE_MAX); // num_ref_frames_in_pic_order_cnt_cycle
  for (let index = 0; index < cycle; index++) readSe(bits); // offset_for_ref_frame
}
