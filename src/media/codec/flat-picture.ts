// This file tells whether a key frame shows anything, by how little its slices say.
import { type BitCursor, readBits } from './bit-cursor.ts';

export type PictureCodec = 'h264' | 'hevc' | 'mpeg2video';

/**
 * Four bytes in a row that the slices of a picture have not had before are news. A picture of one
 * colour has next to none, whatever its size, bit rate and entropy coding: its macroblocks are all
 * alike, so are the bytes. Measured with x264, x265 and FFmpeg's MPEG-2, from 360p to 2160p: one
 * colour 20 to 125, colour bars from 700 on, a line of small white text on black from 550 on, dark
 * noise thousands wherever the encoder keeps any of it.
 */
const NEWS_MAX = 160;
/** One colour in MPEG-2 takes 4 bytes a macroblock: 8K is half of this. More is no such picture. */
const SCAN_MAX_BYTES = 1024 * 1024;
/** Start code prefix, and the code itself. */
const CODE_BYTES = 4;
/** Slice headers begin with two such numbers: more bits than those of any picture have. */
const GOLOMB_ZEROS_MAX = 20;

/**
 * True where the first picture of an access unit, a byte stream, is of one colour or as good as;
 * undefined where it is not intra coded throughout, so that nothing can be said.
 */
// H.264 Annex B, H.265 Annex B, ISO/IEC 13818-2 §6.2.1
export function isFlatPicture(codec: PictureCodec, unit: Uint8Array): boolean | undefined {
  const readUnit = READERS[codec];
  const news = new Set<number>();
  let left = Math.min(unit.length, SCAN_MAX_BYTES);
  let isBegun = false;
  for (let at = nextCode(unit, 0); at < unit.length; ) {
    const from = at + CODE_BYTES - 1;
    const next = nextCode(unit, from);
    const found = readUnit(unit, from, isBegun);
    if (found === 'inter') return undefined;
    if (found === 'next') break;
    if (found === 'slice') {
      left -= next - from;
      if (left < 0 || !takeNews(news, unit, from + 1, next)) return false;
    }
    isBegun ||= found === 'slice' || found === 'picture';
    at = next;
  }
  return news.size > 0 ? true : undefined;
}

/** False where it is more than a flat picture has. */
function takeNews(news: Set<number>, bytes: Uint8Array, from: number, to: number): boolean {
  let last = 0;
  for (let at = from; at < to; at++) {
    last = (last << 8) | bytes[at]!;
    if (at < from + 3) continue;
    news.add(last);
    if (news.size > NEWS_MAX) return false;
  }
  return true;
}

/** Where the next start code prefix begins, or the end. */
function nextCode(bytes: Uint8Array, from: number): number {
  for (let at = from; at + CODE_BYTES <= bytes.length; at++) {
    const third = bytes[at + 2]!;
    if (third > 1) at += 2;
    else if (third === 1 && bytes[at] === 0 && bytes[at + 1] === 0) return at;
  }
  return bytes.length;
}

/**
 * What begins with the byte after a start code prefix. 'picture': headers of the first. 'next':
 * another picture, the second field of a frame for one. 'inter': a slice made of other pictures.
 */
type Found = 'slice' | 'picture' | 'next' | 'inter' | 'other';
type ReadUnit = (bytes: Uint8Array, at: number, isBegun: boolean) => Found;

const READERS: Readonly<Record<PictureCodec, ReadUnit>> = {
  h264: readH264,
  hevc: readHevc,
  mpeg2video: readMpeg2,
};

// H.264 §7.3.1, Table 7-1 and §7.3.3
function readH264(bytes: Uint8Array, at: number, isBegun: boolean): Found {
  const type = bytes[at]! & 0x1f; // nal_unit_type
  if (type >= 2 && type <= 4) return 'inter'; // data partitions
  if (type !== 1 && type !== 5) return 'other';
  const cursor: BitCursor = { bytes, at: 8 * (at + 1) };
  const firstMacroblock = readGolomb(cursor); // first_mb_in_slice
  if (firstMacroblock === 0 && isBegun) return 'next';
  const sliceType = readGolomb(cursor) ?? 0; // slice_type: 2 and 7 are I, 4 and 9 SI
  return type === 5 || [2, 4, 7, 9].includes(sliceType) ? 'slice' : 'inter';
}

// H.265 §7.3.1.2, Table 7-1 and §7.3.6.1
function readHevc(bytes: Uint8Array, at: number, isBegun: boolean): Found {
  const type = (bytes[at]! >> 1) & 0x3f; // nal_unit_type
  const second = bytes[at + 1] ?? 0;
  const layer = ((bytes[at]! & 1) << 5) | (second >> 3); // nuh_layer_id
  if (type > 31 || layer > 0) return 'other';
  if (isBegun && (bytes[at + 2] ?? 0) >= 0x80) return 'next'; // first_slice_segment_in_pic_flag
  return type >= 16 && type <= 23 ? 'slice' : 'inter';
}

// ISO/IEC 13818-2 §6.2.1, Table 6-1, and §6.2.3
function readMpeg2(bytes: Uint8Array, at: number, isBegun: boolean): Found {
  const code = bytes[at]!;
  if (code >= 0x01 && code <= 0xaf) return isBegun ? 'slice' : 'other'; // slice_start_code
  if (code !== 0) return 'other';
  if (isBegun) return 'next';
  return (((bytes[at + 2] ?? 0) >> 3) & 7) === 1 ? 'picture' : 'inter'; // picture_coding_type
}

// H.264 §9.1: ue(v)
function readGolomb(cursor: BitCursor): number | undefined {
  let zeros = 0;
  while (readBits(cursor, 1) === 0) if (++zeros > GOLOMB_ZEROS_MAX) return undefined;
  const rest = readBits(cursor, zeros);
  return rest === undefined ? undefined : 2 ** zeros - 1 + rest;
}
