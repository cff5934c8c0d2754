// This file tells the key frames of a video stream from the others.

/**
 * 'idr' can be decoded from here on with nothing lost; 'key' too, save for pictures that are shown
 * before it and need what came earlier.
 */
export type FrameKind = 'idr' | 'key' | 'other';

/** What a start code says of the picture it begins; undefined where it begins none. */
type CodeReader = (code: number, second: number) => FrameKind | undefined;

const CODE_READERS: Readonly<Record<number, CodeReader>> = {
  1: readMpeg2,
  2: readMpeg2,
  27: readH264,
  36: readHevc,
};

/** Reads the elementary stream of one picture after the other until the kind is known. */
export class FrameScan {
  readonly #readCode: CodeReader | undefined;
  /** The last bytes seen, oldest in the top byte. */
  #history = 0xffffffff;
  /** Bytes seen since the last start code began, or more than matter. */
  #sinceCode = Number.POSITIVE_INFINITY;
  #kind: FrameKind | undefined;

  constructor(streamType: number) {
    this.#readCode = CODE_READERS[streamType];
  }

  /** A picture begins with the next bytes. */
  begin(): void {
    this.#history = 0xffffffff;
    this.#sinceCode = Number.POSITIVE_INFINITY;
    this.#kind = undefined;
  }

  /** Takes the bytes from `from` to `to`; undefined while the picture has not said its kind. */
  read(bytes: Uint8Array, from: number, to: number): FrameKind | undefined {
    if (this.#readCode === undefined) return undefined;
    for (let at = from; at < to && this.#kind === undefined; at++) {
      const prefix = this.#history & 0xffffff;
      this.#history = (this.#history << 8) | bytes[at]!;
      this.#sinceCode = prefix === 1 ? 0 : this.#sinceCode + 1;
      // The code itself, and the two bytes after it that MPEG-2 needs
      if (this.#sinceCode === 2) {
        this.#kind = this.#readCode((this.#history >> 16) & 0xff, this.#history & 0xff);
      }
    }
    return this.#kind;
  }
}

// H.264 §7.3.1, Table 7-1
function readH264(code: number): FrameKind | undefined {
  const type = code & 0x1f; // nal_unit_type
  if (type === 5) return 'idr';
  return type >= 1 && type <= 4 ? 'other' : undefined;
}

// H.265 §7.3.1.2, Table 7-1
function readHevc(code: number): FrameKind | undefined {
  const type = (code >> 1) & 0x3f; // nal_unit_type
  if (type === 19 || type === 20) return 'idr';
  if (type >= 16 && type <= 23) return 'key';
  return type < 16 ? 'other' : undefined;
}

// ISO/IEC 13818-2 §6.2.3: picture_start_code, temporal_reference (10), picture_coding_type (3)
function readMpeg2(code: number, second: number): FrameKind | undefined {
  if (code !== 0) return undefined;
  return ((second >> 3) & 7) === 1 ? 'key' : 'other';
}
