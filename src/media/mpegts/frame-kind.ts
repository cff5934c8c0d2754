// This file tells the key frames of a video stream from the others.
import { type RecoveryPoint, RecoveryPointReader } from './recovery-point.ts';

/**
 * 'idr' can be decoded from here on with nothing lost; 'key' too, save for pictures that are shown
 * before it and need what came earlier; with 'recovery' the picture comes right after some frames,
 * or needs headers that came earlier.
 */
export type FrameKind = 'idr' | 'key' | 'recovery' | 'other';

/** What was seen before the picture itself. */
type Heads = { readonly hasSequence: boolean; readonly recovery: RecoveryPoint | undefined };

type Codec = {
  /** What a start code and the two bytes after it say; undefined where they begin no picture. */
  readonly readUnit: (
    code: number,
    first: number,
    second: number,
    heads: Heads,
  ) => FrameKind | undefined;
  readonly isSequence: (code: number) => boolean;
  /** Bytes after the code that stand before the messages of an SEI unit; -1: it is none. */
  readonly seiHeadBytes: (code: number) => number;
};

const MPEG2: Codec = {
  readUnit: readMpeg2,
  // ISO/IEC 13818-2 §6.2.1: sequence_header_code
  isSequence: (code) => code === 0xb3,
  seiHeadBytes: () => -1,
};

// H.264 §7.3.1, Table 7-1: nal_unit_type
const H264: Codec = {
  readUnit: readH264,
  isSequence: (code) => (code & 0x1f) === 7,
  seiHeadBytes: (code) => ((code & 0x1f) === 6 ? 0 : -1),
};

// H.265 §7.3.1.2, Table 7-1: nal_unit_type
const HEVC: Codec = {
  readUnit: readHevc,
  isSequence: (code) => ((code >> 1) & 0x3f) === 33,
  seiHeadBytes: (code) => (((code >> 1) & 0x3f) === 39 ? 1 : -1),
};

const CODECS: Readonly<Record<number, Codec>> = { 1: MPEG2, 2: MPEG2, 27: H264, 36: HEVC };

/** More than the code itself, and the two bytes after it that tell a picture. */
const CODE_OVER = 3;

/** Reads the elementary stream of one picture after the other until the kind is known. */
export class FrameScan {
  readonly #codec: Codec | undefined;
  readonly #sei = new RecoveryPointReader();
  /** The last bytes seen, oldest in the top byte. */
  #history = 0xffffffff;
  /** Bytes seen since the last start code began, or as many as do not matter any more. */
  #sinceCode = CODE_OVER;
  /** Bytes until the messages of the SEI unit; -1 outside of one. */
  #seiHead = -1;
  #heads: Heads = { hasSequence: false, recovery: undefined };
  #kind: FrameKind | undefined;

  constructor(streamType: number) {
    this.#codec = CODECS[streamType];
  }

  /** False where it never tells a kind. */
  get knowsCodec(): boolean {
    return this.#codec !== undefined;
  }

  /** A picture begins with the next bytes. */
  begin(): void {
    this.#history = 0xffffffff;
    this.#sinceCode = CODE_OVER;
    this.#seiHead = -1;
    this.#heads = { hasSequence: false, recovery: undefined };
    this.#kind = undefined;
  }

  /** Takes the bytes from `from` to `to`; undefined while the picture has not said its kind. */
  read(bytes: Uint8Array, from: number, to: number): FrameKind | undefined {
    const codec = this.#codec;
    if (codec === undefined || this.#kind !== undefined) return this.#kind;
    let history = this.#history;
    let sinceCode = this.#sinceCode;
    let isSei = this.#seiHead >= 0;
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      const isCode = (history & 0xffffff) === 1;
      history = (history << 8) | byte;
      if (isCode) {
        sinceCode = 0;
        this.#beginUnit(codec, byte);
        isSei = this.#seiHead >= 0;
        continue;
      }
      if (isSei) isSei = this.#readSei(byte);
      if (sinceCode === CODE_OVER) continue;
      sinceCode += 1;
      if (sinceCode !== CODE_OVER - 1) continue;
      const first = (history >> 8) & 0xff;
      this.#kind = codec.readUnit((history >> 16) & 0xff, first, byte, this.#heads);
      if (this.#kind !== undefined) break;
    }
    this.#history = history;
    this.#sinceCode = sinceCode;
    return this.#kind;
  }

  #beginUnit(codec: Codec, code: number): void {
    if (codec.isSequence(code)) this.#heads = { ...this.#heads, hasSequence: true };
    this.#seiHead = codec.seiHeadBytes(code);
    if (this.#seiHead >= 0) this.#sei.begin();
  }

  /** False where nothing more is to be learnt of the unit. */
  #readSei(byte: number): boolean {
    if (this.#seiHead > 0) {
      this.#seiHead -= 1;
      return true;
    }
    const recovery = this.#sei.read(byte);
    if (recovery === undefined) return true;
    this.#heads = { ...this.#heads, recovery };
    this.#seiHead = -1;
    return false;
  }
}

// H.264 §7.3.1, Table 7-1
function readH264(code: number, first: number, _: number, heads: Heads): FrameKind | undefined {
  const type = code & 0x1f; // nal_unit_type
  if (type === 5) return 'idr';
  if (type < 1 || type > 4) return undefined;
  if (heads.recovery !== undefined) return heads.recovery === 'exact' ? 'key' : 'recovery';
  return heads.hasSequence && isIntraSlice(first) ? 'key' : 'other';
}

// H.264 §7.3.3: first_mb_in_slice 0, ue(v), is the bit 1; slice_type, ue(v), is 2 or 7 for I
function isIntraSlice(first: number): boolean {
  return (first & 0xf0) === 0xb0 || first === 0x88;
}

// H.265 §7.3.1.2, Table 7-1
function readHevc(code: number, _1: number, _2: number, heads: Heads): FrameKind | undefined {
  const type = (code >> 1) & 0x3f; // nal_unit_type
  if (type === 19 || type === 20) return 'idr';
  if (type >= 16 && type <= 23) return 'key';
  if (type > 23) return undefined;
  if (heads.recovery === undefined) return 'other';
  return heads.recovery === 'exact' ? 'key' : 'recovery';
}

// ISO/IEC 13818-2 §6.2.3: picture_start_code, temporal_reference (10), picture_coding_type (3)
function readMpeg2(code: number, _: number, second: number, heads: Heads): FrameKind | undefined {
  if (code !== 0) return undefined;
  if (((second >> 3) & 7) !== 1) return 'other';
  return heads.hasSequence ? 'key' : 'recovery';
}
