// This file copies the program config element of AAC from its configuration to before a frame.
import { type BitCursor, readBits } from './bit-cursor.ts';

// ISO/IEC 14496-3 §4.4.2.1, Table 4.71: ID_PCE
const ID_PCE = 5;

/**
 * A whole number of bytes that a frame may begin with: the element with its id, aligned anew. The
 * cursor is at its element_instance_tag; undefined where it is cut off.
 */
// ISO/IEC 14496-3 §4.4.1.1, Table 4.2
export function copyProgramConfig(cursor: BitCursor): Uint8Array | undefined {
  const bits: number[] = [];
  const copy = (count: number): number => {
    const value = readBits(cursor, count) ?? Number.NaN;
    pushBits(bits, value, count);
    return value;
  };
  pushBits(bits, ID_PCE, 3);
  copy(4 + 2 + 4); // element_instance_tag, object_type, sampling_frequency_index
  const fronts = copy(4); // num_front_channel_elements
  const sides = copy(4); // num_side_channel_elements
  const backs = copy(4); // num_back_channel_elements
  const lows = copy(2); // num_lfe_channel_elements
  const data = copy(3); // num_assoc_data_elements
  const couplings = copy(4); // num_valid_cc_elements
  if (copy(1) === 1) copy(4); // mono_mixdown
  if (copy(1) === 1) copy(4); // stereo_mixdown
  if (copy(1) === 1) copy(3); // matrix_mixdown
  const elementBits = 5 * (fronts + sides + backs + couplings) + 4 * (lows + data);
  for (let left = elementBits; left > 0; left--) copy(1);
  cursor.at = Math.ceil(cursor.at / 8) * 8; // byte_alignment of the configuration
  while (bits.length % 8 !== 0) bits.push(0); // byte_alignment of the frame
  const commentBytes = copy(8); // comment_field_bytes
  for (let left = commentBytes; left > 0; left--) copy(8);
  return bits.includes(Number.NaN) ? undefined : packBits(bits);
}

function pushBits(bits: number[], value: number, count: number): void {
  for (let shift = count - 1; shift >= 0; shift--) {
    bits.push(Number.isNaN(value) ? value : Math.floor(value / 2 ** shift) % 2);
  }
}

function packBits(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(bits.length / 8);
  for (const [index, bit] of bits.entries()) bytes[index >> 3]! |= bit << (7 - (index & 7));
  return bytes;
}
