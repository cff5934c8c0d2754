// This file tells whether a frame of AAC holds any sound.
import { type BitCursor, readBits } from './bit-cursor.ts';
import { copyProgramConfig } from './program-config.ts';

// ISO/IEC 14496-3 §4.4.2.1, Table 4.71: id_syn_ele
const ID = { SCE: 0, CPE: 1, CCE: 2, LFE: 3, DSE: 4, PCE: 5, FIL: 6, END: 7 } as const;
// ISO/IEC 14496-3 §4.5.2.3.4, Table 4.100: window_sequence
const EIGHT_SHORT = 2;
/** What of a scale factor band is written where nothing is. */
// ISO/IEC 14496-3 §4.5.2.3.2, Table 4.112: sect_cb
const ZERO_HCB = 0;
/** Main and LTP: what they predict from frames before may sound where a frame itself says nothing. */
const PREDICTING_TYPES = new Set([1, 4]);
/** A frame has 16 channels and as much data at most; one more is no frame. */
// ISO/IEC 14496-3 §4.5.2.1: of each kind there are 16 at most
const ELEMENTS_MAX = 64;

/** The frame says something that cannot be read, or that may sound. */
class NotSilent {}
const NOT_SILENT = new NotSilent();

/**
 * True where every channel of the raw_data_blocks of a frame is written as zeros: once the frame
 * before has faded there is digital silence. What cannot be read counts as sound. What SBR and PS
 * say is passed over: they make more of what is there.
 */
export function isSilentAac(frame: Uint8Array, objectType: number, blocks = 1): boolean {
  if (PREDICTING_TYPES.has(objectType)) return false;
  const cursor: BitCursor = { bytes: frame, at: 0 };
  try {
    for (let block = 0; block < blocks; block++) {
      if (readBlock(cursor) === 0) return false;
      align(cursor);
    }
    return true;
  } catch (error) {
    if (error instanceof NotSilent) return false;
    throw error;
  }
}

/** How many channels it has, all of them silent. */
// ISO/IEC 14496-3 §4.4.2.1, Table 4.3: raw_data_block
function readBlock(cursor: BitCursor): number {
  let channels = 0;
  for (let count = 0; count < ELEMENTS_MAX; count++) {
    const id = take(cursor, 3); // id_syn_ele
    if (id === ID.END) return channels;
    channels += readElement(cursor, id);
  }
  throw NOT_SILENT;
}

/** How many channels it has, all of them silent. */
function readElement(cursor: BitCursor, id: number): number {
  switch (id) {
    case ID.SCE:
    case ID.LFE:
      take(cursor, 4); // element_instance_tag
      readChannel(cursor, undefined);
      return 1;
    case ID.CPE:
      readPair(cursor);
      return 2;
    case ID.DSE:
      skipData(cursor);
      return 0;
    case ID.FIL:
      skipFill(cursor);
      return 0;
    case ID.PCE:
      if (copyProgramConfig(cursor) === undefined) throw NOT_SILENT;
      return 0;
    default:
      throw NOT_SILENT;
  }
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.5: channel_pair_element
function readPair(cursor: BitCursor): void {
  take(cursor, 4); // element_instance_tag
  let common: Windows | undefined;
  if (take(cursor, 1) === 1) {
    common = readWindows(cursor); // common_window
    const masks = take(cursor, 2); // ms_mask_present
    if (masks === 1) skip(cursor, common.groups * common.bands); // ms_used
  }
  readChannel(cursor, common);
  readChannel(cursor, common);
}

type Windows = { readonly isShort: boolean; readonly groups: number; readonly bands: number };

// ISO/IEC 14496-3 §4.4.2.1, Table 4.6: ics_info
function readWindows(cursor: BitCursor): Windows {
  take(cursor, 1); // ics_reserved_bit
  const isShort = take(cursor, 2) === EIGHT_SHORT; // window_sequence
  take(cursor, 1); // window_shape
  if (!isShort) {
    const bands = take(cursor, 6); // max_sfb
    if (take(cursor, 1) === 1) throw NOT_SILENT; // predictor_data_present
    return { isShort, groups: 1, bands };
  }
  const bands = take(cursor, 4); // max_sfb
  let grouping = take(cursor, 7); // scale_factor_grouping
  let groups = 1;
  for (let bit = 0; bit < 7; bit++, grouping >>= 1) if ((grouping & 1) === 0) groups++;
  return { isShort, groups, bands };
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.50: individual_channel_stream
function readChannel(cursor: BitCursor, common: Windows | undefined): void {
  take(cursor, 8); // global_gain
  const windows = common ?? readWindows(cursor);
  readSections(cursor, windows);
  // No scale factor is written for a band of zeros, and none of spectral_data
  if (take(cursor, 1) === 1) throw NOT_SILENT; // pulse_data_present
  if (take(cursor, 1) === 1) skipTns(cursor, windows); // tns_data_present
  if (take(cursor, 1) === 1) throw NOT_SILENT; // gain_control_data_present
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.52: section_data
function readSections(cursor: BitCursor, { isShort, groups, bands }: Windows): void {
  const lengthBits = isShort ? 3 : 5;
  const lengthMax = 2 ** lengthBits - 1;
  for (let group = 0; group < groups; group++) {
    for (let band = 0; band < bands; ) {
      if (take(cursor, 4) !== ZERO_HCB) throw NOT_SILENT; // sect_cb
      let step: number;
      do {
        step = take(cursor, lengthBits); // sect_len_incr
        band += step;
      } while (step === lengthMax);
    }
  }
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.54: tns_data
function skipTns(cursor: BitCursor, { isShort }: Windows): void {
  for (let window = 0; window < (isShort ? 8 : 1); window++) {
    const filters = take(cursor, isShort ? 1 : 2); // n_filt
    const resolution = filters > 0 ? take(cursor, 1) : 0; // coef_res
    for (let filter = 0; filter < filters; filter++) {
      take(cursor, isShort ? 4 : 6); // length
      const order = take(cursor, isShort ? 3 : 5); // order
      if (order === 0) continue;
      take(cursor, 1); // direction
      const compress = take(cursor, 1); // coef_compress
      skip(cursor, order * (3 + resolution - compress)); // coef
    }
  }
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.10: data_stream_element
function skipData(cursor: BitCursor): void {
  take(cursor, 4); // element_instance_tag
  const isAligned = take(cursor, 1) === 1; // data_byte_align_flag
  let count = take(cursor, 8); // count
  if (count === 255) count += take(cursor, 8); // esc_count
  if (isAligned) align(cursor);
  skip(cursor, count * 8);
}

// ISO/IEC 14496-3 §4.4.2.1, Table 4.11: fill_element
function skipFill(cursor: BitCursor): void {
  let count = take(cursor, 4); // count
  if (count === 15) count += take(cursor, 8) - 1; // esc_count
  skip(cursor, count * 8);
}

function take(cursor: BitCursor, count: number): number {
  const value = readBits(cursor, count);
  if (value === undefined) throw NOT_SILENT;
  return value;
}

// ISO/IEC 14496-3 §4.4.2.1: byte_alignment
function align(cursor: BitCursor): void {
  cursor.at = Math.ceil(cursor.at / 8) * 8;
}

function skip(cursor: BitCursor, count: number): void {
  cursor.at += count;
  if (cursor.at > cursor.bytes.length * 8) throw NOT_SILENT;
}
